//! nginx's `secure_link` module: `secure_link_md5` and the older `secure_link_secret`.

use alloc::string::String;
use core::net::IpAddr;

use super::{check_expiry, check_hex, check_text, not_empty, parse_secs};
use crate::encoding::{base64url, decode_digest, hex};
use crate::error::{Malformed, Misuse, TokenError};
use crate::hash::md5;
use crate::secret::Secret;
use crate::time::UnixTime;

/// `secure_link_md5`: MD5 of an expression, as `md5=..&expires=..` in the URL.
///
/// ```
/// use weir_auth::UnixTime;
/// use weir_auth::token::NginxSecureLink;
///
/// // The example of nginx's documentation.
/// let link = NginxSecureLink::new("$secure_link_expires$uri$remote_addr $secret", &"secret".into()).unwrap();
/// let peer = "127.0.0.1".parse().unwrap();
/// assert_eq!(link.sign("/s/link", peer, Some("2147483647")), "_e4Nc3iduzkWRm01TBBNYw");
/// ```
#[derive(Debug, Clone)]
pub struct NginxSecureLink {
    expression: String,
    secret: Secret,
}

impl NginxSecureLink {
    /// The expression of the configuration. `$secure_link_expires` (or `$expires`), `$uri`, `$remote_addr` and
    /// `$secret` are replaced; the secret may also stand in it as it is.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(expression: &str, secret: &Secret) -> Result<Self, Misuse> {
        Ok(Self {
            expression: expression.into(),
            secret: not_empty(secret)?,
        })
    }

    /// The value of `md5`. `expires` is text as it stands in the URL.
    pub fn sign(&self, uri: &str, peer: IpAddr, expires: Option<&str>) -> String {
        base64url(&self.digest(uri, peer, expires))
    }

    /// Checks a link. With `expires` absent the expression must not mention it.
    ///
    /// # Errors
    /// [`TokenError`]; a wrong signature (nginx's empty `$secure_link`) goes before expiry (its `0`).
    pub fn verify(
        &self,
        md5: &str,
        expires: Option<&str>,
        uri: &str,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<(), TokenError> {
        if expires.is_none() && self.expression.contains("expires") {
            return Err(Malformed::Missing { what: "expires" }.into());
        }
        // nginx decodes, so that padding and the other alphabet are fine with it.
        let sent = decode_digest::<16>(&md5.replace('-', "+").replace('_', "/"));
        let expected = base64url(&self.digest(uri, peer, expires));
        check_text(
            &base64url(&sent.ok_or(TokenError::BadSignature)?),
            &expected,
        )?;
        expires.map_or(Ok(()), |expires| {
            check_expiry(parse_secs("expires", expires)?, now)
        })
    }

    fn digest(&self, uri: &str, peer: IpAddr, expires: Option<&str>) -> [u8; 16] {
        let mut hashed: smallvec::SmallVec<[u8; 256]> = smallvec::SmallVec::new();
        let peer = alloc::string::ToString::to_string(&peer.to_canonical());
        let variables: [(&str, &[u8]); 5] = [
            (
                "$secure_link_expires",
                expires.unwrap_or_default().as_bytes(),
            ),
            ("$expires", expires.unwrap_or_default().as_bytes()),
            ("$uri", uri.as_bytes()),
            ("$remote_addr", peer.as_bytes()),
            ("$secret", self.secret.expose()),
        ];
        let mut rest = self.expression.as_str();
        while let Some(character) = rest.chars().next() {
            let variable = variables
                .iter()
                .find_map(|(name, value)| rest.strip_prefix(name).map(|after| (*value, after)));
            let (value, after) = match variable {
                Some(found) => found,
                None => {
                    let (text, after) = rest.split_at(character.len_utf8());
                    (text.as_bytes(), after)
                }
            };
            hashed.extend_from_slice(value);
            rest = after;
        }
        md5(&[&hashed])
    }
}

/// `secure_link_secret`: the hash of `/prefix/hash/link`, MD5 of link and secret in hex. It never expires.
///
/// # Errors
/// [`TokenError::EmptySecret`] and [`TokenError::BadSignature`].
///
/// ```
/// # use weir_auth::token::secure_link_secret;
/// // The example of nginx's documentation.
/// secure_link_secret("5e814704a28d9bc1914ff19fa0c4a00a", "link", &"secret".into()).unwrap();
/// ```
pub fn secure_link_secret(hash: &str, link: &str, secret: &Secret) -> Result<(), TokenError> {
    if secret.is_empty() {
        return Err(TokenError::EmptySecret);
    }
    check_hex(hash, &hex(&md5(&[link.as_bytes(), secret.expose()])))
}
