//! Opus: the identification header.

use alloc::vec::Vec;

use crate::Malformed;
use crate::cursor::Cursor;

/// OpusHead, with its magic.
///
/// RFC 7845, section 5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpusConfig<'a> {
    /// Version; the high four bits are 0 in all that can be read.
    pub version: u8,
    /// Channels, 1 to 255.
    pub channels: u8,
    /// Samples at 48 kHz to drop at the start.
    pub pre_skip: u16,
    /// Rate of what was encoded, in Hz. Opus itself always plays at 48 kHz.
    pub input_rate: u32,
    /// Gain to apply, in 1/256 dB.
    pub gain: i16,
    /// Channel mapping family.
    pub family: u8,
    /// Streams, coupled streams and the stream of each channel, for families other than 0.
    pub mapping: Option<OpusMapping<'a>>,
}

/// How streams make channels. RFC 7845, section 5.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpusMapping<'a> {
    /// Streams in each packet.
    pub streams: u8,
    /// How many of them are stereo.
    pub coupled: u8,
    /// For each channel the decoded channel that makes it; 255 is silence.
    pub channels: &'a [u8],
}

impl<'a> OpusConfig<'a> {
    /// The header of mono or stereo that is joined in the middle: nothing is to be skipped.
    #[must_use]
    pub const fn new(channels: u8) -> Self {
        Self {
            version: 1,
            channels,
            pre_skip: 0,
            input_rate: 48_000,
            gain: 0,
            family: 0,
            mapping: None,
        }
    }

    /// Reads an identification header; bytes behind it are ignored.
    ///
    /// # Errors
    /// [`Malformed`] when the magic is another, it is too short, or its version is above 15.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(header);
        let magic = cursor.array::<8>("OpusHead")?;
        if &magic != MAGIC {
            let got = u64::from_be_bytes(magic);
            let allowed = "\"OpusHead\"";
            return Err(Malformed::Value {
                what: "magic",
                offset: 0,
                got,
                allowed,
            });
        }
        let version = cursor.u8("version")?;
        if version > 15 {
            let got = version.into();
            return Err(Malformed::Value {
                what: "version",
                offset: 8,
                got,
                allowed: "0 to 15",
            });
        }
        let channels = cursor.u8("channel count")?;
        let pre_skip = u16::from_le_bytes(cursor.array("pre-skip")?);
        let input_rate = u32::from_le_bytes(cursor.array("input sample rate")?);
        let gain = i16::from_le_bytes(cursor.array("output gain")?);
        let family = cursor.u8("channel mapping family")?;
        let mut mapping = None;
        if family != 0 {
            mapping = Some(OpusMapping {
                streams: cursor.u8("stream count")?,
                coupled: cursor.u8("coupled count")?,
                channels: cursor.take(channels.into(), "channel mapping")?,
            });
        }
        Ok(Self {
            version,
            channels,
            pre_skip,
            input_rate,
            gain,
            family,
            mapping,
        })
    }

    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(19);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[self.version, self.channels]);
        out.extend_from_slice(&self.pre_skip.to_le_bytes());
        out.extend_from_slice(&self.input_rate.to_le_bytes());
        out.extend_from_slice(&self.gain.to_le_bytes());
        out.push(self.family);
        if let Some(mapping) = &self.mapping {
            out.extend_from_slice(&[mapping.streams, mapping.coupled]);
            out.extend_from_slice(mapping.channels);
        }
        out
    }
}

const MAGIC: &[u8; 8] = b"OpusHead";
