//! SecureToken of FMS and Wowza: a shared key deciphers what the server put into its `_result`.
//!
//! Compatibility only. The cipher (XXTEA, "corrected block TEA") has known attacks, the key is at most 128
//! bits of a typed password, and whoever sees one exchange can guess offline.

use alloc::string::String;
use alloc::vec::Vec;

use crate::encoding::{decode_hex, hex};
use crate::error::{Malformed, Misuse, OrExpected};
use crate::secret::Secret;

/// Both ends' shared key: its first 16 bytes count.
///
/// ```
/// use weir_auth::SecureToken;
///
/// // The server puts `sent` into `secureToken` of the connect result and keeps `plain` ...
/// let key = SecureToken::new(&"#ed%h0#w@1".into()).unwrap();
/// let plain = "4f1c09aa73d25e01";
/// let sent = key.encrypt(plain).unwrap();
/// // ... the client calls `secureTokenResponse(null, answer)` ...
/// let answer = key.answer(&sent).unwrap();
/// // ... and the server compares.
/// assert!(SecureToken::matches(plain, &answer));
/// ```
#[derive(Debug, Clone)]
pub struct SecureToken {
    /// As typed; zero-padded or cut to four little-endian words when it is used.
    key: Secret,
}

impl SecureToken {
    /// The longest plaintext, in bytes.
    pub const MAX_LEN: usize = 1024;

    /// The key of that password.
    ///
    /// # Errors
    /// [`Misuse::EmptySecret`]: an empty key would be known to everybody.
    pub fn new(password: &Secret) -> Result<Self, Misuse> {
        if password.is_empty() {
            return Err(Misuse::EmptySecret);
        }
        Ok(Self {
            key: password.clone(),
        })
    }

    /// The value of `secureToken`: the enciphered text in hex.
    ///
    /// `plain` should be random ASCII, a multiple of 4 bytes, at least 8: shorter text is padded with zeros.
    ///
    /// # Errors
    /// [`Misuse::TooLong`] for more than [`SecureToken::MAX_LEN`] bytes.
    pub fn encrypt(&self, plain: &str) -> Result<String, Misuse> {
        if plain.len() > Self::MAX_LEN {
            let (what, got, limit) = ("secure token", plain.len(), Self::MAX_LEN);
            return Err(Misuse::TooLong { what, got, limit });
        }
        let mut block = words(plain.as_bytes());
        block.resize(block.len().max(2), 0);
        encipher(&mut block, self.key_words());
        Ok(hex(&bytes(&block)))
    }

    /// The client's answer to `secureToken`: the deciphered text, its zero padding cut off.
    ///
    /// # Errors
    /// [`Malformed`] for text that is not hex of 2 to 256 words, or deciphers to something that is no text
    /// (the usual sign of another key).
    pub fn answer(&self, secure_token: &str) -> Result<String, Malformed> {
        let limit = Self::MAX_LEN * 2;
        if secure_token.len() > limit {
            let (what, got) = ("secure token", secure_token.len());
            return Err(Malformed::TooLong { what, got, limit });
        }
        let enciphered = decode_hex(secure_token)
            .filter(|token| token.len() >= 8 && token.len() % 4 == 0)
            .or_expected("hex of 2 or more words", 0)?;
        let mut block = words(&enciphered);
        decipher(&mut block, self.key_words());
        let plain = String::from_utf8(bytes(&block))
            .map_err(|_| Malformed::expected("text after deciphering", 0))?;
        Ok(plain.trim_end_matches('\0').into())
    }

    /// Whether `answer` is the text that was enciphered. rtmpdump 2.4 leaves the zero padding in its answer.
    pub fn matches(plain: &str, answer: &str) -> bool {
        let trim = |text: &str| Secret::from(text.trim_end_matches('\0'));
        trim(plain) == trim(answer) && !plain.is_empty()
    }

    fn key_words(&self) -> [u32; 4] {
        let mut key = [0; 16];
        key.iter_mut()
            .zip(self.key.expose())
            .for_each(|(to, from)| *to = *from);
        let word = |index: usize| {
            let word = key
                .get(index * 4..index * 4 + 4)
                .and_then(|word| word.try_into().ok());
            u32::from_le_bytes(word.unwrap_or_default())
        };
        core::array::from_fn(word)
    }
}

/// XXTEA over two or more words.
fn encipher(block: &mut [u32], key: [u32; 4]) {
    let rounds = rounds(block.len());
    let mut sum = 0_u32;
    let mut z = block.last().copied().unwrap_or(0);
    for _ in 0..rounds {
        sum = sum.wrapping_add(DELTA);
        for position in 0..block.len() {
            let y = at(block, position + 1);
            if let Some(word) = block.get_mut(position) {
                *word = word.wrapping_add(mix(y, z, sum, position, key));
                z = *word;
            }
        }
    }
}

fn decipher(block: &mut [u32], key: [u32; 4]) {
    let rounds = rounds(block.len());
    let mut sum = DELTA.wrapping_mul(rounds);
    let mut y = at(block, 0);
    for _ in 0..rounds {
        for position in (0..block.len()).rev() {
            let z = at(block, position + block.len() - 1);
            if let Some(word) = block.get_mut(position) {
                *word = word.wrapping_sub(mix(y, z, sum, position, key));
                y = *word;
            }
        }
        sum = sum.wrapping_sub(DELTA);
    }
}

fn mix(y: u32, z: u32, sum: u32, position: usize, key: [u32; 4]) -> u32 {
    let index = (position & 3) ^ usize::try_from((sum >> 2) & 3).unwrap_or(0);
    let key = key.get(index).copied().unwrap_or(0);
    let shifted = ((z >> 5) ^ (y << 2)).wrapping_add((y >> 3) ^ (z << 4));
    shifted ^ (sum ^ y).wrapping_add(key ^ z)
}

/// The word at `index`, counted round the block.
fn at(block: &[u32], index: usize) -> u32 {
    block.get(index % block.len().max(1)).copied().unwrap_or(0)
}

fn rounds(words: usize) -> u32 {
    6 + 52 / u32::try_from(words.max(1)).unwrap_or(u32::MAX)
}

/// Little-endian words, the last one padded with zeros.
fn words(bytes: &[u8]) -> Vec<u32> {
    let word = |chunk: &[u8]| {
        let mut word = [0; 4];
        word.iter_mut()
            .zip(chunk)
            .for_each(|(to, from)| *to = *from);
        u32::from_le_bytes(word)
    };
    bytes.chunks(4).map(word).collect()
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

const DELTA: u32 = 0x9e37_79b9;
