//! Source descriptions.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{CompoundWriter, Frame, PacketType, RtcpError, truncated};
use crate::rtp::Ssrc;

/// SDES: names of sources.
///
/// RFC 3550, section 6.5.
#[derive(Debug, Clone, Copy)]
pub struct SourceDescription<'a> {
    count: u8,
    body: &'a [u8],
}

/// The items of one source.
#[derive(Debug, Clone, Copy)]
pub struct SdesChunk<'a> {
    ssrc: Ssrc,
    /// Ends with a zero, where it does not end with an item.
    items: &'a [u8],
}

/// One item of a source description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SdesItem<'a> {
    /// CNAME 1, NAME 2, EMAIL 3, PHONE 4, LOC 5, TOOL 6, NOTE 7, PRIV 8, others unknown.
    pub kind: u8,
    /// At most 255 bytes, UTF-8 by the specification.
    pub value: &'a [u8],
}

impl<'a> SourceDescription<'a> {
    /// The view of a packet that was checked, or is about to be.
    pub(super) const fn decode(frame: &Frame<'a>) -> Self {
        Self {
            count: frame.count,
            body: frame.body,
        }
    }

    /// Walks the chunks once, so that the view need not.
    #[inline]
    pub(super) fn check(frame: &Frame<'a>) -> Result<(), RtcpError> {
        let mut rest = frame.body;
        for left in (0..frame.count).rev() {
            let (_, items, behind) = split_items(rest, frame.offset)?;
            if left > 0 {
                rest = behind_chunk(items, behind);
            }
        }
        Ok(())
    }

    /// The chunks, one for each source, at most 31.
    #[inline]
    pub fn chunks(&self) -> impl Iterator<Item = SdesChunk<'a>> + use<'a> {
        let (mut rest, mut left) = (self.body, self.count);
        core::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            if left == 0 {
                // Where the last one ends its own items tell.
                let (ssrc, items) = rest.split_first_chunk::<4>()?;
                let ssrc = Ssrc::new(u32::from_be_bytes(*ssrc));
                return Some(SdesChunk { ssrc, items });
            }
            let (ssrc, items, behind) = split_items(rest, 0).ok()?;
            rest = behind_chunk(items, behind);
            Some(SdesChunk { ssrc, items })
        })
    }
}

impl<'a> SdesChunk<'a> {
    /// The source described.
    pub const fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// The items in order.
    #[inline]
    pub fn items(&self) -> impl Iterator<Item = SdesItem<'a>> + use<'a> {
        let mut rest = self.items;
        core::iter::from_fn(move || {
            let (item, after) = split_item(rest)?;
            rest = after;
            Some(item)
        })
    }

    /// The canonical name, which stays the same when the SSRC changes.
    pub fn cname(&self) -> Option<Cow<'a, str>> {
        let cname = self.items().find(|item| item.kind == SdesItem::CNAME)?;
        Some(cname.to_text())
    }
}

impl<'a> SdesItem<'a> {
    /// The kind of a canonical name.
    pub const CNAME: u8 = 1;
    /// The kind of the name of the sending program.
    pub const TOOL: u8 = 6;

    /// Makes an item; values are cut at 255 bytes when written.
    pub const fn new(kind: u8, value: &'a [u8]) -> Self {
        Self { kind, value }
    }

    /// The value as text, what is not UTF-8 replaced.
    pub fn to_text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.value)
    }
}

impl CompoundWriter<'_> {
    /// Appends an SDES with the canonical name of one source.
    pub fn cname(&mut self, ssrc: Ssrc, cname: &str) -> &mut Self {
        let item = SdesItem::new(SdesItem::CNAME, cname.as_bytes());
        self.source_description(&[(ssrc, &[item])])
    }

    /// Appends an SDES; chunks past the 31 it can hold are left out.
    pub fn source_description(&mut self, chunks: &[(Ssrc, &[SdesItem<'_>])]) -> &mut Self {
        let chunks = chunks.get(..31).unwrap_or(chunks);
        let count = u8::try_from(chunks.len()).unwrap_or(31);
        self.packet(PacketType::SOURCE_DESCRIPTION, count, |out| {
            for (ssrc, items) in chunks {
                write_chunk(out, *ssrc, items);
            }
        })
    }
}

fn write_chunk(out: &mut Vec<u8>, ssrc: Ssrc, items: &[SdesItem<'_>]) {
    let begin = out.len();
    out.extend_from_slice(&ssrc.get().to_be_bytes());
    for item in items {
        let value = item.value.get(..255).unwrap_or(item.value);
        out.extend_from_slice(&[item.kind, u8::try_from(value.len()).unwrap_or(255)]);
        out.extend_from_slice(value);
    }
    // At least one zero ends the list, and the chunk ends on a whole word.
    let len = out.len() - begin + 1;
    out.resize(begin + len.next_multiple_of(4), 0);
}

/// The source of a chunk, its items with all behind them, and what is behind its last item. The
/// terminating zero may be missing at the end of the packet, where Hanwha cameras leave it out.
#[inline]
fn split_items(body: &[u8], offset: usize) -> Result<(Ssrc, &[u8], &[u8]), RtcpError> {
    let Some((ssrc, items)) = body.split_first_chunk::<4>() else {
        return Err(truncated("an SDES chunk", offset, 4, body.len()));
    };
    let mut rest = items;
    while let Some((_, after)) = split_item(rest) {
        rest = after;
    }
    if let [1..=255, tail @ ..] = rest {
        let expected = 2 + tail.first().copied().map_or(0, usize::from);
        return Err(truncated("an SDES item", offset, expected, rest.len()));
    }
    Ok((Ssrc::new(u32::from_be_bytes(*ssrc)), items, rest))
}

/// What follows a chunk: its items end with a zero at least, and then with a whole word.
#[inline]
fn behind_chunk<'a>(items: &'a [u8], behind: &[u8]) -> &'a [u8] {
    let len = ((items.len() - behind.len()) | 3) + 1;
    items.get(len..).unwrap_or_default()
}

#[inline]
fn split_item(list: &[u8]) -> Option<(SdesItem<'_>, &[u8])> {
    let [kind @ 1..=255, len, rest @ ..] = list else {
        return None;
    };
    let (value, rest) = rest.split_at_checked(usize::from(*len))?;
    Some((SdesItem { kind: *kind, value }, rest))
}
