//! RTMPE: a Diffie-Hellman key in each greeting, and RC4 after the handshake.

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use crypto_bigint::modular::{MontyForm, MontyParams};
use crypto_bigint::{Encoding, Odd, U1024};
use hmac::Mac;
use rc4::{KeyInit, Rc4, StreamCipher};

use super::digest::{self, hmac};
use super::{DigestLayout, PART_LEN, Part};

/// The ciphers of an encrypted connection, from its first chunk on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ciphers {
    /// For what the peer sends.
    pub input: Cipher,
    /// For what this side sends.
    pub output: Cipher,
}

/// One direction of an encrypted connection.
pub struct Cipher(Rc4);

impl Cipher {
    /// Decrypts or encrypts the next bytes of the direction; in place if nobody else holds them.
    pub fn apply(&mut self, bytes: Bytes) -> Bytes {
        let mut bytes = match bytes.try_into_mut() {
            Ok(bytes) => Vec::from(bytes),
            Err(shared) => Vec::from(shared),
        };
        self.0.apply_keystream(&mut bytes);
        bytes.into()
    }

    fn new(key: &[u8]) -> Self {
        let mut cipher = Rc4::new_from_slice(key).expect("RC4 takes keys of 16 bytes");
        // Neither side uses the first bytes of the key stream.
        cipher.apply_keystream(&mut [0; PART_LEN]);
        Self(cipher)
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher")
    }
}

/// Our half of the key agreement.
#[derive(Clone)]
pub(super) struct KeyPair {
    secret: U1024,
    public: [u8; KEY_LEN],
}

/// The secret of a finished key agreement, and what goes into the keys.
#[derive(Clone)]
pub(super) struct Agreement {
    shared: [u8; KEY_LEN],
    own: [u8; KEY_LEN],
    peer: [u8; KEY_LEN],
}

impl KeyPair {
    pub(super) fn new(random: [u8; KEY_LEN]) -> Self {
        let secret = U1024::from_be_bytes(random);
        let public = power(&U1024::from_u8(2), &secret).to_be_bytes();
        Self { secret, public }
    }

    /// Writes the public key into a greeting that is still to be signed.
    pub(super) fn put(&self, part: &mut Part, layout: DigestLayout) {
        let position = layout.key_position(part);
        digest::put(part, position, &self.public);
    }

    /// Agrees with the key in the peer's greeting; `None` if that is no key.
    pub(super) fn agree(&self, part: &Part, layout: DigestLayout) -> Option<Agreement> {
        let position = layout.key_position(part);
        let peer: [u8; KEY_LEN] = part.get(position..position + KEY_LEN)?.try_into().ok()?;
        let public = U1024::from_be_bytes(peer);
        // 1 < y < p - 1, and y is a square as all powers of two are: other keys would let their
        // sender learn or choose the secret.
        let one = U1024::ONE;
        let less_one = PRIME.wrapping_sub(&one);
        let order = less_one.shr(1);
        if public <= one || public >= less_one || power(&public, &order) != one {
            return None;
        }
        let shared = power(&public, &self.secret).to_be_bytes();
        Some(Agreement {
            shared,
            own: self.public,
            peer,
        })
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair")
    }
}

impl Agreement {
    pub(super) fn ciphers(&self) -> Ciphers {
        let cipher = |public: &[u8]| {
            let key = hmac(&self.shared, &[public]).finalize().into_bytes();
            Cipher::new(key.get(..16).unwrap_or_default())
        };
        Ciphers {
            input: cipher(&self.own),
            output: cipher(&self.peer),
        }
    }
}

impl fmt::Debug for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Agreement")
    }
}

fn power(base: &U1024, exponent: &U1024) -> U1024 {
    let prime = Odd::new(PRIME).expect("the prime is odd");
    MontyForm::new(base, MontyParams::new_vartime(prime))
        .pow(exponent)
        .retrieve()
}

pub(super) const KEY_LEN: usize = 128;

/// The second Oakley group. RFC 2409, section 6.2.
const PRIME: U1024 = U1024::from_be_hex(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74\
     020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437\
     4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
     EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
);
