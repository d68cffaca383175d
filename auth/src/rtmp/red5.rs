//! `authmod=red5`: wire-compatible with Red5's plugin, without its replay.
//!
//! In the plugin the client chose the session id and the challenge was a pure function of it, so that one
//! recorded login worked for ever. Here the session id is a sealed nonce: ours, fresh, and good for one login.

use alloc::format;
use alloc::string::String;

use super::query::Params;
use crate::encoding::{base64, decode_digest};
use crate::hash::hmac_sha256;
use crate::nonce::ServerKeys;
use crate::secret::{Secret, same};
use crate::verifier::Verifier;

/// The challenge for a session id: base64 of HMAC-SHA256 under the server's salt.
pub fn challenge(server_salt: &Secret, session_id: &str) -> String {
    base64(&hmac_sha256(server_salt.expose(), &[session_id.as_bytes()]))
}

/// The `response` parameter of a client: base64 of HMAC-SHA256 of the password, keyed by the challenge as text.
pub fn response(password: &Secret, challenge: &str) -> String {
    base64(&digest(password.expose(), challenge))
}

fn digest(password: &[u8], challenge: &str) -> [u8; 32] {
    hmac_sha256(challenge.as_bytes(), &[password])
}

/// The parameters of step 2.
pub(crate) fn challenge_params(user: &str, keys: &ServerKeys, nonce: &str) -> String {
    format!(
        "user={user}&sessionid={nonce}&challenge={}",
        challenge(&server_salt(keys), nonce)
    )
}

/// The nonce that a response claims to be made for.
pub(crate) fn nonce<'a>(params: Params<'a>) -> Option<&'a str> {
    params.get("sessionid")
}

/// Whether the response is that of the password. `None`: the verifier has no form for this mechanism.
pub(crate) fn verify(
    verifier: &Verifier,
    keys: &ServerKeys,
    params: Params<'_>,
    nonce: &str,
) -> Option<bool> {
    let stored = verifier.plain();
    let password = stored.map_or(&[][..], Secret::expose);
    let expected = digest(password, &challenge(&server_salt(keys), nonce));
    // Flash turns "+" into a blank on the way (Red5's plugin undoes it too), and padding may be missing.
    let sent = params.get("response").unwrap_or_default().replace(' ', "+");
    let sent = decode_digest::<32>(&sent);
    let right = same(&sent.unwrap_or_default(), &expected) && sent.is_some();
    stored.map(|_| right)
}

fn server_salt(keys: &ServerKeys) -> Secret {
    Secret::from_bytes(&keys.derive("red5 salt", &[]))
}
