//! Making the times of a broken stream go on.

use core::time::Duration;

use crate::body::Class;
use crate::{Tag, TagKind, Timestamp};

/// What a [`Repair`] takes for a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairConfig {
    /// Longest way forward from one frame to the next of its kind. Default: 5 s.
    pub max_forward: Duration,
    /// Longest way back. Default: 0.5 s.
    pub max_backward: Duration,
}

impl Default for RepairConfig {
    fn default() -> Self {
        Self {
            max_forward: Duration::from_secs(5),
            max_backward: Duration::from_millis(500),
        }
    }
}

/// A break in the times of a stream, and what was made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Jump {
    /// The time of the frame that broke the order, as it came.
    pub at: Timestamp,
    /// Where the frame was put, in milliseconds.
    pub to: i64,
}

/// Rewrites times so that jumps and restarts do not show.
///
/// Where two pushes were glued together, a clock was set, or one stray frame has a wild time,
/// the stream goes on one frame later. Sound and pictures are followed apart, so that a stream
/// whose kinds are far apart from the start is pulled together; after a break both move by the
/// same distance, so that they stay in step. Only frames count: configuration and script tags
/// get the time of the last frame, whatever theirs is. Gaps are passed on to the millisecond.
///
/// ```
/// use bytes::Bytes;
/// use weir_flv::{Repair, RepairConfig, Tag, TagKind, Timestamp};
///
/// let frame = |millis| {
///     let body = Bytes::from_static(&[0x2f, 0]);
///     Tag::new(TagKind::AUDIO, Timestamp::from_millis(millis), body)
/// };
/// let mut repair = Repair::new(RepairConfig::default());
/// // The encoder was restarted: its clock begins anew.
/// let times: Vec<u32> = [60_000, 60_026, 60_052, 0, 26]
///     .map(|millis| repair.tag(&frame(millis)).0.timestamp.as_millis())
///     .to_vec();
/// assert_eq!(times, [60_000, 60_026, 60_052, 60_078, 60_104]);
/// ```
#[derive(Debug, Clone)]
pub struct Repair {
    config: RepairConfig,
    audio: Lane,
    video: Lane,
    /// The latest time given out.
    now: Option<i64>,
}

/// What is known of one kind.
#[derive(Debug, Clone, Copy)]
struct Lane {
    /// The last frame's time as it came, and as it was given out.
    last: Option<(Timestamp, i64)>,
    /// How long a frame lasts, in milliseconds.
    step: i64,
}

impl Repair {
    /// A repair that has seen nothing.
    #[must_use]
    pub const fn new(config: RepairConfig) -> Self {
        Self {
            config,
            // Until frames tell: AAC at 44.1 kHz, and 25 pictures per second.
            audio: Lane {
                last: None,
                step: 23,
            },
            video: Lane {
                last: None,
                step: 40,
            },
            now: None,
        }
    }

    /// The tag at its new time, and the break if there was one.
    #[must_use]
    pub fn tag(&mut self, tag: &Tag) -> (Tag, Option<Jump>) {
        if !matches!(
            tag.class(),
            Class::KeyFrame | Class::Frame | Class::Disposable
        ) {
            let time = self.now.unwrap_or_else(|| tag.timestamp.as_millis().into());
            return (tag.at(Timestamp::wrapping_from(time)), None);
        }
        let (mut lane, other) = match tag.kind {
            TagKind::AUDIO => (self.audio, self.video),
            _ => (self.video, self.audio),
        };
        let came = tag.timestamp;
        let mut jump = None;
        let time = match (lane.near(came, &self.config), lane.last) {
            (Some(time), Some((_, before))) => {
                if (1..=LONGEST_STEP).contains(&(time - before)) {
                    lane.step = time - before;
                }
                time.max(before)
            }
            (_, before) => {
                let together = other.near(came, &self.config);
                let is_first = before.is_none();
                let time = match (together, self.now) {
                    // In step with the other kind, which is there already.
                    (Some(time), _) => time.max(before.map_or(i64::MIN, |(_, before)| before)),
                    (None, Some(now)) if is_first => now,
                    (None, Some(now)) => now.max(before.map_or(0, |(_, time)| time + lane.step)),
                    (None, None) => came.as_millis().into(),
                };
                if self.now.is_some() && !(is_first && together.is_some()) {
                    jump = Some(Jump { at: came, to: time });
                }
                time
            }
        };
        lane.last = Some((came, time));
        match tag.kind {
            TagKind::AUDIO => self.audio = lane,
            _ => self.video = lane,
        }
        self.now = Some(self.now.map_or(time, |now| now.max(time)));
        (tag.at(Timestamp::wrapping_from(time)), jump)
    }
}

impl Lane {
    /// Where a time lies on this kind's clock, when it is close to its last frame.
    fn near(&self, came: Timestamp, config: &RepairConfig) -> Option<i64> {
        let (last, time) = self.last?;
        let way = i64::from(came.millis_since(last));
        let forward = i64::try_from(config.max_forward.as_millis()).unwrap_or(i64::MAX);
        let backward = i64::try_from(config.max_backward.as_millis()).unwrap_or(i64::MAX);
        (way <= forward && -way <= backward).then_some(time + way)
    }
}

/// The longest that a frame is taken to last, in milliseconds.
const LONGEST_STEP: i64 = 200;
