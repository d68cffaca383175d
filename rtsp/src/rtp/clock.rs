//! NTP time, the two injected clocks, and the line between RTP and NTP time.

#[cfg(feature = "std")]
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use core::fmt;
use core::num::NonZeroU32;
use core::time::Duration;

use super::RtpTime;
#[cfg(feature = "std")]
use super::jitter::clock_units;

/// A 64-bit NTP timestamp: seconds since 1900 in the upper half, their fraction in the lower.
///
/// RFC 3550, section 4.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NtpTime(u64);

impl NtpTime {
    /// Makes a time of its value on the wire.
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// The value on the wire.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Makes a time of the time since the Unix epoch, wrapping in 2036 as NTP does.
    pub fn from_unix(since_1970: Duration) -> Self {
        let seconds = since_1970.as_secs().wrapping_add(UNIX_EPOCH_IN_NTP);
        Self((seconds << 32) | nanos_to_fraction(since_1970.subsec_nanos()))
    }

    /// The time since the Unix epoch.
    ///
    /// Seconds below 2^31 are those after the wrap of 2036: RFC 4330, section 3.
    pub fn to_unix(self) -> Duration {
        let seconds = self.0 >> 32;
        let era = if seconds < 1 << 31 { 1 << 32 } else { 0 };
        let nanos = ((self.0 & 0xffff_ffff) * NANOS) >> 32;
        Duration::from_secs((seconds + era).saturating_sub(UNIX_EPOCH_IN_NTP))
            + Duration::from_nanos(nanos)
    }

    /// The middle 32 bits, as the LSR of a report block carries them.
    pub const fn compact(self) -> u32 {
        let [_, _, a, b, c, d, _, _] = self.0.to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    /// A duration in units of 1/65536 s, as the DLSR of a report block carries it; saturates
    /// after 18 hours.
    pub fn compact_duration(duration: Duration) -> u32 {
        let fraction = u64::from(duration.subsec_nanos()) * 0x1_0000 / NANOS;
        let units = duration.as_secs().saturating_mul(0x1_0000) + fraction;
        u32::try_from(units).unwrap_or(u32::MAX)
    }

    /// How far this time is after `earlier`, in nanoseconds, negative if it is before it.
    ///
    /// Right while the two are less than 68 years apart.
    pub fn nanos_since(self, earlier: Self) -> i64 {
        let difference = i128::from(self.0.wrapping_sub(earlier.0) as i64);
        i64::try_from((difference * i128::from(NANOS)) >> 32).unwrap_or(0)
    }
}

impl fmt::Debug for NtpTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, fraction) = (self.0 >> 32, self.0 & 0xffff_ffff);
        write!(f, "NtpTime({seconds:08x}.{fraction:08x})")
    }
}

/// A moment on the monotonic clock and the wall-clock time of the same moment.
///
/// Sessions derive wall-clock time from `now` through it, so that a step of the system clock does
/// not tear a stream; a driver that wants to follow a step replaces the anchor.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockAnchor {
    /// The moment on the monotonic clock.
    pub instant: Instant,
    /// The wall-clock time of that moment.
    pub wall: SystemTime,
}

#[cfg(feature = "std")]
impl ClockAnchor {
    /// Makes an anchor of two clocks read at the same moment.
    pub const fn new(instant: Instant, wall: SystemTime) -> Self {
        Self { instant, wall }
    }

    /// The wall-clock time of a moment.
    pub fn wall_at(&self, now: Instant) -> SystemTime {
        let wall = match now.checked_duration_since(self.instant) {
            Some(after) => self.wall.checked_add(after),
            None => self.wall.checked_sub(self.instant - now),
        };
        wall.unwrap_or(self.wall)
    }

    /// The NTP time of a moment.
    pub fn ntp_at(&self, now: Instant) -> NtpTime {
        let wall = self.wall_at(now);
        NtpTime::from_unix(wall.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

/// The capture clock of a track that is sent: which RTP timestamp belongs to which moment.
///
/// Sender reports are made of it at the time of sending, so their pair of times is never stale
/// and never that of a packet which waited in a queue.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderClock {
    timestamp: RtpTime,
    captured: Instant,
    clock_rate: u32,
}

#[cfg(feature = "std")]
impl SenderClock {
    /// Says that `timestamp` was captured at the moment `captured`; `clock_rate` is in Hz.
    pub const fn new(timestamp: RtpTime, captured: Instant, clock_rate: u32) -> Self {
        Self {
            timestamp,
            captured,
            clock_rate,
        }
    }

    /// The RTP timestamp a frame captured at `now` would have.
    pub fn timestamp_at(&self, now: Instant) -> RtpTime {
        let units = |time| clock_units(time, self.clock_rate);
        let offset = match now.checked_duration_since(self.captured) {
            Some(after) => units(after),
            None => units(self.captured - now).wrapping_neg(),
        };
        self.timestamp.wrapping_add(offset)
    }
}

/// The line a sender report draws between RTP and NTP time.
///
/// RFC 3550, section 6.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpNtpMap {
    ntp: NtpTime,
    rtp: RtpTime,
    clock_rate: NonZeroU32,
}

impl RtpNtpMap {
    /// Takes the pair of times of a sender report; `clock_rate` is in Hz.
    pub const fn new(ntp: NtpTime, rtp: RtpTime, clock_rate: NonZeroU32) -> Self {
        Self {
            ntp,
            rtp,
            clock_rate,
        }
    }

    /// The NTP time of an RTP timestamp less than 2^31 units from the report.
    pub fn ntp_at(&self, timestamp: RtpTime) -> NtpTime {
        let units = i128::from(timestamp.since(self.rtp));
        let offset = (units << 32).div_euclid(i128::from(self.clock_rate.get()));
        let offset = i64::try_from(offset).unwrap_or(0);
        NtpTime(self.ntp.0.wrapping_add_signed(offset))
    }

    /// The RTP timestamp of an NTP time.
    pub fn rtp_at(&self, ntp: NtpTime) -> RtpTime {
        let fraction = i128::from(ntp.0.wrapping_sub(self.ntp.0) as i64);
        let units = (fraction * i128::from(self.clock_rate.get())) >> 32;
        let [.., a, b, c, d] = units.to_be_bytes();
        self.rtp.wrapping_add(u32::from_be_bytes([a, b, c, d]))
    }
}

/// Unwraps the 32-bit timestamps of one source to 64 bits.
///
/// Each timestamp is taken as the one nearest to the one before, so times that go back, as those
/// of B-frames do, stay right.
#[derive(Debug, Clone, Default)]
pub struct TimestampUnwrapper {
    last: Option<(RtpTime, i64)>,
}

impl TimestampUnwrapper {
    /// The unwrapped value; the first one is its own value.
    pub fn unwrap(&mut self, timestamp: RtpTime) -> i64 {
        let value = match self.last {
            Some((before, value)) => value.saturating_add(i64::from(timestamp.since(before))),
            None => i64::from(timestamp.get()),
        };
        self.last = Some((timestamp, value));
        value
    }
}

fn nanos_to_fraction(nanos: u32) -> u64 {
    // Rounded up, so that whole nanoseconds survive the way back, which rounds down.
    (u64::from(nanos) << 32).div_ceil(NANOS)
}

const NANOS: u64 = 1_000_000_000;
/// Seconds from 1900 to 1970.
const UNIX_EPOCH_IN_NTP: u64 = 2_208_988_800;
