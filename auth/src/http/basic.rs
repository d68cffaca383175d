//! Basic: the password itself, in base64. RFC 7617.

use alloc::format;
use alloc::string::String;

use crate::encoding::{base64, decode_base64};
use crate::error::{Malformed, OrExpected};
use crate::secret::Secret;

/// The value of an `Authorization` header.
pub(crate) fn authorization(user: &str, password: &Secret) -> String {
    let joined = [user.as_bytes(), b":", password.expose()].concat();
    format!("Basic {}", base64(&joined))
}

/// User and password of what follows the word `Basic`.
pub(crate) fn credentials(text: &str) -> Result<(String, Secret), Malformed> {
    let joined = decode_base64(text.trim()).or_expected("base64 of user:password", 0)?;
    let joined = String::from_utf8(joined)
        .map_err(|_| Malformed::expected("UTF-8 in the credentials", 0))?;
    // The user ends at the first colon, the password may have more.
    let (user, password) = joined
        .split_once(':')
        .or_expected("a colon after the user", 0)?;
    Ok((user.into(), password.into()))
}
