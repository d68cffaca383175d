//! Wowza SecureToken version 2.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::{check_expiry, check_start, check_text, not_empty, parse_secs};
use crate::encoding::base64url_padded;
use crate::error::{Malformed, Misuse, TokenError};
use crate::hash::{sha256, sha384, sha512};
use crate::rtmp::Params;
use crate::secret::Secret;
use crate::time::UnixTime;

/// The hash of a [`WowzaToken`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed by Wowza's configuration")]
pub enum WowzaHash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A shared secret and the prefix of its parameters.
///
/// The secret is sorted in among the parameters by its first letters: with one like `z..` it is hashed last, with
/// `0..` first, and both ends must agree on bytewise order.
#[derive(Debug, Clone)]
pub struct WowzaToken {
    secret: Secret,
    prefix: String,
    hash: WowzaHash,
    check_address: bool,
}

impl WowzaToken {
    /// Wowza's usual prefix is `wowzatoken`.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(secret: &Secret, prefix: &str, hash: WowzaHash) -> Result<Self, Misuse> {
        Ok(Self {
            secret: not_empty(secret)?,
            prefix: prefix.into(),
            hash,
            check_address: false,
        })
    }

    /// Hashes the client's address too.
    #[must_use]
    pub const fn with_address(mut self) -> Self {
        self.check_address = true;
        self
    }

    /// The value of `{prefix}hash`. `items` are the parameters as `name=value`, the client's address among them if
    /// it is to be checked; their order does not matter.
    pub fn sign(&self, path: &str, items: &[&str]) -> String {
        let secret = String::from_utf8_lossy(self.secret.expose());
        let mut sorted: Vec<&str> = items.iter().copied().chain([secret.as_ref()]).collect();
        sorted.sort_unstable();
        let hashed = format!("{path}?{}", sorted.join("&"));
        match self.hash {
            WowzaHash::Sha256 => base64url_padded(&sha256(&[hashed.as_bytes()])),
            WowzaHash::Sha384 => base64url_padded(&sha384(&[hashed.as_bytes()])),
            WowzaHash::Sha512 => base64url_padded(&sha512(&[hashed.as_bytes()])),
        }
    }

    /// Checks the query of a URL. `path` is application and stream, without a slash in front.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(
        &self,
        path: &str,
        query: Params<'_>,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<(), TokenError> {
        let named = |name: &str| query.get(&format!("{}{name}", self.prefix));
        let sent = named("hash").ok_or(Malformed::Missing { what: "the hash" })?;
        let hash_name = format!("{}hash", self.prefix);
        let address = peer.to_canonical().to_string();
        let ours = |name: &str| name.starts_with(&self.prefix) && name != hash_name;
        let items: Vec<String> = query
            .iter()
            .filter(|(name, _)| ours(name))
            .map(|(name, value)| format!("{name}={value}"))
            .chain(self.check_address.then_some(address))
            .collect();
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        // Wowza's own examples have the padding, URLs lose it.
        let expected = self.sign(path, &items);
        check_text(sent.trim_end_matches('='), expected.trim_end_matches('='))?;
        // 0 is "no limit" in both.
        let time = |name| named(name).filter(|time| *time != "0");
        if let Some(start) = time("starttime") {
            check_start(parse_secs("starttime", start)?, now)?;
        }
        time("endtime").map_or(Ok(()), |end| check_expiry(parse_secs("endtime", end)?, now))
    }
}
