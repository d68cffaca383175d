//! Argon2 hashes in PHC form: the only stored form made to be slow to guess besides SCRAM's.

use alloc::string::String;

use argon2::password_hash::PasswordVerifier;
use argon2::{Argon2, Params, password_hash::phc::PasswordHash};

use crate::error::Malformed;
use crate::secret::Secret;

/// A PHC string such as `$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$...`.
///
/// Checking one costs the memory and time that it names; a driver runs it off its event loop.
#[derive(Clone, PartialEq, Eq)]
pub struct Argon2Hash(String);

impl Argon2Hash {
    /// The most memory a hash may ask for, in KiB: 256 MiB.
    pub const MAX_MEMORY_KIB: u32 = 256 * 1024;

    /// Checks a PHC string.
    ///
    /// # Errors
    /// [`Malformed`] for anything that is not an Argon2 hash, or one that wants more than
    /// [`Argon2Hash::MAX_MEMORY_KIB`] or more than 64 passes.
    pub fn decode(phc: &str) -> Result<Self, Malformed> {
        let expected = Malformed::Expected {
            what: "an Argon2 hash in PHC form",
            offset: 0,
        };
        if !phc.starts_with("$argon2") || phc.len() > 512 {
            return Err(expected);
        }
        let parsed = PasswordHash::new(phc).map_err(|_| expected)?;
        if parsed.salt.is_none() || parsed.hash.is_none() {
            return Err(expected);
        }
        let params = Params::try_from(&parsed).map_err(|_| expected)?;
        let in_range = |what, got: u32, max: u32| {
            if got <= max {
                return Ok(());
            }
            Err(Malformed::OutOfRange {
                what,
                got: got.into(),
                min: 1,
                max: max.into(),
            })
        };
        in_range(
            "Argon2 memory in KiB",
            params.m_cost(),
            Self::MAX_MEMORY_KIB,
        )?;
        in_range("Argon2 passes", params.t_cost(), 64)?;
        Ok(Self(phc.into()))
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn check(&self, password: &Secret) -> bool {
        // The algorithm, version and parameters are those of the string, not of this default.
        PasswordHash::new(&self.0).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.expose(), &hash)
                .is_ok()
        })
    }
}

impl core::fmt::Debug for Argon2Hash {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Argon2Hash")
    }
}
