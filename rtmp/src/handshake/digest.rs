//! Signed greetings and answers, as Flash Player and Flash Media Server make them.
//!
//! ```text
//! greeting   | time 4 | version 4 | 764 bytes | 764 bytes |
//! ```
//!
//! One half holds a digest, the other a Diffie-Hellman key that only RTMPE uses; which half is
//! which is the layout. Each stands at an offset that the sum of four bytes of its half tells.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{PART_LEN, Part, Role};

/// Which half of a greeting holds the digest.
///
/// Projects number the two and disagree on the numbers, so they are named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: the two layouts Flash Player had"
)]
pub enum DigestLayout {
    /// The digest is in the first half, from byte 8 on.
    DigestFirst,
    /// The key is in the first half, and the digest in the second, from byte 772 on.
    KeyFirst,
}

impl DigestLayout {
    /// Where the digest of `part` would be.
    fn digest_position(self, part: &Part) -> usize {
        match self {
            Self::DigestFirst => sum(part, 8) % 728 + 12,
            Self::KeyFirst => sum(part, 772) % 728 + 776,
        }
    }

    /// Where the Diffie-Hellman key of `part` would be, 128 bytes.
    #[cfg(feature = "rtmpe")]
    pub(super) fn key_position(self, part: &Part) -> usize {
        match self {
            Self::DigestFirst => sum(part, 1532) % 632 + 772,
            Self::KeyFirst => sum(part, 768) % 632 + 8,
        }
    }
}

/// Returns the layout and the digest of a greeting that `sender` signed.
pub(super) fn find(part: &Part, sender: Role) -> Option<(DigestLayout, [u8; DIGEST_LEN])> {
    [DigestLayout::DigestFirst, DigestLayout::KeyFirst]
        .into_iter()
        .find_map(|layout| {
            let (before, digest, after) = split(part, layout.digest_position(part))?;
            let valid = digest_hmac(sender, before, after)
                .verify_slice(digest)
                .is_ok();
            valid.then_some((layout, digest.try_into().ok()?))
        })
}

/// Writes the version and the digest into a greeting, and returns the digest.
pub(super) fn sign(
    part: &mut Part,
    sender: Role,
    layout: DigestLayout,
) -> Option<[u8; DIGEST_LEN]> {
    let version = match sender {
        Role::Client => CLIENT_VERSION,
        Role::Server => SERVER_VERSION,
    };
    put(part, 4, &version);
    let position = layout.digest_position(part);
    let (before, _, after) = split(part, position)?;
    let digest = digest_hmac(sender, before, after).finalize().into_bytes();
    put(part, position, &digest);
    Some(digest.into())
}

/// Signs the answer to a greeting whose digest is `digest`, over the bytes before the signature.
pub(super) fn sign_answer(answer: &mut Part, sender: Role, digest: &[u8; DIGEST_LEN]) {
    if let Some((signed, _, _)) = split(answer, PART_LEN - DIGEST_LEN) {
        let signature = answer_hmac(sender, digest, signed).finalize().into_bytes();
        put(answer, PART_LEN - DIGEST_LEN, &signature);
    }
}

/// Whether `answer` is `sender`'s to the greeting whose digest is `digest`.
pub(super) fn is_answer(answer: &Part, sender: Role, digest: &[u8; DIGEST_LEN]) -> bool {
    split(answer, PART_LEN - DIGEST_LEN).is_some_and(|(signed, signature, _)| {
        answer_hmac(sender, digest, signed)
            .verify_slice(signature)
            .is_ok()
    })
}

pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut hmac = Hmac::new_from_slice(key).expect("HMAC takes keys of every length");
    for part in parts {
        hmac.update(part);
    }
    hmac
}

fn digest_hmac(sender: Role, before: &[u8], after: &[u8]) -> Hmac<Sha256> {
    let name: &[u8] = match sender {
        Role::Client => CLIENT_NAME,
        Role::Server => SERVER_NAME,
    };
    hmac(name, &[before, after])
}

fn answer_hmac(sender: Role, digest: &[u8; DIGEST_LEN], signed: &[u8]) -> Hmac<Sha256> {
    let key = match sender {
        Role::Client => hmac(&[&CLIENT_NAME[..], &KEY_TAIL].concat(), &[digest]),
        Role::Server => hmac(&SERVER_KEY_HASH, &[digest]),
    };
    hmac(&key.finalize().into_bytes(), &[signed])
}

fn sum(part: &Part, position: usize) -> usize {
    part.iter()
        .skip(position)
        .take(4)
        .map(|byte| usize::from(*byte))
        .sum()
}

/// Cuts the 32 bytes at `position` out.
fn split(part: &Part, position: usize) -> Option<(&[u8], &[u8], &[u8])> {
    let (before, rest) = part.split_at_checked(position)?;
    let (digest, after) = rest.split_at_checked(DIGEST_LEN)?;
    Some((before, digest, after))
}

pub(super) fn put(part: &mut Part, position: usize, bytes: &[u8]) {
    for (to, from) in part.iter_mut().skip(position).zip(bytes) {
        *to = *from;
    }
}

pub(super) const DIGEST_LEN: usize = 32;

/// Flash Player 9.0.124.2, as FFmpeg says it is.
const CLIENT_VERSION: [u8; 4] = [9, 0, 124, 2];
/// Flash Media Server 4.5.0.1.
const SERVER_VERSION: [u8; 4] = [4, 5, 0, 1];

pub(super) const CLIENT_NAME: &[u8; 30] = b"Genuine Adobe Flash Player 001";
const SERVER_NAME: &[u8; 36] = b"Genuine Adobe Flash Media Server 001";
/// What follows the name in the key of an answer.
const KEY_TAIL: [u8; 32] = [
    0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57,
    0x6E, 0xEC, 0x5D, 0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
];
/// SHA-256 of the server's name and the tail: HMAC takes that for a key longer than 64 bytes.
const SERVER_KEY_HASH: [u8; 32] = [
    0x0B, 0xEC, 0x8F, 0xA9, 0x96, 0xD2, 0x48, 0x5E, 0xF9, 0x0F, 0x04, 0x84, 0xC8, 0x20, 0xD1, 0x78,
    0x66, 0x36, 0x43, 0xA6, 0xF4, 0x51, 0x0D, 0x06, 0x38, 0xCB, 0xD6, 0x49, 0xBF, 0x17, 0xD9, 0xA5,
];
