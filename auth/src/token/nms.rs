//! Node-Media-Server's `sign`.

use alloc::format;
use alloc::string::String;

use super::{check_expiry, check_hex, not_empty, parse_secs};
use crate::encoding::hex;
use crate::error::{Misuse, OrExpected, TokenError};
use crate::hash::md5;
use crate::secret::Secret;
use crate::time::UnixTime;

/// A secret.
///
/// ```
/// // The example of the project's README.
/// let secret = weir_auth::token::NodeMediaSign::new(&"nodemedia2017privatekey".into()).unwrap();
/// assert_eq!(secret.sign("/live/stream", 1503458721), "1503458721-80c1d1ad2e0c2ab63eebb50eed64201a");
/// ```
#[derive(Debug, Clone)]
pub struct NodeMediaSign {
    secret: Secret,
}

impl NodeMediaSign {
    /// Takes the secret of the server's `auth` settings.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(secret: &Secret) -> Result<Self, Misuse> {
        Ok(Self {
            secret: not_empty(secret)?,
        })
    }

    /// The value of `sign` for a path with a slash in front, until `expires` in seconds of Unix time.
    pub fn sign(&self, stream_path: &str, expires: u64) -> String {
        let expires = format!("{expires}");
        let digest = self.digest(stream_path, &expires);
        format!("{expires}-{digest}")
    }

    /// Checks `sign` of a request for a path.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, stream_path: &str, sign: &str, now: UnixTime) -> Result<(), TokenError> {
        let (expires, digest) = sign.split_once('-').or_expected("expiry-md5", 0)?;
        check_hex(digest, &self.digest(stream_path, expires))?;
        check_expiry(parse_secs("an expiry", expires)?, now)
    }

    fn digest(&self, stream_path: &str, expires: &str) -> String {
        let parts = [
            stream_path.as_bytes(),
            b"-",
            expires.as_bytes(),
            b"-",
            self.secret.expose(),
        ];
        hex(&md5(&parts))
    }
}
