//! Codec names of four characters.

use core::fmt;

/// Declares the known codes: constant, bytes and meaning on adjacent lines.
macro_rules! four_ccs {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl FourCc {
            $($(#[$doc])* pub const $name: Self = Self(*$code);)*

            /// Every code that E-RTMP names.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

/// A codec signalled by four characters; unknown ones survive a round trip.
///
/// ```
/// use weir_flv::FourCc;
/// assert_eq!(FourCc::from(*b"hvc1"), FourCc::HEVC);
/// // `videocodecid` of onMetaData holds the four characters as one big-endian number.
/// assert_eq!(FourCc::AVC.as_u32(), 1_635_148_593);
/// assert_eq!(FourCc::MP3.to_string(), ".mp3");
/// ```
/// E-RTMP v2, "Enhanced Video" and "Enhanced Audio".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FourCc([u8; 4]);

four_ccs! {
    /// H.264, with an AVCDecoderConfigurationRecord.
    AVC = b"avc1";
    /// H.265, with a HEVCDecoderConfigurationRecord.
    HEVC = b"hvc1";
    /// H.266, with a VVCDecoderConfigurationRecord.
    VVC = b"vvc1";
    /// AV1, with an AV1CodecConfigurationRecord.
    AV1 = b"av01";
    /// VP8, with a VPCodecConfigurationRecord.
    VP8 = b"vp08";
    /// VP9, with a VPCodecConfigurationRecord.
    VP9 = b"vp09";
    /// AAC, with an AudioSpecificConfig.
    AAC = b"mp4a";
    /// Opus, with an identification header.
    OPUS = b"Opus";
    /// FLAC, with its STREAMINFO block.
    FLAC = b"fLaC";
    /// AC-3, without configuration.
    AC3 = b"ac-3";
    /// Enhanced AC-3, without configuration.
    EAC3 = b"ec-3";
    /// MP3, without configuration.
    MP3 = b".mp3";
}

impl FourCc {
    /// The four characters.
    #[must_use]
    pub const fn as_bytes(self) -> [u8; 4] {
        self.0
    }

    /// The four characters as one big-endian number, the form onMetaData uses.
    #[must_use]
    pub const fn as_u32(self) -> u32 {
        u32::from_be_bytes(self.0)
    }

    /// Whether coded frames carry a composition time: AVC, HEVC and VVC.
    #[must_use]
    #[inline]
    pub fn has_composition_time(self) -> bool {
        // As whole numbers: a pattern would look at byte after byte.
        self == Self::AVC || self == Self::HEVC || self == Self::VVC
    }
}

impl From<[u8; 4]> for FourCc {
    fn from(code: [u8; 4]) -> Self {
        Self(code)
    }
}

impl From<u32> for FourCc {
    fn from(code: u32) -> Self {
        Self(code.to_be_bytes())
    }
}

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.escape_ascii(), f)
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FourCc({self})")
    }
}
