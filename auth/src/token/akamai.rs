//! Akamai EdgeAuth 2.0.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::{check_expiry, check_hex, check_len, check_start, parse_secs};
use crate::encoding::{decode_hex, hex, hex_digit};
use crate::error::{Malformed, Misuse, OrExpected, TokenError};
use crate::hash::{hmac_md5, hmac_sha1, hmac_sha256};
use crate::secret::Secret;
use crate::time::UnixTime;

/// The hash of an [`EdgeAuth`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed by the vendor's libraries")]
pub enum EdgeAuthHash {
    /// HMAC-SHA256, the default.
    Sha256,
    /// HMAC-SHA1.
    Sha1,
    /// HMAC-MD5.
    Md5,
}

/// What a token says besides its signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "closed by EdgeAuth 2.0")]
pub struct EdgeAuthToken {
    /// The one client address.
    pub ip: Option<String>,
    /// Seconds of Unix time before which it is not valid.
    pub start: Option<u64>,
    /// Seconds of Unix time from which on it is not valid.
    pub expires: u64,
    /// Paths with `*` and `?`, several separated by `!`; without one the token is for the URL it is signed for.
    pub acl: Option<String>,
    /// A session id.
    pub id: Option<String>,
    /// Anything else.
    pub data: Option<String>,
}

/// A key with its options.
#[derive(Debug, Clone)]
pub struct EdgeAuth {
    key: Secret,
    hash: EdgeAuthHash,
    salt: Option<Secret>,
    escape_early: bool,
}

impl EdgeAuth {
    /// The key in hex, as the vendor gives it out.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`] for anything that is not hex of at least one byte.
    pub fn new(key_hex: &str, hash: EdgeAuthHash) -> Result<Self, Misuse> {
        let key = decode_hex(key_hex)
            .filter(|key| !key.is_empty())
            .ok_or(Misuse::EmptySecret)?;
        Ok(Self {
            key: key.into(),
            hash,
            salt: None,
            escape_early: false,
        })
    }

    /// Adds the salt that is hashed and not sent.
    #[must_use]
    pub fn with_salt(mut self, salt: &Secret) -> Self {
        self.salt = Some(salt.clone());
        self
    }

    /// Percent-encodes address, id, data and URL before hashing them (`escape_early`).
    #[must_use]
    pub const fn escape_early(mut self) -> Self {
        self.escape_early = true;
        self
    }

    /// Makes a token; `url` counts only without an [`EdgeAuthToken::acl`].
    pub fn sign(&self, token: &EdgeAuthToken, url: &str) -> String {
        let mut fields: Vec<String> = Vec::new();
        let mut push = |name: &str, value: Option<String>| {
            fields.extend(value.map(|value| format!("{name}={value}")));
        };
        let escaped = |text: &Option<String>| text.as_deref().map(|text| self.escape(text));
        push("ip", escaped(&token.ip));
        push("st", token.start.map(|start| start.to_string()));
        push("exp", Some(token.expires.to_string()));
        push("acl", token.acl.clone());
        push("id", escaped(&token.id));
        push("data", escaped(&token.data));
        let body = fields.join("~");
        let mac = self.mac(&body, token.acl.is_none().then_some(url));
        format!("{body}~hmac={mac}")
    }

    /// Checks a token for the path of a request.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(
        &self,
        token: &str,
        url: &str,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<EdgeAuthToken, TokenError> {
        check_len("EdgeAuth token", token)?;
        let (body, mac) = token
            .rsplit_once("~hmac=")
            .or_expected("~hmac=", token.len())?;
        let field = |name: &str| {
            body.split('~')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let acl = field("acl");
        check_hex(mac, &self.mac(body, acl.is_none().then_some(url)))?;
        let secs = |name| {
            field(name)
                .map(|text| parse_secs("seconds", text))
                .transpose()
        };
        let expires = secs("exp")?.ok_or(Malformed::Missing { what: "exp" })?;
        check_expiry(expires, now)?;
        let start = secs("st")?;
        check_start(start.unwrap_or(now), now)?;
        if field("ip").is_some_and(|ip| ip != self.escape(&peer.to_canonical().to_string())) {
            return Err(TokenError::OtherAddress);
        }
        if acl.is_some_and(|acl| !acl.split('!').any(|pattern| glob(pattern, url))) {
            return Err(TokenError::OtherResource);
        }
        Ok(EdgeAuthToken {
            ip: field("ip").map(String::from),
            start: start.map(UnixTime::as_secs),
            expires: expires.as_secs(),
            acl: acl.map(String::from),
            id: field("id").map(String::from),
            data: field("data").map(String::from),
        })
    }

    fn mac(&self, body: &str, url: Option<&str>) -> String {
        let url = url.map_or_else(String::new, |url| format!("~url={}", self.escape(url)));
        let salt = self.salt.as_ref();
        let salt_name = if salt.is_some() { "~salt=" } else { "" };
        let parts = [
            body.as_bytes(),
            url.as_bytes(),
            salt_name.as_bytes(),
            salt.map(Secret::expose).unwrap_or_default(),
        ];
        let key = self.key.expose();
        match self.hash {
            EdgeAuthHash::Sha256 => hex(&hmac_sha256(key, &parts)),
            EdgeAuthHash::Sha1 => hex(&hmac_sha1(key, &parts)),
            EdgeAuthHash::Md5 => hex(&hmac_md5(key, &parts)),
        }
    }

    /// Form encoding with lower-case hex, as the vendor's libraries have it.
    fn escape(&self, text: &str) -> String {
        if !self.escape_early {
            return text.into();
        }
        let mut escaped = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b' ' => escaped.push('+'),
                b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
                byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
                byte => {
                    escaped.push('%');
                    escaped.extend([byte >> 4, byte].map(|nibble| char::from(hex_digit(nibble))));
                }
            }
        }
        escaped
    }
}

/// `*` is any text, `?` any byte. Goes back to the last star only, so it takes at most pattern times text steps.
fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.as_bytes(), text.as_bytes());
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some((b'*', after)), _) => {
                retry = Some((after, text));
                pattern = after;
                continue;
            }
            (None, None) => return true,
            (Some((expected, after)), Some((found, rest)))
                if *expected == b'?' || expected == found =>
            {
                (pattern, text) = (after, rest);
                continue;
            }
            _ => {}
        }
        // The last star takes one byte more.
        let Some((after, from)) = retry else {
            return false;
        };
        let Some((_, from)) = from.split_first() else {
            return false;
        };
        retry = Some((after, from));
        (pattern, text) = (after, from);
    }
}
