//! Red5 Cloud's digest token, after its documentation; never compared with the service itself.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{check_expiry, check_hex, check_len, not_empty, parse_secs};
use crate::encoding::hex;
use crate::error::{Misuse, OrExpected, TokenError};
use crate::hash::sha256;
use crate::secret::Secret;
use crate::time::UnixTime;

/// A secret, for tokens `stream:user:role:key=value:app:expiry:digest`.
#[derive(Debug, Clone)]
pub struct CloudToken {
    secret: Secret,
}

/// What a token says; compare stream, role and application with the request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloudGrant {
    /// The stream.
    pub stream: String,
    /// The user.
    pub user: String,
    /// `publisher` or `subscriber`.
    pub role: String,
    /// What stands between role and application: `key=value` each.
    pub params: Vec<String>,
    /// The application.
    pub app: String,
    /// When it ends.
    pub expires: UnixTime,
}

impl CloudToken {
    /// Takes the secret shared with the service.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(secret: &Secret) -> Result<Self, Misuse> {
        Ok(Self {
            secret: not_empty(secret)?,
        })
    }

    /// The token of `stream:user:role:key=value:app:expiry`; no field may hold a colon.
    pub fn sign(&self, payload: &str) -> String {
        format!("{payload}:{}", self.digest(payload))
    }

    /// Checks signature and expiry.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, token: &str, now: UnixTime) -> Result<CloudGrant, TokenError> {
        check_len("cloud token", token)?;
        let form = "stream:user:role:app:expiry:digest";
        let (payload, digest) = token.rsplit_once(':').or_expected(form, 0)?;
        check_hex(digest, &self.digest(payload))?;
        let fields: Vec<&str> = payload.split(':').collect();
        let [stream, user, role, params @ .., app, expires] = fields.as_slice() else {
            return Err(crate::error::Malformed::expected(form, 0).into());
        };
        let expires = parse_secs("an expiry", expires)?;
        check_expiry(expires, now)?;
        Ok(CloudGrant {
            stream: (*stream).into(),
            user: (*user).into(),
            role: (*role).into(),
            params: params.iter().map(|param| (*param).into()).collect(),
            app: (*app).into(),
            expires,
        })
    }

    fn digest(&self, payload: &str) -> String {
        hex(&sha256(&[payload.as_bytes(), b":", self.secret.expose()]))
    }
}
