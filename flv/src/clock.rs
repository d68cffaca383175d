//! Times of tags: the 32-bit number on the wire, and the time it stands for.

use core::fmt;

use crate::Tag;
use crate::body::Class;

/// A time in milliseconds as FLV and RTMP carry it: 32 bits that wrap after 49.7 days.
///
/// ```
/// use weir_flv::Timestamp;
/// let before = Timestamp::from_millis(u32::MAX);
/// let after = Timestamp::from_millis(20);
/// assert_eq!(after.millis_since(before), 21);
/// ```
/// FLV 10.1, section E.4.1 (which says signed; every writer and reader counts unsigned).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Timestamp(u32);

impl Timestamp {
    /// Time 0.
    pub const ZERO: Self = Self(0);

    /// Wraps a count of milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis)
    }

    /// The low 32 bits of a time of any length.
    #[must_use]
    pub const fn wrapping_from(millis: i64) -> Self {
        Self((millis & 0xffff_ffff) as u32)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn as_millis(self) -> u32 {
        self.0
    }

    /// The signed distance from `earlier`, the shorter way around.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }

    /// This time moved by a signed distance.
    #[must_use]
    pub const fn wrapping_add(self, millis: i32) -> Self {
        Self(self.0.wrapping_add_signed(millis))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// Turns wrapping timestamps of one stream into times that go on counting.
///
/// Only coded frames move the clock. Configuration and script tags often carry 0 in the middle
/// of a stream, so they are placed near the clock and leave it alone.
///
/// ```
/// use weir_flv::{Timestamp, Unwrap};
/// let mut clock = Unwrap::new();
/// assert_eq!(clock.advance(Timestamp::from_millis(0xffff_fff0)), 4_294_967_280);
/// assert_eq!(clock.advance(Timestamp::from_millis(4)), 4_294_967_300);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unwrap {
    last: Option<(Timestamp, i64)>,
}

impl Unwrap {
    /// A clock that has seen nothing; the first time is taken as it is.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// A clock that stands at a known time, such as that of a
    /// [`SeekPoint`](crate::file::SeekPoint).
    #[must_use]
    pub const fn at(timestamp: Timestamp, time: i64) -> Self {
        Self {
            last: Some((timestamp, time)),
        }
    }

    /// Places a time near the last one without moving the clock.
    #[must_use]
    pub fn resolve(&self, timestamp: Timestamp) -> i64 {
        match self.last {
            Some((last, time)) => time + i64::from(timestamp.millis_since(last)),
            None => i64::from(timestamp.as_millis()),
        }
    }

    /// Places the time of a coded frame and moves the clock to it.
    pub fn advance(&mut self, timestamp: Timestamp) -> i64 {
        let time = self.resolve(timestamp);
        self.last = Some((timestamp, time));
        time
    }

    /// Places a tag's time; the clock moves when the tag holds coded frames.
    pub fn tag(&mut self, tag: &Tag) -> i64 {
        match tag.class() {
            Class::KeyFrame | Class::Frame | Class::Disposable => self.advance(tag.timestamp),
            _ => self.resolve(tag.timestamp),
        }
    }
}
