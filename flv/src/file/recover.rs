//! Finding tags in a damaged file.
//!
//! How this works: where a tag has to begin (behind a header or behind a tag) a candidate is
//! believed when the size behind it agrees, or when a second tag, a header or the end of the
//! input stands behind it. Anywhere else only a size that agrees counts: 32 bits that a
//! chance hit does not have. A candidate that reaches past the end of the input is dropped and
//! the bytes it claimed are searched, so a wrong length costs one tag. What breaks if a weaker
//! test is used: length-prefixed NAL units are full of zeros and small numbers, and some of
//! them look like tag headers.

use super::demux::{Demuxer, Place, is_signature};
use super::event::Event;
use super::header::FileHeader;
use crate::{TagHeader, Warning};

/// Where recovery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Recover {
    /// Bytes in front of the place where a tag has to begin: what a header says follows it.
    lead: usize,
    /// Set while that place is lost: where the search began, and whether the input ended there.
    lost: Option<Lost>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lost {
    since: u64,
    torn: bool,
}

/// What a look at a candidate says.
enum Verdict {
    Tag(TagHeader, Option<u32>),
    Header(FileHeader),
    No,
    /// Undecided until this many bytes are there.
    Wait(usize),
}

impl Demuxer {
    pub(super) fn poll_recover(&mut self) -> Option<Event> {
        loop {
            if self.place == Place::End {
                return None;
            }
            if let Some(lost) = self.recover.lost {
                return self.search(lost);
            }
            if let Some(event) = self.expected()? {
                return Some(event);
            }
        }
    }

    /// Looks where something has to begin. `None`: wait; `Some(None)`: it is lost.
    #[expect(clippy::option_option, reason = "wait and lost are two things")]
    fn expected(&mut self) -> Option<Option<Event>> {
        let lead = self.recover.lead;
        let ended = self.input.ended();
        let max_body_len = self.max_body_len();
        let first = self.place == Place::Header;
        let data = self.input.contiguous();
        let at = data.get(lead..).unwrap_or_default();
        let verdict = if ended && data.len() == lead && !first {
            // The file ends where a tag may begin.
            self.input.skip(lead);
            self.place = Place::End;
            return None;
        } else if is_signature(at) {
            expected_header(at)
        } else if first {
            if at.len() < 3 && !ended {
                Verdict::Wait(3)
            } else {
                Verdict::No
            }
        } else {
            expected_tag(at, ended, max_body_len)
        };
        match verdict {
            Verdict::Tag(header, size) => {
                self.input.skip(lead);
                Some(Some(self.found_tag(&header, size)))
            }
            Verdict::Header(header) => {
                self.input.skip(lead);
                Some(Some(self.enter(header)))
            }
            Verdict::Wait(wanted) if !ended => {
                self.input.settle(lead + wanted);
                None
            }
            Verdict::Wait(_) => Some(self.lose(true)),
            Verdict::No => Some(self.lose(false)),
        }
    }

    fn lose(&mut self, torn: bool) -> Option<Event> {
        self.place = Place::Tag;
        self.recover = Recover {
            lead: 0,
            lost: Some(Lost {
                since: self.input.offset(),
                torn,
            }),
        };
        None
    }

    /// Tries every byte until something agrees.
    fn search(&mut self, lost: Lost) -> Option<Event> {
        let ended = self.input.ended();
        let max_body_len = self.max_body_len();
        let data = self.input.contiguous();
        let mut verdict = Verdict::No;
        let mut position = 0;
        while let Some(at) = data.get(position..).filter(|at| !at.is_empty()) {
            let Some(next) = at.iter().position(|byte| may_begin(*byte)) else {
                position = data.len();
                break;
            };
            position += next;
            let at = at.get(next..).unwrap_or_default();
            verdict = found_anywhere(at, ended, max_body_len);
            match verdict {
                Verdict::No => position += 1,
                _ => break,
            }
        }
        let (from, to) = (lost.since, self.input.offset() + position as u64);
        self.input.skip(position);
        let event = match verdict {
            Verdict::Tag(header, size) => self.found_tag(&header, size),
            Verdict::Header(header) => self.enter(header),
            Verdict::Wait(wanted) => {
                self.input.settle(wanted);
                return None;
            }
            Verdict::No if !ended => return None,
            Verdict::No => {
                self.place = Place::End;
                if to == from && !lost.torn {
                    return None;
                }
                let (offset, left) = (from, to - from);
                return Some(match lost.torn {
                    true => Event::Truncated { offset, left },
                    false => Event::Skipped { offset, len: left },
                });
            }
        };
        if to == from {
            return Some(event);
        }
        self.waiting.push_front(event);
        Some(Event::Skipped {
            offset: from,
            len: to - from,
        })
    }

    fn found_tag(&mut self, header: &TagHeader, size: Option<u32>) -> Event {
        let offset = self.input.offset();
        self.recover = Recover::default();
        let event = self.deliver(header, size);
        // Recover mode has no errors: deviations only become warnings.
        let _ = self.note_odd_tag(offset, header);
        let expected = header.previous_tag_size();
        if let Some(got) = size.filter(|size| *size != expected) {
            let warning = Warning::PreviousTagSize { got, expected };
            let _ = self.deviates(offset + u64::from(expected), warning);
        }
        event
    }

    fn enter(&mut self, header: FileHeader) -> Event {
        let offset = self.input.offset();
        self.input.skip(FileHeader::LEN);
        self.place = Place::Tag;
        self.recover = Recover {
            lead: header.data_offset as usize - 5,
            lost: None,
        };
        let _ = self.found_header(offset, &header);
        Event::Header { offset, header }
    }
}

/// A header where one may stand. Of a strange offset nothing is believed but the signature.
fn expected_header(at: &[u8]) -> Verdict {
    match FileHeader::decode(at) {
        Ok(header) if header.data_offset <= MAX_DATA_OFFSET => Verdict::Header(header),
        Ok(header) => Verdict::Header(FileHeader {
            data_offset: 9,
            ..header
        }),
        Err(_) if at.len() < FileHeader::LEN => Verdict::Wait(FileHeader::LEN),
        Err(_) => Verdict::No,
    }
}

/// A tag where one has to begin.
fn expected_tag(at: &[u8], ended: bool, max_body_len: u32) -> Verdict {
    let Ok(header) = TagHeader::decode(at) else {
        return Verdict::Wait(TagHeader::LEN);
    };
    if header.reserved != 0 || header.data_size > max_body_len {
        return Verdict::No;
    }
    let len = TagHeader::LEN + header.data_size as usize;
    let Some(size) = size_at(at, len) else {
        // The input may end between the body and the size behind it.
        return match ended && at.len() >= len && is_plausible(&header, max_body_len) {
            true => Verdict::Tag(header, None),
            false => Verdict::Wait(len + 4),
        };
    };
    if size == header.previous_tag_size() {
        return Verdict::Tag(header, Some(size));
    }
    if !is_plausible(&header, max_body_len) {
        return Verdict::No;
    }
    let behind = at.get(len + 4..).unwrap_or_default();
    match TagHeader::decode(behind) {
        Ok(next) if is_plausible(&next, max_body_len) => Verdict::Tag(header, Some(size)),
        _ if is_signature(behind) || ended && behind.is_empty() => Verdict::Tag(header, Some(size)),
        Err(_) if !ended => Verdict::Wait(len + 4 + TagHeader::LEN),
        _ => Verdict::No,
    }
}

/// A tag or header in the middle of something else.
fn found_anywhere(at: &[u8], ended: bool, max_body_len: u32) -> Verdict {
    if is_signature(at) {
        return match FileHeader::decode(at) {
            Ok(header)
                if header.version == 1
                    && header.reserved_flags() == 0
                    && header.data_offset <= MAX_DATA_OFFSET =>
            {
                Verdict::Header(header)
            }
            Err(_) if at.len() < FileHeader::LEN && !ended => Verdict::Wait(FileHeader::LEN),
            _ => Verdict::No,
        };
    }
    match TagHeader::decode(at) {
        Ok(header) if is_plausible(&header, max_body_len) => {
            let len = TagHeader::LEN + header.data_size as usize;
            match size_at(at, len) {
                Some(size) if size == header.previous_tag_size() => {
                    Verdict::Tag(header, Some(size))
                }
                None if !ended => Verdict::Wait(len + 4),
                _ => Verdict::No,
            }
        }
        Err(_) if !ended => Verdict::Wait(TagHeader::LEN),
        _ => Verdict::No,
    }
}

fn is_plausible(header: &TagHeader, max_body_len: u32) -> bool {
    header.kind.is_known()
        && header.reserved == 0
        && header.stream_id == 0
        && header.data_size <= max_body_len
}

/// Whether a tag or header can begin with this byte: a known type with or without the filter
/// bit, or the F of the signature. Zero runs and most junk end here.
const fn may_begin(byte: u8) -> bool {
    matches!(byte & !0x20, 8 | 9 | 15 | 18) || byte == b'F'
}

fn size_at(at: &[u8], position: usize) -> Option<u32> {
    at.get(position..)?
        .first_chunk()
        .map(|bytes| u32::from_be_bytes(*bytes))
}

/// Longest header that is believed.
const MAX_DATA_OFFSET: u32 = 1024;
