//! RTP: packets, header extensions, sequence numbers, receiver statistics, reordering, clocks.
//!
//! Nothing here reads a clock: arrival times are [`Duration`](core::time::Duration)s since any
//! fixed moment of the caller's choice.
//!
//! ```
//! use weir_rtsp::rtp::{RtpPacket, RtpTime};
//!
//! let bytes = [0x80, 0xe0, 0x03, 0xe8, 0, 0, 0, 9, 0xca, 0xfe, 0xba, 0xbe, 0x65, 0x88];
//! let packet = RtpPacket::decode(&bytes[..])?;
//! assert_eq!(packet.payload_type(), 96);
//! assert_eq!(packet.timestamp(), RtpTime::new(9));
//! assert!(packet.marker());
//! assert_eq!(packet.payload(), [0x65, 0x88]);
//! # Ok::<(), weir_rtsp::rtp::RtpError>(())
//! ```

mod clock;
mod extension;
mod jitter;
mod packet;
mod receiver;
mod reorder;
mod sequence;
mod sync;

#[cfg(feature = "std")]
pub use clock::{ClockAnchor, SenderClock};
pub use clock::{NtpTime, RtpNtpMap, TimestampUnwrapper};
pub use extension::{Element, Elements, Extension, OnvifReplay};
pub use jitter::Jitter;
pub use packet::{RtpBuildError, RtpError, RtpPacket, RtpPacketBuilder, is_rtcp};
pub use receiver::ReceiverStatistics;
pub use reorder::{Ordered, ReorderBuffer, ReorderLimits};
pub use sequence::{Arrival, SequenceTracker};
pub use sync::{MediaTime, PresentationClock};

use core::fmt;

/// An RTP timestamp: units of the payload format's clock, wrapping at 2^32.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RtpTime(u32);

impl RtpTime {
    /// Makes a timestamp of its value on the wire.
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// The value on the wire.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// This time and `units` more, wrapping.
    pub const fn wrapping_add(self, units: u32) -> Self {
        Self(self.0.wrapping_add(units))
    }

    /// How far this time is after `earlier`, negative if it is before it.
    ///
    /// Right while the two are less than 2^31 units apart.
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }
}

impl fmt::Debug for RtpTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RtpTime({})", self.0)
    }
}

impl fmt::Display for RtpTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A synchronisation source: the random id of one sender of one track.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Ssrc(u32);

impl Ssrc {
    /// Makes an id of its value on the wire.
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// The value on the wire.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ssrc({:08x})", self.0)
    }
}

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A 16-bit RTP sequence number, wrapping.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SequenceNumber(u16);

impl SequenceNumber {
    /// Makes a sequence number of its value on the wire.
    pub const fn new(value: u16) -> Self {
        Self(value)
    }

    /// The value on the wire.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// How many packets this one is after `earlier`, negative if it is before it.
    ///
    /// Right while the two are less than 2^15 packets apart.
    pub const fn since(self, earlier: Self) -> i16 {
        self.0.wrapping_sub(earlier.0) as i16
    }
}

impl fmt::Debug for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SequenceNumber({})", self.0)
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
