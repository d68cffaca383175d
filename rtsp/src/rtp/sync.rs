//! One timeline for the tracks of a presentation.

use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::time::Duration;

use super::{NtpTime, RtpNtpMap, RtpTime, TimestampUnwrapper};

/// A time on the timeline of a presentation, in nanoseconds since its first packet.
///
/// Negative for what was captured before it, such as audio that was sent late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MediaTime(i64);

impl MediaTime {
    /// Makes a time of nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the first packet.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Milliseconds since the first packet, rounded to the nearest.
    pub const fn as_millis(self) -> i64 {
        self.0.saturating_add(500_000).div_euclid(1_000_000)
    }
}

/// Puts the tracks of one presentation on one timeline.
///
/// A track starts where its first packet arrived. The first sender report of a second track moves
/// it to where the reports say it belongs relative to the first one, however much later it
/// arrived. Later reports correct the drift of the two clocks, at most 5 ms each; a report that
/// is more than a second off is a camera that set its clock, which moves the reports and not the
/// timeline.
///
/// ```
/// use std::{num::NonZeroU32, time::Duration};
/// use weir_rtsp::rtp::{NtpTime, PresentationClock, RtpTime};
///
/// let mut clock = PresentationClock::new();
/// let video = clock.add_track(NonZeroU32::new(90_000).unwrap());
/// let audio = clock.add_track(NonZeroU32::new(48_000).unwrap());
/// let ntp = NtpTime::new(0xe8754701_40000000);
/// clock.sender_report(video, ntp, RtpTime::new(1000));
/// clock.sender_report(audio, ntp, RtpTime::new(5000));
/// let first = clock.time(video, RtpTime::new(1000), Duration::from_millis(10));
/// // Captured 20 ms later, and arriving 300 ms later.
/// let second = clock.time(audio, RtpTime::new(5960), Duration::from_millis(310));
/// assert_eq!((first.as_millis(), second.as_millis()), (0, 20));
/// ```
#[derive(Debug, Clone, Default)]
pub struct PresentationClock {
    tracks: Vec<Track>,
    /// Arrival of the first packet of any track: the timeline's zero.
    origin: Option<Duration>,
    /// The NTP time of the timeline's zero, once a track with a report has a place.
    ntp_origin: Option<NtpTime>,
}

#[derive(Debug, Clone)]
struct Track {
    clock_rate: NonZeroU32,
    unwrapper: TimestampUnwrapper,
    /// An unwrapped timestamp and its place on the timeline.
    anchor: Option<(i64, i64)>,
    report: Option<RtpNtpMap>,
    /// Whether a report has put the anchor in its place.
    placed: bool,
    latest: RtpTime,
}

impl PresentationClock {
    /// Makes a timeline without tracks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a track and returns its index: 0, 1, 2 in the order of the calls.
    pub fn add_track(&mut self, clock_rate: NonZeroU32) -> usize {
        self.tracks.push(Track {
            clock_rate,
            unwrapper: TimestampUnwrapper::default(),
            anchor: None,
            report: None,
            placed: false,
            latest: RtpTime::new(0),
        });
        self.tracks.len() - 1
    }

    /// Forgets where a track stands: its source changed or it was paused.
    pub fn restart_track(&mut self, track: usize) {
        if let Some(track) = self.tracks.get_mut(track) {
            track.unwrapper = TimestampUnwrapper::default();
            track.anchor = None;
            track.report = None;
            track.placed = false;
        }
    }

    /// The place of a packet on the timeline; zero for a track that was never added.
    ///
    /// `arrival` is the time since any fixed moment; it counts only for a track's first packet.
    pub fn time(&mut self, track: usize, timestamp: RtpTime, arrival: Duration) -> MediaTime {
        let origin = *self.origin.get_or_insert(arrival);
        let Some(state) = self.tracks.get_mut(track) else {
            return MediaTime::default();
        };
        let unwrapped = state.unwrapper.unwrap(timestamp);
        state.latest = timestamp;
        if state.anchor.is_none() {
            let place = arrival.saturating_sub(origin).as_nanos();
            state.anchor = Some((unwrapped, i64::try_from(place).unwrap_or(i64::MAX)));
            self.place(track);
        }
        let place = self.tracks.get(track).and_then(|t| t.place_of(unwrapped));
        MediaTime(place.unwrap_or(0))
    }

    /// Takes the pair of times of a sender report.
    pub fn sender_report(&mut self, track: usize, ntp: NtpTime, rtp: RtpTime) {
        if let Some(state) = self.tracks.get_mut(track) {
            state.report = Some(RtpNtpMap::new(ntp, rtp, state.clock_rate));
            if state.anchor.is_some() {
                self.place(track);
            }
        }
    }

    /// The wall-clock time of a timestamp as the latest report of its track has it, unsmoothed.
    pub fn wall_time(&self, track: usize, timestamp: RtpTime) -> Option<NtpTime> {
        Some(self.tracks.get(track)?.report?.ntp_at(timestamp))
    }

    /// Moves a track to where its latest report says it belongs.
    fn place(&mut self, index: usize) {
        let Some(track) = self.tracks.get_mut(index) else {
            return;
        };
        let Some(report) = track.report else { return };
        let mut unwrapper = track.unwrapper.clone();
        let Some(now) = track.place_of(unwrapper.unwrap(track.latest)) else {
            return;
        };
        let ntp = report.ntp_at(track.latest);
        let Some(origin) = self.ntp_origin else {
            self.ntp_origin = Some(shifted(ntp, now.saturating_neg()));
            track.placed = true;
            return;
        };
        let off = ntp.nanos_since(origin).saturating_sub(now);
        let correction = match (track.placed, off.unsigned_abs()) {
            (false, ..MAX_FIRST_CORRECTION) => off,
            (true, ..CLOCK_STEP) => off.clamp(-MAX_CORRECTION, MAX_CORRECTION),
            _ => {
                // The sender's clock was set: the timeline goes on from here.
                self.ntp_origin = Some(shifted(ntp, now.saturating_neg()));
                0
            }
        };
        track.placed = true;
        if let Some((_, place)) = &mut track.anchor {
            *place = place.saturating_add(correction);
        }
    }
}

impl Track {
    fn place_of(&self, unwrapped: i64) -> Option<i64> {
        let (timestamp, place) = self.anchor?;
        let units = i128::from(unwrapped) - i128::from(timestamp);
        let nanos = (units * 1_000_000_000).div_euclid(i128::from(self.clock_rate.get()));
        Some(place.saturating_add(i64::try_from(nanos).unwrap_or(0)))
    }
}

fn shifted(ntp: NtpTime, nanos: i64) -> NtpTime {
    let fraction = (i128::from(nanos) << 32).div_euclid(1_000_000_000);
    let fraction = i64::try_from(fraction).unwrap_or(0);
    NtpTime::new(ntp.get().wrapping_add_signed(fraction))
}

/// The most a later report moves a track, in nanoseconds: far above the drift of two quartz
/// clocks between reports, far below what lip sync can be heard to lose.
const MAX_CORRECTION: i64 = 5_000_000;
/// A report this far off is a set clock, in nanoseconds.
const CLOCK_STEP: u64 = 1_000_000_000;
/// The most a first report moves a track, in nanoseconds: tracks whose clocks have nothing in
/// common stay where they arrived.
const MAX_FIRST_CORRECTION: u64 = 30_000_000_000;
