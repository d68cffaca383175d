//! Where the fields of a finished file stand in an encoded onMetaData, to be written over later.

use alloc::vec::Vec;
use core::ops::Range;

use weir_amf::{DecodeError, Reader, Token};

use super::{KeyframeIndex, SET_DATA_FRAME, amf_config};
use crate::Limits;

/// Positions in the body of an onMetaData tag. A field without a place is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Places of the 8 bytes of a number, in the order of [`NUMBERS`].
    pub(crate) numbers: [Option<usize>; NUMBERS.len()],
    /// Places of the byte of a boolean, in the order of [`BOOLEANS`].
    pub(crate) booleans: [Option<usize>; BOOLEANS.len()],
    /// The value of `keyframes` and the `spacer` behind it.
    pub(crate) index: Option<Range<usize>>,
}

impl Layout {
    pub(crate) fn of(body: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut layout = Self::default();
        let mut reader = Reader::new(body, weir_amf::Format::Amf0, &amf_config(limits));
        let first = reader.take_text()?;
        if first.is_some_and(|name| name == SET_DATA_FRAME) {
            reader.take_text()?;
        }
        let container = reader.next_event()?;
        if !container.is_some_and(|event| event.token.is_container()) {
            return Ok(layout);
        }
        let mut keyframes = None;
        while let Some(event) = reader.next_event()? {
            if event.token == Token::End {
                break;
            }
            let name = event.name.map(|name| name.as_bytes()).unwrap_or_default();
            let offset = event.offset();
            if event.token.is_container() {
                reader.skip()?;
            }
            match event.token {
                Token::Number(_) => place(&NUMBERS, name, offset, &mut layout.numbers),
                Token::Boolean(_) => place(&BOOLEANS, name, offset, &mut layout.booleans),
                Token::Object { .. } if name == b"keyframes" => {
                    keyframes = Some(offset..reader.offset());
                }
                Token::StrictArray { .. } if name == b"spacer" => {
                    let adjoins = |keyframes: &Range<usize>| keyframes.end + 8 == offset;
                    layout.index = keyframes
                        .take()
                        .filter(adjoins)
                        .map(|keyframes| keyframes.start..reader.offset());
                }
                _ => {}
            }
        }
        Ok(layout)
    }

    /// How many key frames the space for the index holds.
    pub(crate) fn capacity(&self) -> usize {
        let len = self.index.as_ref().map_or(0, Range::len);
        len.saturating_sub(FIXED_LEN) / ENTRY_LEN
    }
}

/// The value of `keyframes`, and a `spacer` that fills the space of `capacity` entries.
///
/// A spacer of zeros has two numbers for each entry that is missing, so every length fits to the
/// byte. FFmpeg reads no long strings and no strings of 1,024 bytes, so it is an array.
pub(crate) fn encode_index(index: &KeyframeIndex, capacity: usize) -> Vec<u8> {
    let entries = index
        .entries()
        .get(..capacity)
        .unwrap_or_else(|| index.entries());
    let count = u32::try_from(entries.len()).unwrap_or(0);
    let spare = capacity.saturating_sub(entries.len());
    let mut out = Vec::with_capacity(FIXED_LEN + capacity * ENTRY_LEN);
    out.extend_from_slice(b"\x03\0\x0dfilepositions\x0a");
    out.extend_from_slice(&count.to_be_bytes());
    for entry in entries {
        #[expect(
            clippy::cast_precision_loss,
            reason = "files are shorter than 2^53 bytes"
        )]
        let position = entry.position as f64;
        number(position, &mut out);
    }
    out.extend_from_slice(b"\0\x05times\x0a");
    out.extend_from_slice(&count.to_be_bytes());
    for entry in entries {
        number(entry.time, &mut out);
    }
    out.extend_from_slice(b"\0\0\x09\0\x06spacer\x0a");
    out.extend_from_slice(&u32::try_from(spare * 2).unwrap_or(0).to_be_bytes());
    out.resize(out.len() + spare * ENTRY_LEN, 0);
    out
}

fn number(value: f64, out: &mut Vec<u8>) {
    out.push(0);
    out.extend_from_slice(&value.to_be_bytes());
}

/// Notes where the value of a known field stands, behind its marker.
fn place(names: &[&str], name: &[u8], offset: usize, places: &mut [Option<usize>]) {
    let known = names.iter().position(|known| known.as_bytes() == name);
    if let Some(slot) = known.and_then(|index| places.get_mut(index)) {
        slot.get_or_insert(offset + 1);
    }
}

/// Numbers of a finished file.
pub(crate) const NUMBERS: [&str; 5] = [
    "duration",
    "filesize",
    "lasttimestamp",
    "lastkeyframetimestamp",
    "lastkeyframelocation",
];

/// Booleans of a finished file.
pub(crate) const BOOLEANS: [&str; 4] = ["hasVideo", "hasAudio", "hasKeyframes", "canSeekToEnd"];

/// Bytes of an index without entries: markers, names, lengths.
const FIXED_LEN: usize = 49;
/// Two numbers.
const ENTRY_LEN: usize = 18;
