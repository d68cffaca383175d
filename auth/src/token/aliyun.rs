//! Aliyun's `auth_key`, type A.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::{check_expiry, check_hex, not_empty, parse_secs};
use crate::encoding::hex;
use crate::error::{Misuse, OrExpected, TokenError};
use crate::hash::md5;
use crate::secret::Secret;
use crate::time::UnixTime;

/// A key, and how long a link is good for after its timestamp.
#[derive(Debug, Clone)]
pub struct AuthKey {
    key: Secret,
    lifetime: Duration,
}

impl AuthKey {
    /// `lifetime` is the one configured at the server; zero makes the timestamp the expiry itself.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(key: &Secret, lifetime: Duration) -> Result<Self, Misuse> {
        Ok(Self {
            key: not_empty(key)?,
            lifetime,
        })
    }

    /// The value of `auth_key` for the path `uri`, which begins with a slash.
    pub fn sign(&self, uri: &str, timestamp: u64, random: &str, uid: &str) -> String {
        let signed = format!("{timestamp}-{random}-{uid}");
        format!("{signed}-{}", self.digest(uri, &signed))
    }

    /// Checks `auth_key` of a request for the path `uri`.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, uri: &str, auth_key: &str, now: UnixTime) -> Result<(), TokenError> {
        let (signed, digest) = auth_key
            .rsplit_once('-')
            .or_expected("timestamp-rand-uid-md5", 0)?;
        check_hex(digest, &self.digest(uri, signed))?;
        let timestamp = signed.split('-').next().unwrap_or_default();
        check_expiry(parse_secs("a timestamp", timestamp)? + self.lifetime, now)
    }

    fn digest(&self, uri: &str, signed: &str) -> String {
        hex(&md5(&[
            uri.as_bytes(),
            b"-",
            signed.as_bytes(),
            b"-",
            self.key.expose(),
        ]))
    }
}
