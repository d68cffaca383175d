//! ModEx: modifiers in front of an enhanced packet.

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::registry;

registry! {
    /// What a modifier says; unknown ones are carried along and change nothing.
    ModExType {
        /// Nanoseconds to add to the presentation time of this message.
        TIMESTAMP_OFFSET_NANO = 0, "timestamp_offset_nano";
    }
}

/// One modifier of an enhanced packet.
///
/// E-RTMP v2, "ModEx".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModEx<'a> {
    /// What it says.
    pub kind: ModExType,
    /// Its data, 1 to 65,536 bytes.
    pub data: &'a [u8],
}

impl ModEx<'_> {
    /// Nanoseconds, 0 to 999,999, when this is a time offset.
    #[must_use]
    pub fn nano(&self) -> Option<u32> {
        if self.kind != ModExType::TIMESTAMP_OFFSET_NANO {
            return None;
        }
        Cursor::new(self.data)
            .u24("TimestampOffsetNano")
            .ok()
            .filter(|nano| *nano <= NANO_MAX)
    }
}

/// The modifiers of one packet, in order.
///
/// Two lists are equal when their modifiers are; a length below 256 bytes has two forms.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModExList<'a> {
    /// From the first length to the byte that names what follows the last modifier.
    bytes: &'a [u8],
}

impl PartialEq for ModExList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes || self.iter().eq(other.iter())
    }
}

impl Eq for ModExList<'_> {}

impl<'a> ModExList<'a> {
    /// No modifiers.
    pub const EMPTY: Self = Self { bytes: &[] };

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The modifiers, in order.
    pub fn iter(self) -> impl Iterator<Item = ModEx<'a>> {
        let mut cursor = Cursor::new(self.bytes);
        core::iter::from_fn(move || {
            if cursor.is_empty() {
                return None;
            }
            read_one(&mut cursor).ok().map(|(mod_ex, _)| mod_ex)
        })
    }

    /// The time offset in nanoseconds; 0 when no modifier says one.
    #[must_use]
    pub fn nano(self) -> u32 {
        self.iter()
            .filter_map(|mod_ex| mod_ex.nano())
            .last()
            .unwrap_or(0)
    }

    /// Reads the modifiers behind a packet type of 7; returns the packet type behind them.
    pub(super) fn decode(cursor: &mut Cursor<'a>) -> Result<(Self, u8), Malformed> {
        let all = cursor.rest();
        let begin = cursor.offset();
        loop {
            let (_, packet_type) = read_one(cursor)?;
            if packet_type != MOD_EX {
                let mut region = Cursor::new(all);
                let bytes = region.take(cursor.offset() - begin, "ModEx")?;
                return Ok((Self { bytes }, packet_type));
            }
        }
    }
}

/// ```text
///  n = UI8 + 1, or when that is 256: n = UI16 + 1
///  n bytes of data
///  TTTT PPPP   kind, and the packet type of what follows (7: another modifier)
/// ```
fn read_one<'a>(cursor: &mut Cursor<'a>) -> Result<(ModEx<'a>, u8), Malformed> {
    let mut len = usize::from(cursor.u8("modExDataSize")?) + 1;
    if len == 256 {
        len = usize::from(cursor.u16("modExDataSize")?) + 1;
    }
    let data = cursor.take(len, "modExData")?;
    let next = cursor.u8("modExType")?;
    Ok((
        ModEx {
            kind: ModExType::from(next >> 4),
            data,
        },
        next & 0x0f,
    ))
}

/// The packet type that announces a modifier, for audio and video alike.
pub(super) const MOD_EX: u8 = 7;

/// A time offset is less than a millisecond.
pub(super) const NANO_MAX: u32 = 999_999;
