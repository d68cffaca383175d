//! The two formats.

use core::fmt;

/// One of the two Action Message Formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the two specifications")]
pub enum Format {
    /// AMF0, the format of RTMP commands and FLV script data.
    Amf0,
    /// AMF3, the format of ActionScript 3.
    Amf3,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amf0 => "AMF0",
            Self::Amf3 => "AMF3",
        })
    }
}
