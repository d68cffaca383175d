//! Tencent Cloud's `txSecret` and `txTime`.

use alloc::string::String;

use super::{check_expiry, check_hex, not_empty, parse_hex_secs};
use crate::encoding::hex;
use crate::error::{Misuse, TokenError};
use crate::hash::md5;
use crate::secret::Secret;
use crate::time::UnixTime;

/// A push or play key.
///
/// ```
/// // The example of the vendor's documentation.
/// let key = weir_auth::token::TxSecret::new(&"e12c46f2612d5106e2034781ab261ca3".into()).unwrap();
/// assert_eq!(key.sign("test", "5C271099"), "f85a2ab363fe4deaffef9754d79da6fe");
/// ```
#[derive(Debug, Clone)]
pub struct TxSecret {
    key: Secret,
}

impl TxSecret {
    /// Takes the key of the console; the vendor has one for pushing and may have one for playing.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`].
    pub fn new(key: &Secret) -> Result<Self, Misuse> {
        Ok(Self {
            key: not_empty(key)?,
        })
    }

    /// The value of `txSecret`; `tx_time` is the expiry in hex, hashed as it is written.
    pub fn sign(&self, stream: &str, tx_time: &str) -> String {
        hex(&md5(&[
            self.key.expose(),
            stream.as_bytes(),
            tx_time.as_bytes(),
        ]))
    }

    /// Checks both parameters of a stream's query.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(
        &self,
        stream: &str,
        tx_secret: &str,
        tx_time: &str,
        now: UnixTime,
    ) -> Result<(), TokenError> {
        check_hex(tx_secret, &self.sign(stream, tx_time))?;
        // The time is always 8 digits; more or less would borrow from the stream's name.
        if tx_time.len() != 8 {
            return Err(TokenError::BadSignature);
        }
        check_expiry(parse_hex_secs("8 hex digits in txTime", tx_time)?, now)
    }
}
