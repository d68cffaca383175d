//! One chunk header: the fields that are there, and the ones an earlier header told.

use super::stream::ChunkStream;
use super::{ChunkStreamId, MessageStreamId, MessageType};
use crate::cursor::Cursor;

/// A complete chunk header.
pub(super) struct Header {
    pub(super) fmt: u8,
    pub(super) csid: ChunkStreamId,
    pub(super) basic_len: usize,
    /// fmt 0: the timestamp; fmt 1 and 2: the delta.
    pub(super) time: u32,
    pub(super) length: u32,
    pub(super) message_type: MessageType,
    pub(super) stream: MessageStreamId,
    pub(super) extended: Extended,
}

/// The extended timestamp of one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extended {
    None,
    /// fmt 0, 1 and 2: the field is there and has this value.
    Value(u32),
    /// fmt 3: it is there (and proven to be, if the second field says so).
    Repeated(Option<Proof>),
    /// fmt 3: it should be there, and is not.
    Omitted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    SameField,
    AbsoluteTime,
}

/// Whether the peer repeats the extended timestamp in continuation chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repetition {
    /// No continuation of an extended header has been seen yet.
    Unknown,
    Repeats,
    Omits,
}

impl Header {
    /// Reads the message header and the extended timestamp; what fmt leaves out is `history`'s.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        fmt: u8,
        csid: ChunkStreamId,
        history: Option<&ChunkStream>,
        repetition: Repetition,
    ) -> Option<Self> {
        let basic_len = cursor.position();
        let field = if fmt < 3 { cursor.u24()? } else { 0 };
        let (length, message_type) = match history {
            Some(stream) if fmt > 1 => (stream.length, stream.message_type),
            _ => (cursor.u24()?, MessageType::new(cursor.u8()?)),
        };
        let stream = match history {
            _ if fmt == 0 => MessageStreamId::new(cursor.u32_le()?),
            Some(stream) => stream.stream,
            None => MessageStreamId::CONNECTION,
        };
        let (time, extended) = match history {
            Some(stream) if fmt == 3 => (
                stream.delta,
                Extended::read_repeated(cursor, stream, repetition)?,
            ),
            _ if field == EXTENDED => {
                let value = cursor.u32()?;
                (value, Extended::Value(value))
            }
            _ => (field, Extended::None),
        };
        Some(Self {
            fmt,
            csid,
            basic_len,
            time,
            length,
            message_type,
            stream,
            extended,
        })
    }
}

impl Extended {
    /// Reads the extended timestamp of a fmt 3 chunk, if there is one.
    ///
    /// Old librtmp forks leave it out of continuations and some writers put the absolute time
    /// there where the header had a delta, so the first continuation of an extended header
    /// decides for the connection: four bytes that are neither are payload. At the beginning of a
    /// message nothing is guessed.
    fn read_repeated(
        cursor: &mut Cursor<'_>,
        stream: &ChunkStream,
        repetition: Repetition,
    ) -> Option<Self> {
        let Some(field) = stream.extended else {
            return Some(Self::None);
        };
        match repetition {
            Repetition::Omits => return Some(Self::Omitted),
            Repetition::Unknown if stream.open => {}
            Repetition::Unknown | Repetition::Repeats => {
                cursor.u32()?;
                return Some(Self::Repeated(None));
            }
        }
        let field = field.to_be_bytes();
        let absolute = stream.timestamp.as_millis().to_be_bytes();
        let rest = cursor.rest();
        let ahead = rest.get(..4).unwrap_or(rest);
        if !field.starts_with(ahead) && !absolute.starts_with(ahead) {
            return Some(Self::Omitted);
        }
        cursor.bytes(4)?;
        let proof = if ahead == field {
            Proof::SameField
        } else {
            Proof::AbsoluteTime
        };
        Some(Self::Repeated(Some(proof)))
    }
}

/// Reads fmt and chunk stream id. 64 to 319 may come in two or in three bytes.
///
/// ```text
///  0 1 2 3 4 5 6 7 | second byte    | third byte
/// |fmt| 2 to 63    |                |
/// |fmt| 0          | csid - 64      |
/// |fmt| 1          | low byte of csid - 64, high byte
/// ```
pub(super) fn basic_header(cursor: &mut Cursor<'_>) -> Option<(u8, ChunkStreamId)> {
    let first = cursor.u8()?;
    let csid = match first & 0x3F {
        0 => 64 + u32::from(cursor.u8()?),
        1 => 64 + u32::from(cursor.u16_le()?),
        csid => u32::from(csid),
    };
    Some((first >> 6, ChunkStreamId::new(csid)?))
}

/// Three bytes of basic header, eleven of message header, four of extended timestamp.
pub(super) const MAX_HEADER_LEN: usize = 18;

/// The timestamp field that says that an extended timestamp follows.
pub(super) const EXTENDED: u32 = 0xFF_FFFF;
