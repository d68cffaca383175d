//! The index of key frames in the metadata of a file.

use alloc::vec::Vec;

use weir_amf::{Document, Value};

use crate::body::classify;
use crate::{TagHeader, TagKind, Timestamp, body};

/// One entry of a [`KeyframeIndex`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Keyframe {
    /// Position of the tag's first byte in the file.
    pub position: u64,
    /// Its time in seconds.
    pub time: f64,
}

impl Keyframe {
    /// An entry.
    #[must_use]
    pub const fn new(position: u64, time: f64) -> Self {
        Self { position, time }
    }

    /// Whether the tag at [`position`](Self::position) is what the entry says, by the first
    /// bytes found there (18 are enough).
    ///
    /// It has to be a key frame, or the configuration that stands first in many indexes, at a
    /// time within 2.5 seconds of the entry's: FFmpeg's muxer is off by that much.
    #[must_use]
    pub fn agrees_with(&self, bytes: &[u8]) -> bool {
        let Ok(header) = TagHeader::decode(bytes) else {
            return false;
        };
        let body = bytes.get(TagHeader::LEN..).unwrap_or_default();
        let class = classify(header.kind, body);
        let off = self.millis_of(header.timestamp) - self.millis();
        header.kind == TagKind::VIDEO
            && matches!(class, body::Class::KeyFrame | body::Class::Config)
            && off.abs() <= TOLERANCE_MS
    }

    /// The time of the tag, which is close to the entry's, beyond its 32 bits.
    pub(crate) fn millis_of(&self, timestamp: Timestamp) -> i64 {
        let near = self.millis();
        near + i64::from(timestamp.millis_since(Timestamp::wrapping_from(near)))
    }

    fn millis(&self) -> i64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole milliseconds; saturates"
        )]
        let millis = (self.time * 1000.0) as i64;
        millis.clamp(0, i64::MAX / 2)
    }
}

/// The `keyframes` of onMetaData: where key frames are in a file.
///
/// The convention of yamdi, flvmeta and FFmpeg, which no specification has: two strict arrays,
/// `filepositions` of tag headers and `times` in seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeyframeIndex {
    entries: Vec<Keyframe>,
}

impl KeyframeIndex {
    /// An index of these entries; those that do not lie behind the one before are left out.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = Keyframe>) -> Self {
        let mut index = Self::default();
        for entry in entries {
            index.push(entry);
        }
        index
    }

    /// Reads the value of `keyframes`; `None` when it is no index.
    ///
    /// Arrays of different lengths are read as far as both go. Entries are left out that are no
    /// numbers, are negative, or do not lie behind the one before.
    #[must_use]
    pub fn read(value: Value<'_>) -> Option<Self> {
        let positions = value.get("filepositions");
        let times = value.get("times");
        if !positions.exists() || !times.exists() {
            return None;
        }
        let pairs = positions.items().zip(times.items());
        Some(Self::new(pairs.filter_map(|(position, time)| {
            Some(Keyframe {
                position: whole(position.as_f64()?)?,
                time: time.as_f64()?,
            })
        })))
    }

    /// The value of `keyframes`.
    #[must_use]
    pub fn to_value(&self) -> Document {
        #[expect(
            clippy::cast_precision_loss,
            reason = "files are shorter than 2^53 bytes"
        )]
        let positions = self.entries.iter().map(|entry| entry.position as f64);
        let times = self.entries.iter().map(|entry| entry.time);
        Document::object()
            .with("filepositions", Document::strict_array(positions))
            .with("times", Document::strict_array(times))
    }

    /// The entries, in order of position and time.
    #[must_use]
    pub fn entries(&self) -> &[Keyframe] {
        &self.entries
    }

    /// Adds an entry behind all others; `false` when it does not lie there.
    pub fn push(&mut self, entry: Keyframe) -> bool {
        let behind = self
            .entries
            .last()
            .is_none_or(|last| entry.position > last.position && entry.time >= last.time);
        let fits = behind && entry.time.is_finite() && entry.time >= 0.0;
        if fits {
            self.entries.push(entry);
        }
        fits
    }

    /// The last entry at or before a time in seconds.
    #[must_use]
    pub fn at_or_before(&self, time: f64) -> Option<&Keyframe> {
        let behind = self.entries.partition_point(|entry| entry.time <= time);
        self.entries.get(behind.checked_sub(1)?)
    }

    /// Leaves out every second entry but the first.
    pub(crate) fn thin_out(&mut self) {
        let mut keep = false;
        let mut first = true;
        self.entries.retain(|_| {
            keep = !keep;
            core::mem::take(&mut first) || !keep
        });
    }
}

/// A position as the metadata holds it, when it is one.
fn whole(position: f64) -> Option<u64> {
    if !(0.0..9.0e15).contains(&position) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within 0 and 2^53"
    )]
    let whole = position as u64;
    Some(whole)
}

const TOLERANCE_MS: i64 = 2_500;
