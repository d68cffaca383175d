//! The hashes and MACs of the mechanisms, each over a list of parts, so that nothing is joined first.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512, Sha512_256};

use crate::encoding::hex_digit;

pub(crate) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    hash::<Md5>(parts).into()
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    hash::<Sha256>(parts).into()
}

pub(crate) fn sha384(parts: &[&[u8]]) -> [u8; 48] {
    hash::<Sha384>(parts).into()
}

pub(crate) fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    hash::<Sha512>(parts).into()
}

pub(crate) fn sha512_256(parts: &[&[u8]]) -> [u8; 32] {
    hash::<Sha512_256>(parts).into()
}

pub(crate) fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    mac(keyed::<Hmac<Md5>>(key), parts).into()
}

pub(crate) fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    mac(keyed::<Hmac<Sha1>>(key), parts).into()
}

pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    mac(keyed::<Hmac<Sha256>>(key), parts).into()
}

/// HMAC-SHA256 whose key is already absorbed: two compressions less per message.
#[derive(Clone)]
pub(crate) struct KeyedSha256(Hmac<Sha256>);

impl KeyedSha256 {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(keyed(key))
    }

    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(self.0.clone(), parts).into()
    }

    /// The MAC of the parts, each preceded by its length: no two lists of parts share a MAC.
    pub(crate) fn mac_fields(&self, fields: &[&[u8]]) -> [u8; 32] {
        let mut state = self.0.clone();
        for field in fields {
            state.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            state.update(field);
        }
        state.finalize().into_bytes().into()
    }
}

/// PBKDF2-HMAC-SHA256 with one block of output (RFC 8018, section 5.2; `Hi` of RFC 5802).
pub(crate) fn pbkdf2_sha256(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let keyed = KeyedSha256::new(password);
    let mut block = keyed.mac(&[salt, &1u32.to_be_bytes()]);
    let mut sum = block;
    for _ in 1..iterations {
        block = keyed.mac(&[&block]);
        xor(&mut sum, &block);
    }
    sum
}

pub(crate) fn xor(into: &mut [u8; 32], with: &[u8; 32]) {
    for (left, right) in into.iter_mut().zip(with) {
        *left ^= right;
    }
}

/// A digest in lower-case hex, on the stack: up to 32 bytes of digest.
#[derive(Clone, Copy)]
pub(crate) struct HexDigest {
    text: [u8; 64],
    len: usize,
}

impl HexDigest {
    pub(crate) fn new(digest: &[u8]) -> Self {
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
            pair.copy_from_slice(&[hex_digit(byte >> 4), hex_digit(*byte)]);
        }
        Self {
            text,
            len: (digest.len() * 2).min(64),
        }
    }

    /// A digest that is hex already; `None` when it is longer than one.
    pub(crate) fn from_text(hex: &[u8]) -> Option<Self> {
        let mut text = [0; 64];
        text.get_mut(..hex.len())?.copy_from_slice(hex);
        Some(Self {
            text,
            len: hex.len(),
        })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

fn hash<D: Digest>(parts: &[&[u8]]) -> hmac::digest::Output<D> {
    let mut state = D::new();
    for part in parts {
        state.update(part);
    }
    state.finalize()
}

fn keyed<M: Mac + KeyInit>(key: &[u8]) -> M {
    <M as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn mac<M: Mac>(mut state: M, parts: &[&[u8]]) -> hmac::digest::Output<M> {
    for part in parts {
        state.update(part);
    }
    state.finalize().into_bytes()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{HexDigest, hmac_md5, hmac_sha256, pbkdf2_sha256};

    fn unhex(text: &str) -> Vec<u8> {
        crate::encoding::decode_hex(text).unwrap()
    }

    /// RFC 2202 and RFC 4231, as in the vectors.
    #[test]
    fn hmacs_are_those_of_the_rfcs() {
        let all: serde_json::Value =
            serde_json::from_str(include_str!("../tests/data/auth.json")).unwrap();
        let all = all["vectors"].as_array().unwrap();
        let mut count = 0;
        for v in all.iter().filter(|v| v["scheme"] == "hmac") {
            let bytes = |name: &str| unhex(v["in"][name].as_str().unwrap());
            let (key, data) = (bytes("key_hex"), bytes("data_hex"));
            let mac = match v["in"]["alg"].as_str() {
                Some("md5") => hmac_md5(&key, &[&data]).to_vec(),
                _ => hmac_sha256(&key, &[&data]).to_vec(),
            };
            assert_eq!(
                mac,
                unhex(v["expect"]["mac_hex"].as_str().unwrap()),
                "{}",
                v["id"]
            );
            count += 1;
        }
        for v in all.iter().filter(|v| v["scheme"] == "pbkdf2_hmac_sha256") {
            let bytes = |name: &str| unhex(v["in"][name].as_str().unwrap());
            let iterations = u32::try_from(v["in"]["iterations"].as_u64().unwrap()).unwrap();
            let key = pbkdf2_sha256(&bytes("password_hex"), &bytes("salt_hex"), iterations);
            let expected = unhex(v["expect"]["dk_hex"].as_str().unwrap());
            assert_eq!(key.as_slice(), &expected[..32], "{}", v["id"]);
            count += 1;
        }
        assert_eq!(count, 7);
    }

    #[test]
    fn hex_digests_hold_what_fits_and_nothing_longer() {
        assert_eq!(HexDigest::new(&[0x0f, 0xa0]).as_str(), "0fa0");
        assert!(HexDigest::from_text(&[b'a'; 64]).is_some());
        assert!(HexDigest::from_text(&[b'a'; 65]).is_none());
    }
}
