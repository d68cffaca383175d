use crate::Malformed;
use crate::cursor::Cursor;

/// The header of a file.
///
/// Players wait for every track that the flags announce and ignore those that they do not, so
/// flags must be exact.
///
/// ```text
///  'F' 'L' 'V'  version  00000A0V  DataOffset (UI32)
/// ```
/// FLV 10.1, section E.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileHeader {
    /// Always 1.
    pub version: u8,
    /// 4 for audio, 1 for video; the other bits are reserved.
    pub flags: u8,
    /// Where the body begins, counted from the header; 9 unless somebody put more into it.
    pub data_offset: u32,
}

impl FileHeader {
    /// Length of the header in bytes.
    pub const LEN: usize = 9;

    /// A header that announces these tracks.
    ///
    /// ```
    /// use weir_flv::file::FileHeader;
    /// let header = FileHeader::new(true, true);
    /// assert_eq!(&header.encode(), b"FLV\x01\x05\0\0\0\x09\0\0\0\0");
    /// ```
    #[must_use]
    pub const fn new(audio: bool, video: bool) -> Self {
        let flags = if audio { AUDIO } else { 0 } | if video { VIDEO } else { 0 };
        Self {
            version: 1,
            flags,
            data_offset: 9,
        }
    }

    /// Whether it announces audio.
    #[must_use]
    pub const fn has_audio(&self) -> bool {
        self.flags & AUDIO != 0
    }

    /// Whether it announces video.
    #[must_use]
    pub const fn has_video(&self) -> bool {
        self.flags & VIDEO != 0
    }

    /// Reads a header from the front of `bytes`.
    ///
    /// # Errors
    /// [`Malformed`] when there are fewer than 9 bytes, the signature is another, or the body is
    /// said to begin inside the header.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(bytes);
        let signature = cursor.u24("Signature")?;
        if signature != SIGNATURE {
            return Err(Malformed::Value {
                what: "Signature",
                offset: 0,
                got: signature.into(),
                allowed: "0x464c56",
            });
        }
        let version = cursor.u8("Version")?;
        let flags = cursor.u8("TypeFlags")?;
        let data_offset = cursor.u32("DataOffset")?;
        if data_offset < 9 {
            return Err(Malformed::Value {
                what: "DataOffset",
                offset: 5,
                got: data_offset.into(),
                allowed: "9 and more",
            });
        }
        Ok(Self {
            version,
            flags,
            data_offset,
        })
    }

    /// The 9 bytes of the header and the PreviousTagSize of 0 that follows them.
    ///
    /// `data_offset` is written as 9, where these bytes end.
    #[must_use]
    pub const fn encode(&self) -> [u8; 13] {
        [
            b'F',
            b'L',
            b'V',
            self.version,
            self.flags,
            0,
            0,
            0,
            9,
            0,
            0,
            0,
            0,
        ]
    }

    /// The bits of `flags` that mean nothing.
    pub(super) const fn reserved_flags(&self) -> u8 {
        self.flags & !(AUDIO | VIDEO)
    }
}

const AUDIO: u8 = 4;
const VIDEO: u8 = 1;
pub(super) const SIGNATURE: u32 = 0x46_4c_56;
