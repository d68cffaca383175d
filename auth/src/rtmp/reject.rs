//! The description of a rejected connect: the only channel from server to client in this protocol.

use alloc::format;
use alloc::string::String;
use core::fmt::Display;

use super::mechanism::RtmpMechanism;
use super::query::Params;

/// The longest description FFmpeg reads whole; it cuts longer ones silently and then fails the login.
pub(crate) const MAX_DESCRIPTION_LEN: usize = 255;

/// What a description says.
///
/// ```
/// use weir_auth::rtmp::{RejectDescription, RejectReason};
///
/// let text = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=a&salt=c2FsdA==";
/// let parsed = RejectDescription::parse(text).unwrap();
/// assert_eq!(parsed.authmod(), "adobe");
/// let RejectReason::Reason { reason, params } = parsed.reason() else { panic!() };
/// assert_eq!((reason, params.get("salt")), ("needauth", Some("c2FsdA==")));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectDescription<'a> {
    text: &'a str,
    reason: RejectReason<'a>,
}

/// What the client is asked for or told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed by the clients' parsers")]
pub enum RejectReason<'a> {
    /// Say who you are and with which mechanism.
    NeedAuth,
    /// `?reason=..`, with what belongs to it.
    Reason {
        /// `needauth` is a challenge; `authfailed`, `authfail`, `badauth`, `nosuchuser` and everything else is no.
        reason: &'a str,
        /// All parameters, `reason` among them.
        params: Params<'a>,
    },
}

impl<'a> RejectDescription<'a> {
    /// Finds the parts that clients look for, wherever they stand; `None` when the text asks for no authentication.
    ///
    /// Red5's plugin says `code=403 .need auth` and leaves out the prefix; its dot is why FFmpeg and OBS never
    /// log in there. FFmpeg and librtmp search for the parts with `strstr`; so does this.
    pub fn parse(text: &'a str) -> Option<Self> {
        find_authmod(text)?;
        let query = text.split_once('?').map(|(_, query)| Params::parse(query));
        if let Some((params, reason)) = query.and_then(|query| Some((query, query.get("reason")?)))
        {
            return Some(Self {
                text,
                reason: RejectReason::Reason { reason, params },
            });
        }
        let need_auth = text.contains("code=403") && text.contains("need auth");
        need_auth.then_some(Self {
            text,
            reason: RejectReason::NeedAuth,
        })
    }

    /// The first mechanism named.
    pub fn authmod(&self) -> &'a str {
        find_authmod(self.text).map_or("", |(name, _)| name)
    }

    /// All mechanisms named before the query: some servers list several.
    pub fn authmods(&self) -> impl Iterator<Item = &'a str> {
        let mut rest = self
            .text
            .split_once('?')
            .map_or(self.text, |(head, _)| head);
        core::iter::from_fn(move || {
            let (name, after) = find_authmod(rest)?;
            rest = after;
            Some(name)
        })
    }

    /// What is asked for or told.
    pub const fn reason(&self) -> RejectReason<'a> {
        self.reason
    }
}

/// The name behind the first `authmod=`, and what follows it.
fn find_authmod(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once("authmod=")?;
    let end = rest.find([' ', ']', ';', '&', '?']).unwrap_or(rest.len());
    Some(rest.split_at(end))
}

/// Step 1: what the server would like to see.
pub(crate) fn need_auth(mechanism: RtmpMechanism) -> String {
    format!("[ AccessManager.Reject ] : [ code=403 need auth; authmod={mechanism} ] : ")
}

/// The description of a challenge: the mechanism's parameters, `name=value` joined by `&`.
///
/// For servers that keep their own challenges; [`Authenticator`](crate::Authenticator) writes its own.
/// Nothing may follow the parameters: GStreamer reads them to the end of the text.
pub fn challenge(mechanism: RtmpMechanism, params: impl Display) -> String {
    format!("[ AccessManager.Reject ] : [ authmod={mechanism} ] : ?reason=needauth&{params}")
}

/// Step 3 gone wrong. One word for every cause, and one at which FFmpeg, librtmp and OBS stop trying;
/// Red5's clients know another one.
pub(crate) fn refused(mechanism: RtmpMechanism) -> String {
    let word = if mechanism == RtmpMechanism::Red5 {
        "badauth"
    } else {
        "authfailed"
    };
    format!("[ AccessManager.Reject ] : [ authmod={mechanism} ] : ?reason={word}")
}
