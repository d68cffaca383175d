//! FLAC: the STREAMINFO block.

use alloc::vec::Vec;

use super::bits::{BitWriter, Bits};
use crate::Malformed;
use crate::cursor::Cursor;

/// STREAMINFO.
///
/// RFC 9639, section 8.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlacConfig {
    /// Fewest samples in a block, but for the last.
    pub min_block: u16,
    /// Most samples in a block.
    pub max_block: u16,
    /// Fewest bytes in a frame; 0 when it is not known.
    pub min_frame: u32,
    /// Most bytes in a frame; 0 when it is not known.
    pub max_frame: u32,
    /// Samples per second, 20 bits.
    pub sample_rate: u32,
    /// Channels, 1 to 8.
    pub channels: u8,
    /// Bits per sample, 4 to 32.
    pub bits_per_sample: u8,
    /// Samples of each channel, 36 bits; 0 when it is not known.
    pub total_samples: u64,
    /// MD5 of the samples; zeros when it is not known.
    pub md5: [u8; 16],
}

impl FlacConfig {
    /// Reads a SequenceStart in any of the forms in use: "fLaC", block header and block (42
    /// bytes, as E-RTMP asks), block header and block (38), or the bare block (34, as FFmpeg
    /// 9.0.2 writes it).
    ///
    /// # Errors
    /// [`Malformed`] when the block is too short.
    pub fn decode(header: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(header);
        if header.starts_with(MAGIC) {
            cursor.take(MAGIC.len(), "fLaC")?;
        }
        if cursor.rest().len() >= 38 {
            cursor.take(4, "metadata block header")?;
        }
        let offset = cursor.offset();
        let block = cursor.take(34, "STREAMINFO")?;
        let mut bits = Bits::new(block);
        let mut read = |count, what| {
            bits.read(count, what).map_err(|malformed| match malformed {
                Malformed::Short {
                    what,
                    offset: at,
                    wanted,
                    left,
                } => Malformed::Short {
                    what,
                    offset: offset + at,
                    wanted,
                    left,
                },
                other => other,
            })
        };
        let min_block = read(16, "minimum block size")?;
        let max_block = read(16, "maximum block size")?;
        let min_frame = read(24, "minimum frame size")?;
        let max_frame = read(24, "maximum frame size")?;
        let sample_rate = read(20, "sample rate")?;
        let channels = read(3, "channels")? + 1;
        let bits_per_sample = read(5, "bits per sample")? + 1;
        let high = read(4, "total samples")?;
        let low = read(32, "total samples")?;
        let mut md5 = [0; 16];
        for byte in &mut md5 {
            *byte = (read(8, "MD5")? & 0xff) as u8;
        }
        Ok(Self {
            min_block: (min_block & 0xffff) as u16,
            max_block: (max_block & 0xffff) as u16,
            min_frame,
            max_frame,
            sample_rate,
            channels: (channels & 0xff) as u8,
            bits_per_sample: (bits_per_sample & 0xff) as u8,
            total_samples: u64::from(high) << 32 | u64::from(low),
            md5,
        })
    }

    /// The 42 bytes E-RTMP asks for: "fLaC", the header of a last block, and the block.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bits = BitWriter::default();
        bits.write(self.min_block.into(), 16);
        bits.write(self.max_block.into(), 16);
        bits.write(self.min_frame, 24);
        bits.write(self.max_frame, 24);
        bits.write(self.sample_rate, 20);
        bits.write(u32::from(self.channels.wrapping_sub(1)), 3);
        bits.write(u32::from(self.bits_per_sample.wrapping_sub(1)), 5);
        bits.write((self.total_samples >> 32 & 0x0f) as u32, 4);
        bits.write((self.total_samples & 0xffff_ffff) as u32, 32);
        let mut out = Vec::with_capacity(42);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[0x80, 0, 0, 34]);
        out.extend_from_slice(&bits.into_bytes());
        out.extend_from_slice(&self.md5);
        out
    }
}

const MAGIC: &[u8; 4] = b"fLaC";
