//! Our own token: HMAC-SHA256 over tagged, length-prefixed fields.
//!
//! ```text
//! base64url( version=1 | key id | field* | HMAC-SHA256 (32) )      field = tag (1) | length (2) | bytes
//! ```
//! The MAC covers everything before it. Fields stand in the order of their tags, each at most once.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use super::{check_expiry, check_len, check_start, not_empty};
use crate::encoding::{base64url, decode_base64url};
use crate::error::{Malformed, Misuse, OrExpected, TokenError};
use crate::hash::KeyedSha256;
use crate::prefix::AddressPrefix;
use crate::role::{Action, Pattern};
use crate::secret::{Secret, same};
use crate::time::UnixTime;
use crate::used::{OneUse, SpendError};
use crate::user::Principal;

/// The keys that tokens are signed with, each with an id of one byte.
///
/// ```
/// use core::time::Duration;
/// use weir_auth::token::{StreamGrant, StreamRequest, StreamTokens};
/// use weir_auth::{Action, OneUse, Secret, UnixTime};
///
/// let tokens = StreamTokens::new(1, &Secret::from_bytes(&[7; 32])).unwrap();
/// let now = UnixTime::from_secs(1_700_000_000);
/// let grant = StreamGrant::new(Action::Play, "live", "cam1", "alice", now + Duration::from_secs(60));
/// let url = format!("rtmp://media.example/live/cam1?token={}", tokens.sign(&grant).unwrap());
///
/// let token = url.rsplit('=').next().unwrap();
/// let peer = "203.0.113.7".parse().unwrap();
/// let request = StreamRequest::new(Action::Play, "live", "cam1", peer);
/// let mut used = OneUse::new(65_536);
/// assert_eq!(tokens.verify(token, &request, &mut used, now).unwrap().subject, "alice");
/// assert!(tokens.verify(token, &request, &mut used, now + Duration::from_secs(60)).is_err());
/// ```
#[derive(Clone)]
pub struct StreamTokens {
    /// The first one signs.
    keys: Vec<(u8, KeyedSha256)>,
}

/// What a token permits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamGrant {
    /// The one action.
    pub action: Action,
    /// The application: a name, `*`, or a prefix such as `live*`.
    pub app: String,
    /// The stream: a name, `*`, or a prefix such as `cam*`.
    pub stream: String,
    /// Who it was given to; for the log, and the name of the principal.
    pub subject: String,
    /// From then on it starts nothing any more.
    pub expires: UnixTime,
    /// Before that it starts nothing yet.
    pub not_before: Option<UnixTime>,
    /// When a running session is to be cut; `None` lets it run. See [`Principal::until`].
    pub stream_expires: Option<UnixTime>,
    /// The network its user must come from.
    pub address: Option<AddressPrefix>,
    /// 8 random bytes: the token works once. It must not live longer than 24 hours.
    pub one_use: Option<[u8; 8]>,
}

impl StreamGrant {
    /// A grant for one action, application and stream, with no more conditions.
    pub fn new(action: Action, app: &str, stream: &str, subject: &str, expires: UnixTime) -> Self {
        Self {
            action,
            app: app.into(),
            stream: stream.into(),
            subject: subject.into(),
            expires,
            not_before: None,
            stream_expires: None,
            address: None,
            one_use: None,
        }
    }

    /// The subject as a principal without roles, ended by [`StreamGrant::stream_expires`].
    pub fn principal(&self) -> Principal {
        let principal = Principal::new(&self.subject, []);
        match self.stream_expires {
            Some(until) => principal.with_end(until),
            None => principal,
        }
    }
}

/// What somebody wants to do with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamRequest<'a> {
    /// The action.
    pub action: Action,
    /// The application without its query.
    pub app: &'a str,
    /// The stream without its query.
    pub stream: &'a str,
    /// Where the request comes from, as the driver sees it.
    pub peer: IpAddr,
}

impl<'a> StreamRequest<'a> {
    /// A request.
    pub const fn new(action: Action, app: &'a str, stream: &'a str, peer: IpAddr) -> Self {
        Self {
            action,
            app,
            stream,
            peer,
        }
    }
}

impl StreamTokens {
    /// Signs and verifies with one key of at least 32 random bytes.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(key_id: u8, secret: &Secret) -> Result<Self, Misuse> {
        Ok(Self {
            keys: Vec::from([(key_id, KeyedSha256::new(not_empty(secret)?.expose()))]),
        })
    }

    /// Verifies with another key too: one that signed before, or will.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn with_key(mut self, key_id: u8, secret: &Secret) -> Result<Self, Misuse> {
        self.keys
            .push((key_id, KeyedSha256::new(not_empty(secret)?.expose())));
        Ok(self)
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`Misuse::TooLong`] for a name of more than 1,024 bytes.
    pub fn sign(&self, grant: &StreamGrant) -> Result<String, Misuse> {
        let Some((key_id, key)) = self.keys.first() else {
            return Err(Misuse::EmptySecret);
        };
        let mut token = Vec::from([VERSION, *key_id]);
        let millis = |time: UnixTime| time.as_millis().to_be_bytes();
        put(&mut token, ACTION, grant.action.as_str().as_bytes())?;
        put(&mut token, APP, grant.app.as_bytes())?;
        put(&mut token, STREAM, grant.stream.as_bytes())?;
        put(&mut token, SUBJECT, grant.subject.as_bytes())?;
        put(&mut token, EXPIRES, &millis(grant.expires))?;
        if let Some(time) = grant.not_before {
            put(&mut token, NOT_BEFORE, &millis(time))?;
        }
        if let Some(time) = grant.stream_expires {
            put(&mut token, STREAM_EXPIRES, &millis(time))?;
        }
        if let Some(prefix) = grant.address {
            let mut bytes = Vec::from([prefix.bits()]);
            match prefix.address() {
                IpAddr::V4(v4) => bytes.extend(v4.octets()),
                IpAddr::V6(v6) => bytes.extend(v6.octets()),
            }
            put(&mut token, ADDRESS, &bytes)?;
        }
        if let Some(id) = &grant.one_use {
            put(&mut token, ONE_USE, id)?;
        }
        let mac = key.mac(&[CONTEXT, &token]);
        token.extend_from_slice(&mac);
        Ok(base64url(&token))
    }

    /// Checks a token against a request and spends it if it is for one use.
    ///
    /// # Errors
    /// [`TokenError`] says why not, for the log.
    pub fn verify(
        &self,
        token: &str,
        request: &StreamRequest<'_>,
        used: &mut OneUse,
        now: UnixTime,
    ) -> Result<StreamGrant, TokenError> {
        let grant = self.read(token)?;
        check_expiry(grant.expires, now)?;
        check_start(grant.not_before.unwrap_or(now), now)?;
        if let Some(until) = grant.stream_expires {
            check_expiry(until, now)?;
        }
        let fits = |pattern: &str, name| Pattern::parse(pattern).matches(name, &grant.subject);
        let same_action = grant.action == request.action;
        if !same_action || !fits(&grant.app, request.app) || !fits(&grant.stream, request.stream) {
            return Err(TokenError::OtherResource);
        }
        if grant
            .address
            .is_some_and(|prefix| !prefix.contains(request.peer))
        {
            return Err(TokenError::OtherAddress);
        }
        if let Some(id) = grant.one_use {
            let got = grant.expires.since(now);
            if got > MAX_ONE_USE_LIFE {
                return Err(TokenError::LivesTooLong {
                    got,
                    limit: MAX_ONE_USE_LIFE,
                });
            }
            let mut key = [0; 16];
            key.iter_mut().zip(id).for_each(|(to, from)| *to = from);
            used.spend(key, grant.expires, now)
                .map_err(|error| match error {
                    SpendError::Spent => TokenError::Replayed,
                    SpendError::Full => TokenError::ReplayMemoryFull,
                })?;
        }
        Ok(grant)
    }

    /// Checks the signature alone.
    fn read(&self, token: &str) -> Result<StreamGrant, TokenError> {
        check_len("token", token)?;
        let bytes = decode_base64url(token).or_expected("base64url", 0)?;
        let split = bytes
            .len()
            .checked_sub(MAC_LEN)
            .or_expected("a whole token", 0)?;
        let (body, mac) = bytes
            .split_at_checked(split)
            .or_expected("a whole token", 0)?;
        let &[version, key_id, ref fields @ ..] = body else {
            return Err(Malformed::expected("a whole token", 0).into());
        };
        if version != VERSION {
            return Err(Malformed::expected("version 1", 0).into());
        }
        let mut keys = self.keys.iter().filter(|(id, _)| *id == key_id).peekable();
        keys.peek().ok_or(TokenError::UnknownKey)?;
        if !keys.any(|(_, key)| same(&key.mac(&[CONTEXT, body]), mac)) {
            return Err(TokenError::BadSignature);
        }
        // Signed with our key, so this can only fail for tokens of a later version.
        Ok(read_fields(fields)?)
    }
}

impl fmt::Debug for StreamTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|(id, _)| id))
            .finish()
    }
}

fn put(token: &mut Vec<u8>, tag: u8, bytes: &[u8]) -> Result<(), Misuse> {
    let (what, got, limit) = ("name in a token", bytes.len(), MAX_FIELD_LEN);
    let len = u16::try_from(bytes.len()).ok().filter(|_| got <= limit);
    let len = len.ok_or(Misuse::TooLong { what, got, limit })?;
    token.push(tag);
    token.extend_from_slice(&len.to_be_bytes());
    token.extend_from_slice(bytes);
    Ok(())
}

fn read_fields(mut rest: &[u8]) -> Result<StreamGrant, Malformed> {
    let mut fields: [Option<&[u8]>; 10] = [None; 10];
    let mut last = 0;
    while let &[tag, high, low, ref after @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([high, low]));
        let (value, after) = after
            .split_at_checked(len)
            .or_expected("a whole field", 0)?;
        let field = fields.get_mut(usize::from(tag)).filter(|_| tag > last);
        *field.or_expected("fields in order", 0)? = Some(value);
        (last, rest) = (tag, after);
    }
    if !rest.is_empty() {
        return Err(Malformed::expected("a whole field", 0));
    }
    let field = |tag: u8| fields.get(usize::from(tag)).copied().flatten();
    let text = |tag, what| {
        let bytes = field(tag).ok_or(Malformed::Missing { what })?;
        core::str::from_utf8(bytes).ok().or_expected("UTF-8", 0)
    };
    let time = |tag| {
        let millis = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_be_bytes);
        let time = |bytes| {
            millis(bytes)
                .map(UnixTime::from_millis)
                .or_expected("8 bytes of time", 0)
        };
        field(tag).map(time).transpose()
    };
    Ok(StreamGrant {
        action: Action::from_name(text(ACTION, "action")?).or_expected("an action", 0)?,
        app: text(APP, "application")?.into(),
        stream: text(STREAM, "stream")?.into(),
        subject: text(SUBJECT, "subject")?.into(),
        expires: time(EXPIRES)?.ok_or(Malformed::Missing { what: "expiry" })?,
        not_before: time(NOT_BEFORE)?,
        stream_expires: time(STREAM_EXPIRES)?,
        address: field(ADDRESS).map(read_address).transpose()?,
        one_use: field(ONE_USE)
            .map(|id| id.try_into().ok().or_expected("8 bytes of id", 0))
            .transpose()?,
    })
}

fn read_address(bytes: &[u8]) -> Result<AddressPrefix, Malformed> {
    let (bits, address) = bytes.split_first().or_expected("an address", 0)?;
    let v4 = || <[u8; 4]>::try_from(address).ok().map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(address).ok().map(IpAddr::from);
    Ok(AddressPrefix::new(
        v4().or_else(v6).or_expected("an address", 0)?,
        *bits,
    ))
}

const VERSION: u8 = 1;
const CONTEXT: &[u8] = b"weir stream token";
const MAC_LEN: usize = 32;
const MAX_FIELD_LEN: usize = 1024;
const MAX_ONE_USE_LIFE: core::time::Duration = core::time::Duration::from_secs(24 * 60 * 60);

const ACTION: u8 = 1;
const APP: u8 = 2;
const STREAM: u8 = 3;
const SUBJECT: u8 = 4;
const EXPIRES: u8 = 5;
const NOT_BEFORE: u8 = 6;
const STREAM_EXPIRES: u8 = 7;
const ADDRESS: u8 = 8;
const ONE_USE: u8 = 9;
