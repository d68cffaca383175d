//! Roles, and what they allow: identity is established at connect, permission is asked per action.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::time::UnixTime;
use crate::user::Principal;

/// A granted authority, for example `ROLE_ADMIN`. Compared byte by byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(String);

impl Role {
    /// The role of that name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Send a stream: RTMP `publish`, RTSP `ANNOUNCE`.
    Publish,
    /// Receive a stream: RTMP `play`, RTSP `DESCRIBE`, HTTP-FLV.
    Play,
    /// Use a shared object; the stream is its name.
    SharedObject,
    /// Call a remote procedure; the stream is its name.
    Call,
    /// Use the server's HTTP API; the stream is the path.
    Api,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 5] = [
        Self::Publish,
        Self::Play,
        Self::SharedObject,
        Self::Call,
        Self::Api,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Play => "play",
            Self::SharedObject => "shared-object",
            Self::Call => "call",
            Self::Api => "api",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// Which application or stream names a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pattern {
    /// Every name.
    Any,
    /// This name.
    Exact(String),
    /// Every name that begins like this.
    Prefix(String),
    /// The name of the user who asks: everybody under their own name.
    OwnName,
}

impl Pattern {
    /// `*` is any name, `cam*` a prefix, `{user}` the user's own name, everything else exact.
    pub fn parse(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some("") => Self::Any,
            Some(prefix) => Self::Prefix(prefix.into()),
            None if text == "{user}" => Self::OwnName,
            None => Self::Exact(text.into()),
        }
    }

    /// Whether `name`, asked for by `user`, fits.
    pub fn matches(&self, name: &str, user: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => name == exact,
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
            Self::OwnName => name == user,
        }
    }
}

/// What each role may do. Nothing is allowed that no rule allows.
///
/// ```
/// use weir_auth::{Action, Pattern, Policy, Principal, Role, UnixTime};
///
/// let policy = Policy::new()
///     .allow("ROLE_ADMIN", &Action::ALL, Pattern::Any, Pattern::Any)
///     .allow("ROLE_PUBLISH", &[Action::Publish], Pattern::parse("live"), Pattern::OwnName);
///
/// let alice = Principal::new("alice", [Role::new("ROLE_PUBLISH")]);
/// let now = UnixTime::from_secs(1_700_000_000);
/// assert!(policy.authorize(&alice, Action::Publish, "live", "alice", now).is_ok());
/// assert!(policy.authorize(&alice, Action::Publish, "live", "bob", now).is_err());
/// assert!(policy.authorize(&alice, Action::Play, "live", "alice", now).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    role: Role,
    actions: Vec<Action>,
    app: Pattern,
    stream: Pattern,
}

impl Policy {
    /// A policy that allows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The policy of the users file's usual roles.
    ///
    /// | role | may |
    /// | --- | --- |
    /// | `ROLE_ADMIN` | everything |
    /// | `ROLE_PUBLISH` | publish |
    /// | `ROLE_PLAY` | play, use shared objects |
    /// | `ROLE_USER` | publish, play, use shared objects, call |
    pub fn standard() -> Self {
        use Action::{Call, Play, Publish, SharedObject};
        let any = Pattern::Any;
        Self::new()
            .allow("ROLE_ADMIN", &Action::ALL, any.clone(), any.clone())
            .allow("ROLE_PUBLISH", &[Publish], any.clone(), any.clone())
            .allow("ROLE_PLAY", &[Play, SharedObject], any.clone(), any.clone())
            .allow(
                "ROLE_USER",
                &[Publish, Play, SharedObject, Call],
                any.clone(),
                any,
            )
    }

    /// Adds a rule: `role` may do `actions` where application and stream fit.
    #[must_use]
    pub fn allow(mut self, role: &str, actions: &[Action], app: Pattern, stream: Pattern) -> Self {
        self.rules.push(Rule {
            role: Role::new(role),
            actions: actions.into(),
            app,
            stream,
        });
        self
    }

    /// Whether `who` may do this now. Ask at every action, and again while it lasts when the principal has
    /// an end ([`Principal::until`]).
    ///
    /// # Errors
    /// [`Denied`] says why, for the log; the peer is told no more than that it may not.
    pub fn authorize(
        &self,
        who: &Principal,
        action: Action,
        app: &str,
        stream: &str,
        now: UnixTime,
    ) -> Result<(), Denied> {
        if who.until().is_some_and(|until| until <= now) {
            return Err(Denied::Expired);
        }
        let allows = |rule: &Rule| {
            rule.actions.contains(&action)
                && who.roles().contains(&rule.role)
                && rule.app.matches(app, who.name())
                && rule.stream.matches(stream, who.name())
        };
        if self.rules.iter().any(allows) {
            Ok(())
        } else {
            Err(Denied::NoRule(action))
        }
    }
}

/// Why an action is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// No rule of the policy allows it to any role of this user.
    #[error("no role of the user allows {}", .0.as_str())]
    NoRule(Action),
    /// The login was for a limited time, which is over.
    #[error("the login expired")]
    Expired,
}
