//! CRAM-MD5 (RFC 2195), and the Red5 article's CRAM done right as CRAM-SHA256.
//!
//! In both the server sends a challenge that it never repeats and the client answers with a MAC of it.
//! CRAM-SHA256 has the article's steps (session id and challenge from the server, a keyed hash back) with
//! what its code left out: the challenge is fresh and expires, and the server keeps only SHA-256 of the
//! password. That hash is not salted and is all that an impostor needs: prefer SCRAM where both ends can.

use alloc::format;
use alloc::string::String;

use crate::encoding::{base64, decode_base64};
use crate::error::{Malformed, OrExpected};
use crate::hash::{HexDigest, hmac_md5, hmac_sha256, sha256};
use crate::secret::Secret;

/// CRAM-MD5's response to a challenge (not its base64): base64 of the user, a space and the MAC in hex.
///
/// ```
/// let challenge = "<1896.697170952@postoffice.reston.mci.net>";
/// assert_eq!(
///     weir_auth::cram::md5_response("tim", &"tanstaaftanstaaf".into(), challenge),
///     "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
/// );
/// ```
pub fn md5_response(user: &str, password: &Secret, challenge: &str) -> String {
    base64(format!("{user} {}", md5_digest(password, challenge).as_str()).as_bytes())
}

/// User and MAC (in hex) of a CRAM-MD5 response.
///
/// # Errors
/// [`Malformed`] for anything but base64 of a user, a space and 32 characters.
pub fn parse_md5_response(response: &str) -> Result<(String, String), Malformed> {
    if response.len() > MAX_RESPONSE_LEN {
        let (what, got, limit) = ("CRAM-MD5 response", response.len(), MAX_RESPONSE_LEN);
        return Err(Malformed::TooLong { what, got, limit });
    }
    let text = decode_base64(response).or_expected("base64", 0)?;
    let text =
        String::from_utf8(text).map_err(|_| Malformed::expected("UTF-8 in the response", 0))?;
    // The user may have spaces, the digest cannot.
    let (user, digest) = text.rsplit_once(' ').or_expected("user and digest", 0)?;
    if digest.len() != 32 {
        return Err(Malformed::expected("a digest of 32 hex digits", 0));
    }
    Ok((user.into(), digest.into()))
}

/// CRAM-SHA256's response: base64 of HMAC-SHA256 under SHA-256 of the password, over the session id, a zero byte and
/// the challenge as sent.
pub fn sha256_response(password: &Secret, session_id: &str, challenge: &str) -> String {
    base64(&sha256_mac(
        &sha256(&[password.expose()]),
        session_id,
        challenge,
    ))
}

pub(crate) fn md5_digest(password: &Secret, challenge: &str) -> HexDigest {
    HexDigest::new(&hmac_md5(password.expose(), &[challenge.as_bytes()]))
}

pub(crate) fn sha256_mac(key: &[u8; 32], session_id: &str, challenge: &str) -> [u8; 32] {
    hmac_sha256(key, &[session_id.as_bytes(), &[0], challenge.as_bytes()])
}

/// A user of 64 bytes, a space and 32 digits are 132 characters in base64.
const MAX_RESPONSE_LEN: usize = 512;
