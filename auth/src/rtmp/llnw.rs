//! `authmod=llnw`: Limelight's cut of HTTP Digest, with realm `live` and method `publish` for playing too.

use alloc::format;
use alloc::string::String;

use super::query::Params;
use crate::encoding::decode_hex;
use crate::hash::{HexDigest, md5};
use crate::http::HashAlgorithm;
use crate::secret::{Secret, same};
use crate::verifier::Verifier;

/// The `response` parameter of a client. `app` comes without its query.
pub fn response(
    user: &str,
    password: &Secret,
    app: &str,
    nonce: &str,
    nc: &str,
    cnonce: &str,
) -> String {
    let ha1 = HashAlgorithm::Md5.hex(&[user.as_bytes(), b":live:", password.expose()]);
    HexDigest::new(&digest(&ha1, app, nonce, nc, cnonce))
        .as_str()
        .into()
}

fn digest(ha1: &HexDigest, app: &str, nonce: &str, nc: &str, cnonce: &str) -> [u8; 16] {
    // Without an instance clients say the default one.
    let instance = if app.contains('/') { "" } else { "/_definst_" };
    let ha2 = HexDigest::new(&md5(&[b"publish:/", app.as_bytes(), instance.as_bytes()]));
    let (nonce, nc, cnonce) = (nonce.as_bytes(), nc.as_bytes(), cnonce.as_bytes());
    md5(&[
        ha1.as_bytes(),
        b":",
        nonce,
        b":",
        nc,
        b":",
        cnonce,
        b":auth:",
        ha2.as_bytes(),
    ])
}

/// The parameters of step 2.
pub(crate) fn challenge(user: &str, nonce: &str) -> String {
    format!("user={user}&nonce={nonce}")
}

/// The nonce that a response claims to be made for.
pub(crate) fn nonce<'a>(params: Params<'a>) -> Option<&'a str> {
    params.get("nonce")
}

/// Whether the response is that of the password. `None`: the verifier has no form for this mechanism.
pub(crate) fn verify(
    user: &str,
    verifier: &Verifier,
    app: &str,
    params: Params<'_>,
    nonce: &str,
) -> Option<bool> {
    let stored = verifier.digest_ha1(HashAlgorithm::Md5, user, "live");
    let ha1 = stored.unwrap_or_else(|| HexDigest::new(&[0; 16]));
    let param = |name| params.get(name).unwrap_or_default();
    let expected = digest(&ha1, app, nonce, param("nc"), param("cnonce"));
    let sent: Option<[u8; 16]> =
        decode_hex(param("response")).and_then(|sent| sent.try_into().ok());
    let right = same(&sent.unwrap_or_default(), &expected) && sent.is_some();
    stored.map(|_| right)
}
