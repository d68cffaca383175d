//! The signed paths of Plone's `unimr.red5.protectedvod`.

use alloc::format;
use alloc::string::{String, ToString};
use core::net::IpAddr;

use super::{StreamPath, check_expiry, check_hex, not_empty, parse_hex_secs};
use crate::encoding::hex;
use crate::error::{Misuse, OrExpected, TokenError};
use crate::hash::hmac_md5;
use crate::secret::Secret;
use crate::time::UnixTime;

/// A shared secret, for `rtmp://host/app/<path>/<signature>/<expiry>` and the name of a file.
#[derive(Debug, Clone)]
pub struct ProtectedVod {
    secret: Secret,
    check_address: bool,
}

impl ProtectedVod {
    /// An empty secret, which switched the original off, is refused.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(secret: &Secret) -> Result<Self, Misuse> {
        Ok(Self {
            secret: not_empty(secret)?,
            check_address: false,
        })
    }

    /// Signs the client's address too (`check_ip`).
    #[must_use]
    pub const fn with_address(mut self) -> Self {
        self.check_address = true;
        self
    }

    /// Signature and expiry as the two segments of the path. `path` comes without slashes at its ends, `peer` counts
    /// only with [`ProtectedVod::with_address`].
    pub fn sign(&self, path: &str, file: &str, peer: IpAddr, expires: UnixTime) -> String {
        let expires = format!("{:08x}", expires.as_secs());
        format!("{}/{expires}", self.signature(path, file, peer, &expires))
    }

    /// Checks what a client asked for below the application `root`, with each extension its file may have.
    /// The answer is `path/file`, the extension included.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(
        &self,
        request: &StreamPath<'_>,
        root: &str,
        extensions: &[&str],
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<String, TokenError> {
        let below = request
            .joined()
            .strip_prefix(root)
            .and_then(|rest| rest.strip_prefix('/'));
        let mut segments = below.or_expected("the application", 0)?.rsplitn(4, '/');
        let mut segment = || segments.next().or_expected("path/signature/expiry/file", 0);
        let (file, expires, signature, path) = (segment()?, segment()?, segment()?, segment()?);
        if expires.len() != 8 {
            return Err(TokenError::BadSignature);
        }
        let candidates = extensions
            .iter()
            .map(|extension| format!("{file}.{extension}"))
            .chain([file.into()]);
        for file in candidates {
            if check_hex(signature, &self.signature(path, &file, peer, expires)).is_ok() {
                check_expiry(parse_hex_secs("8 hex digits of expiry", expires)?, now)?;
                return Ok(format!("{path}/{file}"));
            }
        }
        Err(TokenError::BadSignature)
    }

    fn signature(&self, path: &str, file: &str, peer: IpAddr, expires: &str) -> String {
        let address = match self.check_address {
            true => peer.to_canonical().to_string(),
            false => String::new(),
        };
        let path = format!("/{path}/");
        let parts = [
            path.as_bytes(),
            file.as_bytes(),
            address.as_bytes(),
            expires.as_bytes(),
        ];
        hex(&hmac_md5(self.secret.expose(), &parts))
    }
}
