//! Decode times for streams that carry presentation times only.

use alloc::collections::VecDeque;

/// Finds decode times: RTP carries presentation times, FLV, RTMP and MP4 want both.
///
/// How it works: a decoder that may hold `depth` pictures back shows the picture with the
/// `depth + 1`th latest presentation time when a new one arrives, so that time is the decode
/// time of the new one. The result rises with every picture and is never after the presentation
/// time, as long as the stream keeps to its depth. A stream that does not makes the depth grow;
/// the picture that showed it gets a decode time after its presentation time, once.
///
/// Times are in any unit, the same for all calls; `unit_rate` units make a second.
///
/// ```
/// use weir_rtsp::DtsRecovery;
///
/// // I P B B P B B, one picture each 40 ms, in decoding order.
/// let mut recovery = DtsRecovery::new(1000, Some(1));
/// let dts: Vec<i64> = [0, 120, 40, 80, 240, 160, 200].map(|pts| recovery.push(pts)).to_vec();
/// assert_eq!(dts, [-1, 0, 40, 80, 120, 160, 200]);
/// ```
#[derive(Debug, Clone)]
pub struct DtsRecovery {
    unit_rate: u32,
    depth: usize,
    /// The latest presentation times in ascending order, at most `MAX_DEPTH + 1`.
    latest: VecDeque<i64>,
    last: Option<i64>,
}

impl DtsRecovery {
    /// Starts with the reorder depth of the stream's parameter sets
    /// ([`ParameterSets::reorder_depth`](crate::payload::ParameterSets::reorder_depth)): 0 without
    /// B-frames, at most 16. Where it is unknown 2 is taken, which covers what encoders do unless
    /// told otherwise.
    ///
    /// `unit_rate` is how many units make a second: the clock rate, or 1000 for milliseconds.
    pub fn new(unit_rate: u32, reorder_depth: Option<u8>) -> Self {
        let depth = reorder_depth.map_or(UNKNOWN_DEPTH, usize::from);
        Self {
            unit_rate,
            depth: depth.min(MAX_DEPTH),
            latest: VecDeque::new(),
            last: None,
        }
    }

    /// Takes the presentation time of the next picture in decoding order and gives its decode
    /// time, which is later than that of the picture before.
    ///
    /// A step of more than ten seconds either way is a new beginning.
    pub fn push(&mut self, pts: i64) -> i64 {
        let jump = 10 * i64::from(self.unit_rate);
        let newest = self.latest.back().copied().unwrap_or(pts);
        if pts.abs_diff(newest) > jump.unsigned_abs() {
            self.restart();
        }
        let later = self.latest.iter().filter(|time| **time > pts).count();
        if later > self.depth {
            self.depth = later.min(MAX_DEPTH);
        }
        self.latest.insert(self.latest.len() - later, pts);
        if self.latest.len() > MAX_DEPTH + 1 {
            self.latest.pop_front();
        }
        // The first pictures come before the first time is due; each gets a unit of its own.
        let (at, missing) = match (self.latest.len() - 1).checked_sub(self.depth) {
            Some(at) => (at, 0),
            None => (0, self.depth + 1 - self.latest.len()),
        };
        let due = self.latest.get(at).copied().unwrap_or(pts);
        let due = due.saturating_sub(i64::try_from(missing).unwrap_or(0));
        let dts = self
            .last
            .map_or(due, |last| due.max(last.saturating_add(1)));
        self.last = Some(dts);
        dts
    }

    /// Forgets the pictures so far: a seek, or another source.
    pub fn restart(&mut self) {
        self.latest.clear();
        self.last = None;
    }

    /// The reorder depth in use, in pictures.
    pub const fn depth(&self) -> usize {
        self.depth
    }
}

const UNKNOWN_DEPTH: usize = 2;
/// H.264 and H.265 hold at most 16 pictures.
const MAX_DEPTH: usize = 16;
