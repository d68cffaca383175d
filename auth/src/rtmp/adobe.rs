//! `authmod=adobe`: two MD5 around a salt and two challenges, as FMS and FMLE agreed.

use alloc::format;
use alloc::string::String;

use super::query::Params;
use crate::encoding::{base64, decode_digest};
use crate::hash::md5;
use crate::nonce::ServerKeys;
use crate::secret::{Secret, same};
use crate::verifier::Verifier;

/// base64 of MD5 of user, salt and password: what a server may store (`{adobe:salt}`).
pub(crate) fn h1(user: &str, salt: &str, password: &[u8]) -> String {
    base64(&md5(&[user.as_bytes(), salt.as_bytes(), password]))
}

/// The `response` parameter of a client.
///
/// An empty `opaque` counts as absent, as librtmp and OBS have it; FFmpeg and GStreamer hash it as empty,
/// so a server must never send one.
pub fn response(
    user: &str,
    password: &Secret,
    salt: &str,
    server_challenge: &str,
    opaque: Option<&str>,
    client_challenge: &str,
) -> String {
    let h1 = h1(user, salt, password.expose());
    let fresh = opaque
        .filter(|opaque| !opaque.is_empty())
        .unwrap_or(server_challenge);
    base64(&digest(h1.as_bytes(), fresh, client_challenge))
}

fn digest(h1: &[u8], fresh: &str, client_challenge: &str) -> [u8; 16] {
    md5(&[h1, fresh.as_bytes(), client_challenge.as_bytes()])
}

/// The parameters of step 2. The sealed nonce is `opaque`, which every client sends back; `challenge` is
/// there because clients want one and is not counted on.
pub(crate) fn challenge(user: &str, verifier: &Verifier, keys: &ServerKeys, nonce: &str) -> String {
    let salt = salt(user, verifier, keys);
    let [a, b, c, d, e, f, ..] = keys.derive("adobe challenge", nonce.as_bytes());
    let challenge = base64(&[a, b, c, d, e, f]);
    format!("user={user}&salt={salt}&challenge={challenge}&opaque={nonce}")
}

/// The nonce that a response claims to be made for.
pub(crate) fn nonce<'a>(params: Params<'a>) -> Option<&'a str> {
    params.get("opaque")
}

/// Whether the response is that of the password. `None`: the verifier has no form for this mechanism.
pub(crate) fn verify(
    user: &str,
    verifier: &Verifier,
    keys: &ServerKeys,
    params: Params<'_>,
    nonce: &str,
) -> Option<bool> {
    let stored = match verifier {
        Verifier::Plain(password) => {
            Some(h1(user, &salt(user, verifier, keys), password.expose()).into())
        }
        Verifier::Adobe { h1, .. } => Some(h1.clone()),
        _ => None,
    };
    let h1 = stored.as_ref().map_or(&[0; 24][..], Secret::expose);
    let expected = digest(h1, nonce, params.get("challenge").unwrap_or_default());
    let sent = decode_digest::<16>(params.get("response").unwrap_or_default());
    let right = same(&sent.unwrap_or_default(), &expected) && sent.is_some();
    stored.map(|_| right)
}

/// The user's salt: the stored one, or one that is always the same for a name and looks like any other.
fn salt(user: &str, verifier: &Verifier, keys: &ServerKeys) -> String {
    if let Verifier::Adobe { salt, .. } = verifier {
        return salt.clone();
    }
    let [a, b, c, d, e, f, ..] = keys.derive("adobe salt", user.as_bytes());
    base64(&[a, b, c, d, e, f])
}
