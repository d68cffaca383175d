//! Interarrival jitter.

use core::time::Duration;

use super::RtpTime;

/// The interarrival jitter of one source, in units of its clock.
///
/// The integer form of RFC 3550, appendix A.8: sixteen times the value is kept, so that the
/// average does not lose its fraction.
#[derive(Debug, Clone, Default)]
pub struct Jitter {
    transit: Option<u32>,
    scaled: u32,
}

impl Jitter {
    /// Counts a packet in the order of arrival.
    ///
    /// `arrival` is the time since any fixed moment, `clock_rate` is in Hz.
    pub fn update(&mut self, timestamp: RtpTime, arrival: Duration, clock_rate: u32) {
        let transit = clock_units(arrival, clock_rate).wrapping_sub(timestamp.get());
        if let Some(before) = self.transit.replace(transit) {
            let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
            let decay = self.scaled.wrapping_add(8) >> 4;
            self.scaled = self.scaled.wrapping_add(difference).wrapping_sub(decay);
        }
    }

    /// The value of a report, in clock units.
    pub const fn value(&self) -> u32 {
        self.scaled >> 4
    }
}

/// A duration in units of a clock, modulo 2^32.
pub(crate) fn clock_units(time: Duration, clock_rate: u32) -> u32 {
    let rate = u64::from(clock_rate);
    let fraction = u64::from(time.subsec_nanos()) * rate / 1_000_000_000;
    let units = time.as_secs().wrapping_mul(rate).wrapping_add(fraction);
    let [_, _, _, _, low @ ..] = units.to_be_bytes();
    u32::from_be_bytes(low)
}
