//! `lal_secret` of lal, and xiu's MD5 mode, which is the same.

use alloc::string::String;

use super::{check_hex, not_empty};
use crate::encoding::hex;
use crate::error::{Misuse, TokenError};
use crate::hash::md5;
use crate::secret::Secret;

/// A key. What it signs never expires.
#[derive(Debug, Clone)]
pub struct LalSecret {
    key: Secret,
}

impl LalSecret {
    /// Takes the key of the server's `simple_auth` settings.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(key: &Secret) -> Result<Self, Misuse> {
        Ok(Self {
            key: not_empty(key)?,
        })
    }

    /// The value of `lal_secret` (lal) or `token` (xiu).
    pub fn sign(&self, stream: &str) -> String {
        hex(&md5(&[self.key.expose(), stream.as_bytes()]))
    }

    /// Checks it.
    ///
    /// # Errors
    /// [`TokenError::BadSignature`].
    pub fn verify(&self, stream: &str, secret: &str) -> Result<(), TokenError> {
        check_hex(secret, &self.sign(stream))
    }
}
