//! JSON Web Tokens with HS256. RFC 7515, RFC 7519.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use serde_json::Value;

use super::{check_expiry, check_len, check_start, not_empty};
use crate::encoding::{base64url, decode_base64url};
use crate::error::{Malformed, Misuse, OrExpected, TokenError};
use crate::hash::hmac_sha256;
use crate::secret::{Secret, same};
use crate::time::UnixTime;

/// A key for HS256.
///
/// What the token says about its algorithm is not believed: everything but `HS256` is refused.
///
/// ```
/// use weir_auth::UnixTime;
/// use weir_auth::token::Jwt;
///
/// let jwt = Jwt::new(&"a key of 32 bytes or more, please".into()).unwrap();
/// let token = jwt.sign(r#"{"sub":"alice","exp":1700000060}"#);
/// let claims = jwt.verify(&token, UnixTime::from_secs(1_700_000_000)).unwrap();
/// assert_eq!(claims.text("sub"), Some("alice"));
/// ```
#[derive(Debug, Clone)]
pub struct Jwt {
    key: Secret,
    leeway: Duration,
    endless: bool,
}

impl Jwt {
    /// The key should have at least 32 random bytes.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(key: &Secret) -> Result<Self, Misuse> {
        Ok(Self {
            key: not_empty(key)?,
            leeway: Duration::ZERO,
            endless: false,
        })
    }

    /// Tolerates clocks that differ by this much. Default: 0.
    #[must_use]
    pub const fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Accepts tokens without `exp`, which are good for ever.
    #[must_use]
    pub const fn allow_endless(mut self) -> Self {
        self.endless = true;
        self
    }

    /// Makes a token of claims, a JSON object.
    pub fn sign(&self, claims: &str) -> String {
        let header = base64url(br#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{header}.{}", base64url(claims.as_bytes()));
        format!(
            "{signed}.{}",
            base64url(&hmac_sha256(self.key.expose(), &[signed.as_bytes()]))
        )
    }

    /// Checks signature, `exp` and `nbf`. Issuer, audience and what else matters is yours to compare.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, token: &str, now: UnixTime) -> Result<Claims, TokenError> {
        check_len("JWT", token)?;
        let form = "header.payload.signature";
        let (signed, signature) = token.rsplit_once('.').or_expected(form, 0)?;
        let (header, payload) = signed.split_once('.').or_expected(form, 0)?;
        let header = parse_object("the JWT header", header)?;
        if header.get("alg").and_then(Value::as_str) != Some("HS256")
            || header.get("crit").is_some()
        {
            return Err(TokenError::AlgorithmNotAllowed);
        }
        let signature =
            decode_base64url(signature).or_expected("base64url signature", signed.len())?;
        if !same(
            &signature,
            &hmac_sha256(self.key.expose(), &[signed.as_bytes()]),
        ) {
            return Err(TokenError::BadSignature);
        }
        let claims = Claims {
            payload: parse_object("the JWT payload", payload)?,
        };
        match claims.time("exp")? {
            Some(expires) => check_expiry(expires + self.leeway, now)?,
            None if self.endless => {}
            None => return Err(Malformed::Missing { what: "exp" }.into()),
        }
        if let Some(not_before) = claims.time("nbf")? {
            check_start(not_before - self.leeway, now)?;
        }
        Ok(claims)
    }
}

/// The claims of a verified token.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    payload: Value,
}

impl Claims {
    /// A claim that is text, for example `sub`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.payload.get(name)?.as_str()
    }

    /// A claim that is a whole number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.payload.get(name)?.as_u64()
    }

    /// A claim that is true or false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.payload.get(name)?.as_bool()
    }

    /// The texts of a claim that is a text or a list of them, for example `aud`.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let claim = self.payload.get(name);
        let list = claim.and_then(Value::as_array).map(|list| list.as_slice());
        let single = claim
            .filter(|claim| claim.is_string())
            .map(core::slice::from_ref);
        list.or(single)
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
    }

    /// All claims as JSON, for those that are none of these.
    pub fn to_json(&self) -> String {
        format!("{}", self.payload)
    }

    /// Seconds of Unix time; RFC 7519 allows fractions.
    fn time(&self, name: &'static str) -> Result<Option<UnixTime>, Malformed> {
        let Some(claim) = self.payload.get(name) else {
            return Ok(None);
        };
        let whole = claim.as_u64().map(UnixTime::from_secs);
        let fraction = || {
            let secs = claim
                .as_f64()
                .and_then(|secs| Duration::try_from_secs_f64(secs).ok());
            secs.map(|secs| UnixTime::default() + secs)
        };
        whole
            .or_else(fraction)
            .or_expected("seconds of Unix time", 0)
            .map(Some)
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims")
    }
}

fn parse_object(what: &'static str, text: &str) -> Result<Value, Malformed> {
    let json = decode_base64url(text).or_expected(what, 0)?;
    let value: Option<Value> = serde_json::from_slice(&json).ok();
    value.filter(Value::is_object).or_expected(what, 0)
}
