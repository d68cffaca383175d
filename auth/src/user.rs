//! Users: their names, what a store keeps of their passwords, and who somebody turned out to be.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use smallvec::SmallVec;

use crate::error::Misuse;
use crate::role::Role;
use crate::secret::Secret;
use crate::time::UnixTime;
use crate::verifier::Verifier;

/// A user name that every mechanism can carry.
///
/// 1 to 64 bytes of UTF-8 without `&`, `=`, `?`, `#` (nothing is escaped in an RTMP query), `:` (it ends the
/// user in Basic and Digest), `,` (it ends the field in a users file), spaces and control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

impl UserName {
    /// The longest name, in bytes: with it every challenge still fits the 255 bytes that FFmpeg reads.
    pub const MAX_LEN: usize = 64;

    /// Checks a name.
    ///
    /// # Errors
    /// [`Misuse::UserNameLength`] and [`Misuse::UserNameCharacter`].
    pub fn new(name: &str) -> Result<Self, Misuse> {
        Self::check(name)?;
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn check(name: &str) -> Result<(), Misuse> {
        if name.is_empty() || name.len() > Self::MAX_LEN {
            return Err(Misuse::UserNameLength {
                got: name.len(),
                limit: Self::MAX_LEN,
            });
        }
        let forbidden = |c: char| {
            matches!(c, '&' | '=' | '?' | '#' | ':' | ',') || c.is_whitespace() || c.is_control()
        };
        match name
            .char_indices()
            .find(|(_, character)| forbidden(*character))
        {
            Some((offset, character)) => Err(Misuse::UserNameCharacter { character, offset }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One user as a store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    name: UserName,
    verifiers: SmallVec<[Verifier; 1]>,
    roles: Vec<Role>,
    enabled: bool,
}

impl User {
    /// An enabled user without roles.
    pub fn new(name: UserName, verifier: Verifier) -> Self {
        Self {
            name,
            verifiers: SmallVec::from_iter([verifier]),
            roles: Vec::new(),
            enabled: true,
        }
    }

    /// Adds another form of the same password, so that another mechanism can be answered too.
    #[must_use]
    pub fn with_verifier(mut self, verifier: Verifier) -> Self {
        self.verifiers.push(verifier);
        self
    }

    /// Adds a role.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// Switches the account off: every login is refused in the words of a wrong password.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The stored forms of the password, in the order they were added.
    pub fn verifiers(&self) -> &[Verifier] {
        &self.verifiers
    }

    /// The granted authorities.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Whether the account may log in.
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }
}

/// Where users come from. Asked at most once or twice per login; never does I/O itself.
///
/// A store that has to ask a database answers [`Lookup::Pending`]; the driver then finds the user and asks
/// the [`Authenticator`](crate::Authenticator) the same question again, with a store that knows the answer
/// ([`Found`](crate::Found) is one made of a single answer). Nothing is remembered between the two calls.
pub trait UserStore {
    /// The user of that name, which is one that [`UserName`] allows.
    fn lookup(&self, name: &str) -> Lookup;

    /// Judges a plain password elsewhere, for stores that hand it on (an HTTP callback, a directory).
    ///
    /// Only the mechanisms that carry the password (Basic, RTMP connect arguments) can ask this.
    /// By default the answer is [`PasswordCheck::Local`]: compare with what `lookup` gives.
    fn check_password(&self, name: &str, password: &Secret) -> PasswordCheck {
        let _ = (name, password);
        PasswordCheck::Local
    }

    /// The form in which most passwords are stored here, with its usual cost.
    ///
    /// For a user that does not exist the same work is done on this one, so that the time of an answer does
    /// not tell who exists. Its content is never accepted. By default a plain password.
    fn decoy(&self) -> Verifier {
        Verifier::nobody()
    }
}

impl<S: UserStore + ?Sized> UserStore for &S {
    fn lookup(&self, name: &str) -> Lookup {
        (**self).lookup(name)
    }

    fn check_password(&self, name: &str, password: &Secret) -> PasswordCheck {
        (**self).check_password(name, password)
    }

    fn decoy(&self) -> Verifier {
        (**self).decoy()
    }
}

/// A store's answer about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: stores match and make every answer"
)]
pub enum Lookup {
    /// The user exists.
    Found(User),
    /// No user has that name.
    Unknown,
    /// Not known yet: the driver has to find out and ask again.
    Pending,
}

/// A store's answer about a plain password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: stores match and make every answer"
)]
pub enum PasswordCheck {
    /// This crate compares it with what [`UserStore::lookup`] gives.
    Local,
    /// It is right, and this is who it is.
    Accepted(Principal),
    /// It is wrong, or the user does not exist.
    Refused,
    /// Not known yet: the driver has to find out and ask again.
    Pending,
}

/// A store of one answer: what a driver found out after [`Lookup::Pending`].
///
/// ```
/// use weir_auth::{Found, Lookup, Secret, User, UserName, UserStore, Verifier};
///
/// let alice = User::new(UserName::new("alice").unwrap(), Verifier::Plain(Secret::from("s3cr3t")));
/// let store = Found::user(alice.clone());
/// assert_eq!(store.lookup("alice"), Lookup::Found(alice));
/// assert_eq!(store.lookup("bob"), Lookup::Unknown);
/// ```
#[derive(Debug, Clone)]
pub struct Found {
    user: Option<User>,
    check: PasswordCheck,
    decoy: Option<Verifier>,
}

impl Found {
    /// The user was found.
    pub const fn user(user: User) -> Self {
        Self {
            user: Some(user),
            check: PasswordCheck::Local,
            decoy: None,
        }
    }

    /// No user has that name. `decoy` is the [`UserStore::decoy`] of the store that was asked.
    pub const fn unknown(decoy: Verifier) -> Self {
        Self {
            user: None,
            check: PasswordCheck::Local,
            decoy: Some(decoy),
        }
    }

    /// The password was judged elsewhere.
    pub fn judged(verdict: Option<Principal>) -> Self {
        let check = verdict.map_or(PasswordCheck::Refused, PasswordCheck::Accepted);
        Self {
            user: None,
            check,
            decoy: None,
        }
    }
}

impl UserStore for Found {
    fn lookup(&self, name: &str) -> Lookup {
        let user = self.user.clone().filter(|user| user.name() == name);
        user.map_or(Lookup::Unknown, Lookup::Found)
    }

    fn check_password(&self, name: &str, _: &Secret) -> PasswordCheck {
        match &self.check {
            // A verdict about somebody else is no verdict.
            PasswordCheck::Accepted(principal) if principal.name() != name => {
                PasswordCheck::Refused
            }
            check => check.clone(),
        }
    }

    fn decoy(&self) -> Verifier {
        self.decoy.clone().unwrap_or_else(Verifier::nobody)
    }
}

/// Who somebody proved to be. Made by a successful login; [`Policy`](crate::Policy) says what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    name: String,
    roles: Vec<Role>,
    until: Option<UnixTime>,
}

impl Principal {
    /// Somebody whose identity another system vouches for.
    pub fn new(name: &str, roles: impl IntoIterator<Item = Role>) -> Self {
        Self {
            name: name.into(),
            roles: roles.into_iter().collect(),
            until: None,
        }
    }

    /// Ends the identity at `until`: no action is allowed from then on.
    #[must_use]
    pub fn with_end(mut self, until: UnixTime) -> Self {
        self.until = Some(until);
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The granted authorities.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// When the identity ends, and with it what its session is doing.
    pub const fn until(&self) -> Option<UnixTime> {
        self.until
    }
}

impl From<&User> for Principal {
    fn from(user: &User) -> Self {
        Self {
            name: user.name().into(),
            roles: user.roles.clone(),
            until: None,
        }
    }
}
