//! SWF verification: the server asks which file plays, the client answers with its hash.

use hmac::Mac;

use super::digest::{CLIENT_NAME, hmac};

/// The file that a client claims to be.
///
/// The server asks with user control event 26, the client answers with event 27 and these 42
/// bytes:
///
/// ```text
/// 01 01 | size u32 | size u32 | HMAC-SHA256(last 32 bytes of S1, hash)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SwfIdentity {
    hash: [u8; 32],
    size: u32,
}

impl SwfIdentity {
    /// Returns the identity of a file whose hash and uncompressed size are known: what rtmpdump
    /// calls `--swfhash` and `--swfsize`.
    pub const fn new(hash: [u8; 32], size: u32) -> Self {
        Self { hash, size }
    }

    /// Returns the identity of an uncompressed file, or `None` from 4 GiB on.
    pub fn of_uncompressed(swf: &[u8]) -> Option<Self> {
        let hash = hmac(CLIENT_NAME, &[swf]).finalize().into_bytes().into();
        Some(Self {
            hash,
            size: u32::try_from(swf.len()).ok()?,
        })
    }

    /// Makes the client's answer; `swf_key` is [`Handshaken::swf_key`](super::Handshaken).
    pub fn response(&self, swf_key: &[u8; 32]) -> [u8; 42] {
        let mut response = [1; 42];
        let (head, signature) = response.split_at_mut(10);
        let sizes = head.iter_mut().skip(2);
        let size = self.size.to_be_bytes();
        for (to, from) in sizes.zip(size.iter().cycle()) {
            *to = *from;
        }
        signature.copy_from_slice(&hmac(swf_key, &[&self.hash]).finalize().into_bytes());
        response
    }

    /// Whether a client's answer names this file.
    pub fn is_named_by(&self, response: &[u8], swf_key: &[u8; 32]) -> bool {
        subtle::ConstantTimeEq::ct_eq(&self.response(swf_key)[..], response).into()
    }
}
