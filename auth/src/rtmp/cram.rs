//! CRAM-MD5 and CRAM-SHA256 in the connect's query, as `authmod` values of our own.
//!
//! The client sends the challenge back beside its response, because the server has not kept it.

use alloc::format;
use alloc::string::String;

use super::query::Params;
use crate::cram::{md5_digest, parse_md5_response, sha256_mac};
use crate::encoding::{base64, base64url, decode_base64, decode_digest};
use crate::hash::{HexDigest, hmac_md5};
use crate::nonce::ServerKeys;
use crate::secret::same;
use crate::verifier::Verifier;

/// Step 2 of CRAM-MD5: base64 of `<nonce@weir>`, in the form of a message id as RFC 2195 has it.
pub(crate) fn md5_challenge(user: &str, nonce: &str) -> String {
    format!(
        "user={user}&challenge={}",
        base64(md5_challenge_text(nonce).as_bytes())
    )
}

/// The nonce inside a CRAM-MD5 challenge.
pub(crate) fn md5_nonce(params: Params<'_>) -> Option<String> {
    let challenge = params.get("challenge").filter(|text| text.len() <= 128)?;
    let text = String::from_utf8(decode_base64(challenge)?).ok()?;
    Some(
        text.strip_prefix('<')?
            .strip_suffix(MD5_CHALLENGE_END)?
            .into(),
    )
}

pub(crate) fn md5_verify(
    user: &str,
    verifier: &Verifier,
    params: Params<'_>,
    nonce: &str,
) -> Option<bool> {
    let stored = verifier.plain();
    let challenge = md5_challenge_text(nonce);
    let expected = match stored {
        Some(password) => md5_digest(password, &challenge),
        None => HexDigest::new(&hmac_md5(&[], &[challenge.as_bytes()])),
    };
    let sent = parse_md5_response(params.get("response").unwrap_or_default());
    let right = sent.is_ok_and(|(named, digest)| {
        named == user && same(digest.to_ascii_lowercase().as_bytes(), expected.as_bytes())
    });
    stored.map(|_| right)
}

/// Step 2 of CRAM-SHA256: a session id and a challenge.
pub(crate) fn sha256_challenge(user: &str, keys: &ServerKeys, nonce: &str) -> String {
    format!(
        "user={user}&sessionid={}&challenge={nonce}",
        session_id(keys, nonce)
    )
}

/// The nonce is the challenge itself.
pub(crate) fn sha256_nonce<'a>(params: Params<'a>) -> Option<&'a str> {
    params.get("challenge")
}

pub(crate) fn sha256_verify(
    verifier: &Verifier,
    keys: &ServerKeys,
    params: Params<'_>,
    nonce: &str,
) -> Option<bool> {
    let stored = verifier.password_sha256();
    let session_id = session_id(keys, nonce);
    let expected = sha256_mac(&stored.unwrap_or_default(), &session_id, nonce);
    let sent = decode_digest::<32>(params.get("response").unwrap_or_default());
    let same_session = params.get("sessionid") == Some(session_id.as_str());
    let right = same(&sent.unwrap_or_default(), &expected) && sent.is_some() && same_session;
    stored.map(|_| right)
}

fn md5_challenge_text(nonce: &str) -> String {
    format!("<{nonce}{MD5_CHALLENGE_END}")
}

/// A name for the login that a log can show: not the nonce, but made from it, so nothing is kept.
fn session_id(keys: &ServerKeys, nonce: &str) -> String {
    let [a, b, c, d, e, f, ..] = keys.derive("cram session", nonce.as_bytes());
    base64url(&[a, b, c, d, e, f])
}

const MD5_CHALLENGE_END: &str = "@weir>";
