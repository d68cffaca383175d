//! OvenMediaEngine's SignedPolicy.

use alloc::format;
use alloc::string::String;
use core::net::IpAddr;

use serde_json::Value;

use super::{check_expiry, check_len, check_start, check_text, not_empty};
use crate::encoding::{base64url, decode_base64url};
use crate::error::{Malformed, Misuse, OrExpected, TokenError};
use crate::hash::hmac_sha1;
use crate::prefix::AddressPrefix;
use crate::secret::Secret;
use crate::time::UnixTime;

/// A secret, for URLs such as `rtmp://host:1935/app/stream?policy=...&signature=...`.
#[derive(Debug, Clone)]
pub struct SignedPolicy {
    secret: Secret,
}

/// What a policy leaves to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyGrant {
    /// When a running session is to be cut.
    pub stream_expires: Option<UnixTime>,
}

impl SignedPolicy {
    /// Takes the `SecretKey` of the server's `SignedPolicy` settings.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(secret: &Secret) -> Result<Self, Misuse> {
        Ok(Self {
            secret: not_empty(secret)?,
        })
    }

    /// The URL with policy and signature. `policy` is JSON; its times are milliseconds of Unix time.
    pub fn sign(&self, url: &str, policy: &str) -> String {
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}policy={}", base64url(policy.as_bytes()));
        format!("{url}&signature={}", self.signature(&url))
    }

    /// The signature of a URL that has its policy already.
    pub fn signature(&self, url: &str) -> String {
        base64url(&hmac_sha1(self.secret.expose(), &[url.as_bytes()]))
    }

    /// Checks the whole URL of a request, as it was signed: scheme, host and port are part of it.
    ///
    /// # Errors
    /// [`TokenError`]; among them a policy without `url_expire`.
    pub fn verify(
        &self,
        url: &str,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<PolicyGrant, TokenError> {
        check_len("signed URL", url)?;
        let (before, signature, after) = cut_param(url, "signature")?;
        check_text(
            signature.trim_end_matches('='),
            &self.signature(&format!("{before}{after}")),
        )?;
        let (_, policy, _) = cut_param(url, "policy")?;
        let json = decode_base64url(policy).or_expected("base64url in policy", 0)?;
        let policy: Value = serde_json::from_slice(&json)
            .ok()
            .or_expected("JSON in policy", 0)?;
        let time = |name: &str| match policy.get(name) {
            None => Ok(None),
            Some(time) => {
                let millis = time.as_u64().or_expected("milliseconds in policy", 0)?;
                Ok::<_, Malformed>(Some(UnixTime::from_millis(millis)))
            }
        };
        check_expiry(
            time("url_expire")?.ok_or(Malformed::Missing { what: "url_expire" })?,
            now,
        )?;
        check_start(time("url_activate")?.unwrap_or(now), now)?;
        let stream_expires = time("stream_expire")?;
        if let Some(until) = stream_expires {
            check_expiry(until, now)?;
        }
        if let Some(allowed) = policy.get("allow_ip") {
            let prefix = allowed.as_str().or_expected("text in allow_ip", 0)?;
            if !prefix.parse::<AddressPrefix>()?.contains(peer) {
                return Err(TokenError::OtherAddress);
            }
        }
        Ok(PolicyGrant { stream_expires })
    }
}

/// What stands before a parameter's separator, its value, and what follows it.
fn cut_param<'a>(
    url: &'a str,
    name: &'static str,
) -> Result<(&'a str, &'a str, &'a str), Malformed> {
    let missing = Malformed::Missing { what: name };
    let (head, query) = url.split_once('?').ok_or(missing)?;
    let mut start = head.len();
    for pair in query.split('&') {
        let end = start + 1 + pair.len();
        if let Some(value) = pair
            .strip_prefix(name)
            .and_then(|pair| pair.strip_prefix('='))
        {
            let (before, after) = (url.get(..start), url.get(end..));
            return Ok((before.ok_or(missing)?, value, after.ok_or(missing)?));
        }
        start = end;
    }
    Err(missing)
}
