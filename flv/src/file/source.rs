//! Reading a file in ranges, whatever holds it.

use alloc::vec::Vec;

/// A file that can be read at any place. Implemented for byte slices; for others it is a few
/// lines over `pread`, a range request or a block cache.
pub trait Source {
    /// Why reading failed.
    type Error;

    /// Length of the file in bytes.
    ///
    /// # Errors
    /// What the source says.
    fn len(&mut self) -> Result<u64, Self::Error>;

    /// Whether the file has no bytes.
    ///
    /// # Errors
    /// What the source says.
    fn is_empty(&mut self) -> Result<bool, Self::Error> {
        Ok(self.len()? == 0)
    }

    /// Reads bytes from `offset` on into `buffer` and tells how many: fewer than it holds only
    /// at the end of the file.
    ///
    /// # Errors
    /// What the source says.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Self::Error>;
}

impl Source for &[u8] {
    type Error = core::convert::Infallible;

    fn len(&mut self) -> Result<u64, Self::Error> {
        Ok(<[u8]>::len(self) as u64)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let begin = usize::try_from(offset).unwrap_or(usize::MAX);
        let from = self.get(begin..).unwrap_or_default();
        let mut copied = 0;
        for (to, from) in buffer.iter_mut().zip(from) {
            *to = *from;
            copied += 1;
        }
        Ok(copied)
    }
}

/// Reads a source in blocks, forwards, so that small reads do not each go to the disk.
#[derive(Debug)]
pub(super) struct Blocks<'s, S> {
    source: &'s mut S,
    block: Vec<u8>,
    begin: u64,
}

impl<'s, S: Source> Blocks<'s, S> {
    pub(super) const fn new(source: &'s mut S) -> Self {
        Self {
            source,
            block: Vec::new(),
            begin: 0,
        }
    }

    /// Up to `len` bytes from `offset` on; fewer only at the end of the file.
    pub(super) fn read(&mut self, offset: u64, len: usize) -> Result<&[u8], S::Error> {
        let within = offset
            .checked_sub(self.begin)
            .and_then(|skip| usize::try_from(skip).ok())
            .filter(|skip| skip.saturating_add(len) <= self.block.len());
        let skip = match within {
            Some(skip) => skip,
            None => {
                self.block.resize(len.max(BLOCK_LEN), 0);
                let read = self.source.read_at(offset, &mut self.block)?;
                self.block.truncate(read);
                self.begin = offset;
                0
            }
        };
        let rest = self.block.get(skip..).unwrap_or_default();
        Ok(rest.get(..len).unwrap_or(rest))
    }
}

const BLOCK_LEN: usize = 64 * 1024;
