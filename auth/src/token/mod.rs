//! Signed stream URLs: permission that travels in the URL, so that a server need not know the user.
//!
//! [`StreamTokens`] is the form to use. The others are verified and made for the sake of systems that have
//! them, and most are weaker than they look:
//!
//! | scheme | signature | expiry | know before use |
//! | --- | --- | --- | --- |
//! | [`StreamTokens`] | HMAC-SHA256 over length-prefixed fields | yes | |
//! | [`Jwt`] | HMAC-SHA256 | `exp`, `nbf` | which claims mean what is up to you |
//! | [`EdgeAuth`] | HMAC-SHA256, -SHA1, -MD5 | yes | |
//! | [`SignedPolicy`] | HMAC-SHA1 of the whole URL | yes | the port is part of the URL |
//! | [`WowzaToken`] | SHA-2 with the secret sorted in | yes | the secret's first letter decides where it is hashed |
//! | [`NginxSecureLink`] | MD5 of an expression | yes | fields run together unless the expression separates them |
//! | [`secure_link_secret`] | MD5 of link and secret | none | a link is good for ever |
//! | [`TxSecret`] | MD5 of key, stream, time | yes | fields run together: `a` + `b1` is `ab` + `1` |
//! | [`AuthKey`] | MD5 | yes | |
//! | [`NodeMediaSign`] | MD5 | yes | |
//! | [`LalSecret`] | MD5 of key and stream | none | a link is good for ever |
//! | [`CloudToken`] | SHA-256 with the secret behind | yes | known from documentation alone |
//! | [`ProtectedVod`] | HMAC-MD5 | yes | fields run together |
//!
//! Whoever has a signed URL has the permission: send it over TLS, keep its life short.

mod akamai;
mod aliyun;
mod jwt;
mod lal;
mod nginx;
mod nms;
mod ome;
mod path;
mod protected_vod;
mod red5_cloud;
mod signed;
mod tencent;
mod wowza;

pub use akamai::{EdgeAuth, EdgeAuthHash, EdgeAuthToken};
pub use aliyun::AuthKey;
pub use jwt::{Claims, Jwt};
pub use lal::LalSecret;
pub use nginx::{NginxSecureLink, secure_link_secret};
pub use nms::NodeMediaSign;
pub use ome::{PolicyGrant, SignedPolicy};
pub use path::StreamPath;
pub use protected_vod::ProtectedVod;
pub use red5_cloud::{CloudGrant, CloudToken};
pub use signed::{StreamGrant, StreamRequest, StreamTokens};
pub use tencent::TxSecret;
pub use wowza::{WowzaHash, WowzaToken};

use crate::error::{Malformed, Misuse, OrExpected, TokenError};
use crate::secret::{Secret, same};
use crate::time::UnixTime;

/// The longest token looked at, in bytes.
const MAX_TOKEN_LEN: usize = 8192;

fn check_len(what: &'static str, token: &str) -> Result<(), TokenError> {
    if token.len() > MAX_TOKEN_LEN {
        return Err(Malformed::TooLong {
            what,
            got: token.len(),
            limit: MAX_TOKEN_LEN,
        }
        .into());
    }
    Ok(())
}

/// An empty secret would make every signature one that anybody can compute; unimr.red5.protectedvod took
/// it for "do not check".
fn not_empty(secret: &Secret) -> Result<Secret, Misuse> {
    if secret.is_empty() {
        Err(Misuse::EmptySecret)
    } else {
        Ok(secret.clone())
    }
}

/// Compares digests in text form; hex may be of either case.
fn check_hex(sent: &str, expected: &str) -> Result<(), TokenError> {
    check_text(&sent.to_ascii_lowercase(), expected)
}

fn check_text(sent: &str, expected: &str) -> Result<(), TokenError> {
    let right = same(sent.as_bytes(), expected.as_bytes());
    if right {
        Ok(())
    } else {
        Err(TokenError::BadSignature)
    }
}

fn check_expiry(expires: UnixTime, now: UnixTime) -> Result<(), TokenError> {
    if expires <= now {
        Err(TokenError::Expired(now.since(expires)))
    } else {
        Ok(())
    }
}

fn check_start(not_before: UnixTime, now: UnixTime) -> Result<(), TokenError> {
    if now < not_before {
        Err(TokenError::NotYetValid(not_before.since(now)))
    } else {
        Ok(())
    }
}

fn parse_secs(what: &'static str, text: &str) -> Result<UnixTime, Malformed> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let secs = text.parse().ok().filter(|_| digits);
    secs.map(UnixTime::from_secs).or_expected(what, 0)
}

fn parse_hex_secs(what: &'static str, text: &str) -> Result<UnixTime, Malformed> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let secs = u64::from_str_radix(text, 16).ok().filter(|_| digits);
    secs.map(UnixTime::from_secs).or_expected(what, 0)
}
