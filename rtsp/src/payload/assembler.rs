//! Puts units into frames, in one of the two output modes.
//!
//! A payload format sees only [`Assembler`]: begin a unit, add parts of the packet, end the unit
//! or drop it, end the frame. What a part is, a copy or a slice, the store behind it decides.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use core::fmt::Debug;
use core::mem::take;
use core::ops::Range;
use smallvec::SmallVec;

use super::{Frame, Framing};
use crate::rtp::RtpTime;

/// An output mode: [`Buffer`] or [`Slices`].
pub trait Output: Store {}

impl Output for Buffer {}
impl Output for Slices {}

/// Copy mode: one buffer per frame.
///
/// Its memory is used again once the frames made of it are dropped.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: BytesMut,
    /// Room to make for a frame: the longest of the last ones, slowly forgotten.
    room: usize,
}

/// Slice mode: a list of slices per frame, nothing copied.
#[derive(Debug, Default)]
pub struct Slices {
    parts: Vec<Bytes>,
    /// Their bytes, and what their handles cost, so that a flood of small ones meets the limit.
    len: usize,
}

impl Slices {
    #[inline]
    fn push(&mut self, part: Bytes) {
        self.len += PART_COST + part.len();
        self.parts.push(part);
    }
}

/// A position in a store to go back to.
#[expect(unnameable_types, reason = "seals Output")]
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark {
    parts: usize,
    len: usize,
}

/// The part of a store that does not depend on where the payload stands.
#[expect(unnameable_types, reason = "seals Output")]
pub trait Store: Debug + Default {
    /// Whether units have nothing before them and end at parts.
    const IS_SLICES: bool;
    /// What a frame holds.
    type Data: Debug + Clone + PartialEq + Eq;
    /// Adds bytes that stand in no packet.
    fn copy(&mut self, bytes: &[u8]);
    /// Adds one byte that stands in no packet.
    fn byte(&mut self, byte: u8);
    /// What counts towards the limit of a frame so far.
    fn len(&self) -> usize;
    /// Where the store stands.
    fn mark(&self) -> Mark;
    /// Goes back.
    fn truncate(&mut self, mark: Mark);
    /// Puts what stands before a unit.
    fn open(&mut self, framing: Framing);
    /// Completes what `open` put at a mark.
    fn close(&mut self, framing: Framing, mark: Mark);
    /// Copies what was added since a mark.
    fn copy_since(&self, mark: Mark) -> Vec<u8>;
    /// The position that ends a unit in [`Frame`].
    fn unit_end(&self) -> u32;
    /// The bytes since a mark for a change in place; none in slice mode.
    fn edit_since(&mut self, mark: Mark) -> Option<&mut BytesMut>;
    /// Makes room for a frame.
    fn prepare(&mut self);
    /// Takes the frame out.
    fn take(&mut self) -> Self::Data;
}

/// A store that takes parts of payloads that stand in a `P`.
pub(super) trait Take<P>: Output {
    /// Adds a part of a payload.
    fn slice(&mut self, payload: &P, range: Range<usize>);
    /// Adds the rest of a payload.
    fn rest(&mut self, payload: P, from: usize);
}

impl Store for Buffer {
    const IS_SLICES: bool = false;
    type Data = Bytes;

    #[inline]
    fn copy(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.bytes.put_u8(byte);
    }

    #[inline]
    fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    fn mark(&self) -> Mark {
        Mark {
            parts: 0,
            len: self.bytes.len(),
        }
    }

    fn truncate(&mut self, mark: Mark) {
        self.bytes.truncate(mark.len);
    }

    fn open(&mut self, framing: Framing) {
        match framing {
            Framing::AnnexB => self.copy(&[0, 0, 0, 1]),
            Framing::LengthPrefixed => self.copy(&[0; 4]),
            Framing::Raw => {}
        }
    }

    fn close(&mut self, framing: Framing, mark: Mark) {
        if framing != Framing::LengthPrefixed {
            return;
        }
        let len = self.bytes.len().saturating_sub(mark.len + 4);
        let len = u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
        if let Some(field) = self.bytes.get_mut(mark.len..mark.len + 4) {
            field.copy_from_slice(&len);
        }
    }

    fn copy_since(&self, mark: Mark) -> Vec<u8> {
        self.bytes.get(mark.len..).unwrap_or_default().to_vec()
    }

    fn unit_end(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    fn edit_since(&mut self, _: Mark) -> Option<&mut BytesMut> {
        Some(&mut self.bytes)
    }

    fn prepare(&mut self) {
        if self.bytes.capacity() < self.room {
            self.bytes.reserve(self.room);
        }
    }

    fn take(&mut self) -> Bytes {
        self.room = self.bytes.len().max(self.room - self.room / 8);
        self.bytes.split().freeze()
    }
}

impl Take<&[u8]> for Buffer {
    #[inline]
    fn slice(&mut self, payload: &&[u8], range: Range<usize>) {
        self.copy(payload.get(range).unwrap_or_default());
    }

    #[inline]
    fn rest(&mut self, payload: &[u8], from: usize) {
        self.copy(payload.get(from..).unwrap_or_default());
    }
}

impl Store for Slices {
    const IS_SLICES: bool = true;
    type Data = Vec<Bytes>;

    fn copy(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.push(Bytes::copy_from_slice(bytes));
        }
    }

    fn byte(&mut self, byte: u8) {
        let at = usize::from(byte);
        let part = ALL_BYTES.get(at..=at).unwrap_or_default();
        self.push(Bytes::from_static(part));
    }

    #[inline]
    fn len(&self) -> usize {
        self.len
    }

    fn mark(&self) -> Mark {
        Mark {
            parts: self.parts.len(),
            len: self.len,
        }
    }

    fn truncate(&mut self, mark: Mark) {
        self.parts.truncate(mark.parts);
        self.len = mark.len;
    }

    fn open(&mut self, _: Framing) {}

    fn close(&mut self, _: Framing, _: Mark) {}

    fn copy_since(&self, mark: Mark) -> Vec<u8> {
        let parts = self.parts.get(mark.parts..).unwrap_or_default();
        parts.concat()
    }

    fn unit_end(&self) -> u32 {
        u32::try_from(self.parts.len()).unwrap_or(u32::MAX)
    }

    fn edit_since(&mut self, _: Mark) -> Option<&mut BytesMut> {
        None
    }

    fn prepare(&mut self) {}

    fn take(&mut self) -> Vec<Bytes> {
        self.len = 0;
        // Frames of a track are alike: the next one gets as much room.
        let room = Vec::with_capacity(self.parts.len());
        core::mem::replace(&mut self.parts, room)
    }
}

impl Take<Bytes> for Slices {
    fn slice(&mut self, payload: &Bytes, range: Range<usize>) {
        if range.start < range.end && range.end <= payload.len() {
            self.push(payload.slice(range));
        }
    }

    #[inline]
    fn rest(&mut self, mut payload: Bytes, from: usize) {
        if from < payload.len() {
            payload.advance(from);
            self.push(payload);
        }
    }
}

/// What a format knows of a packet beside its payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) sequence: crate::rtp::SequenceNumber,
    pub(super) timestamp: RtpTime,
    pub(super) marker: bool,
    /// Packets are missing right before this one.
    pub(super) gap: bool,
}

/// The frame in progress and the frames that are done.
#[derive(Debug)]
pub(super) struct Assembler<S: Store> {
    pub(super) store: S,
    framing: Framing,
    pub(super) max_frame_len: usize,
    /// Where the unit in progress begins.
    open: Option<Mark>,
    units: SmallVec<[u32; 8]>,
    /// The timestamp of the frame in progress.
    timestamp: Option<RtpTime>,
    pub(super) keyframe: bool,
    pub(super) complete: bool,
    /// Packets lost since the last frame that was delivered.
    pub(super) lost: u32,
    pub(super) ready: VecDeque<Frame<S::Data>>,
    /// Whether a packet had its marker set: a frame without one may have lost its end.
    pub(super) saw_marker: bool,
    /// The timestamp of a frame that was dropped for its length.
    cut: Option<RtpTime>,
    /// Interleaved frames that wait for those between them, in order of time.
    held: Vec<Frame<S::Data>>,
}

impl<S: Store> Assembler<S> {
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            store: S::default(),
            framing,
            max_frame_len: 16 << 20,
            open: None,
            units: SmallVec::new(),
            timestamp: None,
            keyframe: false,
            complete: true,
            lost: 0,
            ready: VecDeque::new(),
            saw_marker: false,
            cut: None,
            held: Vec::new(),
        }
    }

    /// The timestamp of the frame in progress.
    #[inline]
    pub(super) const fn timestamp(&self) -> Option<RtpTime> {
        self.timestamp
    }

    /// Begins a frame; one that was not ended is dropped.
    pub(super) fn begin_frame(&mut self, timestamp: RtpTime) {
        if self.timestamp.is_some() {
            self.drop_frame();
        }
        self.timestamp = Some(timestamp);
        self.keyframe = false;
        // What is left of a frame that was dropped for its length is not whole.
        self.complete = self.cut.take() != Some(timestamp);
        self.store.prepare();
    }

    pub(super) fn begin_unit(&mut self) {
        self.open = Some(self.store.mark());
        self.store.open(self.framing);
    }

    #[inline]
    pub(super) const fn unit_is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Ends the unit in progress.
    pub(super) fn end_unit(&mut self) {
        if let Some(mark) = self.open.take() {
            self.store.close(self.framing, mark);
            self.units.push(self.store.unit_end());
        }
    }

    /// Takes back the unit in progress; true if there was one.
    pub(super) fn drop_unit(&mut self) -> bool {
        let Some(mark) = self.open.take() else {
            return false;
        };
        self.store.truncate(mark);
        self.complete = false;
        true
    }

    /// Bytes of the unit in progress, without what stands before it.
    pub(super) fn unit_bytes(&self) -> Vec<u8> {
        let Some(mark) = self.open else {
            return Vec::new();
        };
        let mut bytes = self.store.copy_since(mark);
        bytes.drain(..self.prefix_len().min(bytes.len()));
        bytes
    }

    /// Changes the unit in progress in its buffer: `edit` gets the buffer and where it begins.
    pub(super) fn edit_unit(&mut self, edit: impl FnOnce(&mut BytesMut, usize)) {
        let prefix = self.prefix_len();
        if let Some(mark) = self.open {
            if let Some(bytes) = self.store.edit_since(mark) {
                edit(bytes, mark.len + prefix);
            }
        }
    }

    /// Adds a whole unit that stands in no packet.
    pub(super) fn whole_unit(&mut self, unit: &[u8]) {
        self.begin_unit();
        self.store.copy(unit);
        self.end_unit();
    }

    /// Ends the frame in progress and delivers it, unless it is empty. A unit that is still open
    /// is dropped; true if there was one.
    pub(super) fn end_frame(&mut self, duration: Option<u32>) -> bool {
        let dropped = self.drop_unit();
        let Some(timestamp) = self.timestamp.take() else {
            return dropped;
        };
        if self.units.is_empty() {
            self.store.truncate(Mark::default());
            return dropped;
        }
        let frame = Frame {
            timestamp,
            duration,
            keyframe: self.keyframe,
            complete: self.complete,
            lost: take(&mut self.lost),
            data: self.store.take(),
            units: take(&mut self.units),
            prefix_len: u8::try_from(self.prefix_len()).unwrap_or(0),
        };
        self.ready.push_back(frame);
        dropped
    }

    /// Drops the frame in progress; true if something of it was there.
    pub(super) fn drop_frame(&mut self) -> bool {
        self.open = None;
        self.store.truncate(Mark::default());
        let had_units = !take(&mut self.units).is_empty();
        self.timestamp.take().is_some() || had_units
    }

    /// Delivers one whole unit as a frame.
    pub(super) fn frame<P>(
        &mut self,
        timestamp: RtpTime,
        duration: u32,
        payload: &P,
        range: Range<usize>,
    ) where
        S: Take<P>,
    {
        self.begin_frame(timestamp);
        self.keyframe = true;
        self.begin_unit();
        self.store.slice(payload, range);
        self.end_unit();
        self.end_frame((duration > 0).then_some(duration));
    }

    /// Takes the frame delivered last back until [`Assembler::release`] reaches its time.
    pub(super) fn hold(&mut self) {
        let Some(frame) = self.ready.pop_back() else {
            return;
        };
        let before = |other: &Frame<S::Data>| other.timestamp.since(frame.timestamp) <= 0;
        let at = self.held.iter().rposition(before).map_or(0, |at| at + 1);
        self.held.insert(at, frame);
        if self.held.len() > MAX_HELD {
            let first = self.held.remove(0);
            self.ready.push_back(first);
        }
    }

    /// Delivers the frames held whose time is before this one; all of them without a time.
    pub(super) fn release(&mut self, before: Option<RtpTime>) {
        let is_due = |frame: &Frame<S::Data>| before.is_none_or(|t| frame.timestamp.since(t) < 0);
        let count = self.held.iter().take_while(|frame| is_due(frame)).count();
        self.ready.extend(self.held.drain(..count));
    }

    /// Drops the frame in progress because it is too long.
    #[cold]
    pub(super) fn cut_frame(&mut self) {
        self.cut = self.timestamp;
        self.drop_frame();
    }

    /// What the store may count; what the units count is taken off.
    #[inline]
    pub(super) fn limit(&self) -> usize {
        self.max_frame_len
            .saturating_sub(UNIT_COST * self.units.len())
    }

    fn prefix_len(&self) -> usize {
        // Slices have no prefixes: their units are told by their ends.
        if S::IS_SLICES {
            0
        } else {
            self.framing.prefix_len()
        }
    }
}

/// A byte table, so that a slice of one byte needs no allocation.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler, values are below 256"
)]
static ALL_BYTES: [u8; 256] = {
    let mut table = [0; 256];
    let mut value = 0;
    while value < 256 {
        table[value] = value as u8;
        value += 1;
    }
    table
};

/// Interleaved frames held at most: RFC 3640 streams use some tens.
const MAX_HELD: usize = 512;
/// What a part counts towards the limit of a frame beside its bytes.
const PART_COST: usize = 32;
/// What a unit counts towards the limit of a frame beside its bytes.
const UNIT_COST: usize = 4;
