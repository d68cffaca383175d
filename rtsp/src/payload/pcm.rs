//! PCM and the formats that code sample by sample: RFC 3551, section 4.5; RFC 3190 for L24.

/// How samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// G.711 mu-law, 8 bits.
    Pcmu,
    /// G.711 A-law, 8 bits.
    Pcma,
    /// G.722, 4 bits; its RTP clock is 8000 Hz although it samples at 16 kHz.
    G722,
    /// Linear, 8 bits, unsigned.
    L8,
    /// Linear, 16 bits, big-endian.
    L16,
    /// Linear, 24 bits, big-endian.
    L24,
}

impl Encoding {
    /// The name in `a=rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::L8 => "L8",
            Self::L16 => "L16",
            Self::L24 => "L24",
        }
    }

    /// Bytes that one channel takes per unit of the RTP clock.
    const fn sample_len(self) -> usize {
        match self {
            // G.722: two samples of 4 bits per unit of its clock.
            Self::Pcmu | Self::Pcma | Self::G722 | Self::L8 => 1,
            Self::L16 => 2,
            Self::L24 => 3,
        }
    }
}

/// What SDP says about a PCM track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// How samples are coded.
    pub encoding: Encoding,
    /// The RTP clock in Hz: the sample rate, but for G.722.
    pub clock_rate: u32,
    /// Channels, interleaved sample by sample, 1 to 255.
    pub channels: u8,
}

impl Parameters {
    /// Makes parameters; 0 channels count as 1.
    pub const fn new(encoding: Encoding, clock_rate: u32, channels: u8) -> Self {
        Self {
            encoding,
            clock_rate,
            channels: if channels == 0 { 1 } else { channels },
        }
    }

    /// Bytes of all channels together per unit of the RTP clock.
    pub(super) const fn block_len(&self) -> usize {
        let channels = if self.channels == 0 {
            1
        } else {
            self.channels as usize
        };
        self.encoding.sample_len() * channels
    }

    /// Clock units of a payload; none if it ends inside a sample.
    pub(super) fn duration(&self, len: usize) -> Option<u32> {
        let block_len = self.block_len();
        if len % block_len != 0 {
            return None;
        }
        u32::try_from(len / block_len).ok()
    }
}
