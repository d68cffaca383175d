//! Random bytes from the driver's seed: same seed, same bytes.

use core::fmt;

use crate::hash::KeyedSha256;

/// HMAC-SHA256 of a counter under the seed, 32 bytes a block.
pub(crate) struct Random {
    seed: KeyedSha256,
    drawn: u64,
}

impl Random {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self {
            seed: KeyedSha256::new(seed),
            drawn: 0,
        }
    }

    /// The next `N` bytes, `N` <= 32.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= 32, "one block holds 32 bytes") };
        let block = self.seed.mac(&[b"weir random", &self.drawn.to_be_bytes()]);
        self.drawn += 1;
        let mut bytes = [0; N];
        bytes
            .iter_mut()
            .zip(block)
            .for_each(|(to, from)| *to = from);
        bytes
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
