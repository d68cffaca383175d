//! `Range`: which part of a presentation, in one of three clocks.

use core::{fmt, str::FromStr, time::Duration};

use super::params::{pair, split};
use crate::ValueError;

/// A part of a presentation.
///
/// ```
/// use weir_rtsp::header::{NptTime, Range, RangeUnit};
///
/// let range: Range = "npt=now-".parse()?;
/// assert_eq!(range.unit, RangeUnit::Npt { start: Some(NptTime::Now), end: None });
/// let range: Range = "smpte=0:10:20-;time=19970123T153600Z".parse()?;
/// assert_eq!(range.to_string(), "smpte=0:10:20-;time=19970123T153600Z");
/// # Ok::<(), weir_rtsp::ValueError>(())
/// ```
/// RFC 2326, section 12.29; RFC 7826, section 18.40.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Range {
    /// The clock and its bounds.
    pub unit: RangeUnit,
    /// When the operation is to take effect.
    pub time: Option<UtcTime>,
}

/// The clock of a range, with its start and its end. A missing start is allowed beside an end: the
/// last so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeUnit {
    /// Normal play time: from the start of the presentation. RFC 2326, section 3.6.
    Npt {
        /// First moment played.
        start: Option<NptTime>,
        /// First moment no longer played.
        end: Option<NptTime>,
    },
    /// SMPTE time codes. RFC 2326, section 3.5.
    Smpte {
        /// How frames are counted.
        frames: SmpteFrames,
        /// First frame played.
        start: Option<SmpteTime>,
        /// First frame no longer played.
        end: Option<SmpteTime>,
    },
    /// Wall clock. RFC 2326, section 3.7.
    Clock {
        /// First moment played.
        start: Option<UtcTime>,
        /// First moment no longer played.
        end: Option<UtcTime>,
    },
}

/// How SMPTE time codes count frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmpteFrames {
    /// `smpte`: 29.97 a second, numbers dropped.
    Smpte,
    /// `smpte-30-drop`: the same by its other name.
    Smpte30Drop,
    /// `smpte-25`: 25 a second.
    Smpte25,
}

/// A moment of normal play time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed by RFC 2326, section 3.6")]
pub enum NptTime {
    /// The live moment.
    Now,
    /// Behind the start of the presentation.
    At(Duration),
}

/// A SMPTE time code: `hours:minutes:seconds[:frames[.subframes]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmpteTime {
    /// Hours.
    pub hours: u8,
    /// Minutes, 0 to 59.
    pub minutes: u8,
    /// Seconds, 0 to 59.
    pub seconds: u8,
    /// Frames within the second.
    pub frames: Option<u8>,
    /// Hundredths of a frame.
    pub subframes: Option<u8>,
    /// Digits of the hours as written, kept so that the text survives.
    hour_digits: u8,
}

/// A moment of the wall clock in UTC: `19961108T142300.25Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct UtcTime {
    /// Year, 0 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 60.
    pub second: u8,
    /// Nanoseconds within the second.
    pub nanosecond: u32,
    /// Digits of the fraction as written, kept so that the text survives.
    fraction_digits: u8,
}

impl Range {
    /// From the live moment on: what a live server plays.
    pub const NOW: Self = Self {
        unit: RangeUnit::Npt {
            start: Some(NptTime::Now),
            end: None,
        },
        time: None,
    };

    /// Normal play time from `start` to `end`, or to the end of the presentation.
    pub fn npt(start: Duration, end: Option<Duration>) -> Self {
        let unit = RangeUnit::Npt {
            start: Some(NptTime::At(start)),
            end: end.map(NptTime::At),
        };
        Self { unit, time: None }
    }
}

impl FromStr for Range {
    type Err = ValueError;

    /// Reads a range. Blanks around the bounds are taken away (`npt=0- 596.48`, Wowza).
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let mut parts = split(text, ';');
        let (unit, bounds) = pair(parts.next().unwrap_or_default());
        let bounds = bounds.ok_or_else(|| ValueError::new(unit.len(), "= and a range"))?;
        let at = unit.len() + 1;
        let (start, end) = bounds
            .split_once('-')
            .ok_or_else(|| ValueError::new(at, "a dash between the bounds"))?;
        let (start, end) = (start.trim_ascii(), end.trim_ascii());
        if start.is_empty() && end.is_empty() {
            return Err(ValueError::new(at, "a start or an end"));
        }
        let unit = match unit.to_ascii_lowercase().as_str() {
            "npt" => RangeUnit::Npt {
                start: bound(start, at)?,
                end: bound(end, at)?,
            },
            "clock" => RangeUnit::Clock {
                start: bound(start, at)?,
                end: bound(end, at)?,
            },
            name => {
                let frames = match name {
                    "smpte" => SmpteFrames::Smpte,
                    "smpte-30-drop" => SmpteFrames::Smpte30Drop,
                    "smpte-25" => SmpteFrames::Smpte25,
                    _ => return Err(ValueError::new(0, "npt, smpte or clock")),
                };
                RangeUnit::Smpte {
                    frames,
                    start: bound(start, at)?,
                    end: bound(end, at)?,
                }
            }
        };
        let time = parts
            .map(pair)
            .find(|(name, _)| name.eq_ignore_ascii_case("time"))
            .and_then(|(_, time)| time?.parse().ok());
        Ok(Self { unit, time })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            RangeUnit::Npt { start, end } => write_bounds(f, "npt", start, end)?,
            RangeUnit::Clock { start, end } => write_bounds(f, "clock", start, end)?,
            RangeUnit::Smpte { frames, start, end } => {
                let name = match frames {
                    SmpteFrames::Smpte => "smpte",
                    SmpteFrames::Smpte30Drop => "smpte-30-drop",
                    SmpteFrames::Smpte25 => "smpte-25",
                };
                write_bounds(f, name, start, end)?;
            }
        }
        match self.time {
            Some(time) => write!(f, ";time={time}"),
            None => Ok(()),
        }
    }
}

impl FromStr for NptTime {
    type Err = ValueError;

    /// `now`, seconds with a fraction, or `hours:minutes:seconds` with a fraction.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let expected = || ValueError::new(0, "now, seconds or hours:minutes:seconds");
        if text.eq_ignore_ascii_case("now") {
            return Ok(Self::Now);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let mut parts = whole.split(':');
        let seconds = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(seconds), None, ..) => number::<u64>(seconds),
            (Some(hours), Some(minutes), Some(seconds), None) => number::<u64>(hours)
                .zip(number::<u64>(minutes).filter(|minutes| *minutes < 60))
                .zip(number::<u64>(seconds).filter(|seconds| *seconds < 60))
                .and_then(|((hours, minutes), seconds)| {
                    hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)
                }),
            _ => None,
        };
        let seconds = seconds.ok_or_else(expected)?;
        let (nanosecond, _) = nanoseconds(fraction).ok_or_else(expected)?;
        Ok(Self::At(Duration::new(seconds, nanosecond)))
    }
}

impl fmt::Display for NptTime {
    /// Writes seconds with three digits behind the point, or all that are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::At(at) if at.subsec_nanos() % 1_000_000 == 0 => {
                write!(f, "{}.{:03}", at.as_secs(), at.subsec_millis())
            }
            Self::At(at) => write!(f, "{}.{:09}", at.as_secs(), at.subsec_nanos()),
        }
    }
}

impl FromStr for SmpteTime {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let expected = || ValueError::new(0, "hours:minutes:seconds[:frames[.subframes]]");
        let mut parts = text.splitn(4, ':');
        let mut next = || {
            parts
                .next()
                .and_then(|part| Some((part, number::<u8>(part)?)))
        };
        let (hour_text, hours) = next().ok_or_else(expected)?;
        let (_, minutes) = next().filter(|(_, n)| *n < 60).ok_or_else(expected)?;
        let (_, seconds) = next().filter(|(_, n)| *n < 60).ok_or_else(expected)?;
        let (frames, subframes) = match parts.next() {
            None => (None, None),
            Some(rest) => {
                let (frames, subframes) = match rest.split_once('.') {
                    Some((frames, subframes)) => (frames, Some(subframes)),
                    None => (rest, None),
                };
                let subframes = subframes.map(|text| number(text).ok_or_else(expected));
                (
                    Some(number(frames).ok_or_else(expected)?),
                    subframes.transpose()?,
                )
            }
        };
        let hour_digits = u8::try_from(hour_text.len()).map_err(|_| expected())?;
        Ok(Self {
            hours,
            minutes,
            seconds,
            frames,
            subframes,
            hour_digits,
        })
    }
}

impl fmt::Display for SmpteTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = usize::from(self.hour_digits);
        write!(
            f,
            "{:0width$}:{:02}:{:02}",
            self.hours, self.minutes, self.seconds
        )?;
        if let Some(frames) = self.frames {
            write!(f, ":{frames:02}")?;
        }
        match self.subframes {
            Some(subframes) => write!(f, ".{subframes:02}"),
            None => Ok(()),
        }
    }
}

impl FromStr for UtcTime {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let expected = || ValueError::new(0, "a time such as 19961108T142300Z");
        let text = text.strip_suffix(['Z', 'z']).ok_or_else(expected)?;
        let (date, time) = text.split_once(['T', 't']).ok_or_else(expected)?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
        if date.len() != 8 || time.len() != 6 {
            return Err(expected());
        }
        let two = |text: &str, at: usize, range: core::ops::RangeInclusive<u8>| {
            text.get(at..at + 2)
                .and_then(number)
                .filter(|n| range.contains(n))
                .ok_or_else(expected)
        };
        let (nanosecond, fraction_digits) = nanoseconds(fraction).ok_or_else(expected)?;
        Ok(Self {
            year: date.get(..4).and_then(number).ok_or_else(expected)?,
            month: two(date, 4, 1..=12)?,
            day: two(date, 6, 1..=31)?,
            hour: two(time, 0, 0..=23)?,
            minute: two(time, 2, 0..=59)?,
            second: two(time, 4, 0..=60)?,
            nanosecond,
            fraction_digits,
        })
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}T", self.year, self.month, self.day)?;
        write!(f, "{:02}{:02}{:02}", self.hour, self.minute, self.second)?;
        if self.fraction_digits > 0 {
            let digits = usize::from(self.fraction_digits.min(9));
            let fraction = self.nanosecond / 10_u32.pow(9 - u32::from(self.fraction_digits.min(9)));
            write!(f, ".{fraction:0digits$}")?;
        }
        f.write_str("Z")
    }
}

/// One bound; nothing written is no bound.
fn bound<T: FromStr<Err = ValueError>>(text: &str, at: usize) -> Result<Option<T>, ValueError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|error: ValueError| ValueError::new(at + error.offset, error.expected))
}

fn write_bounds<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    start: Option<T>,
    end: Option<T>,
) -> fmt::Result {
    write!(f, "{name}=")?;
    start.map_or(Ok(()), |start| write!(f, "{start}"))?;
    f.write_str("-")?;
    end.map_or(Ok(()), |end| write!(f, "{end}"))
}

/// A number of digits only.
fn number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// Nanoseconds of the digits behind a point, and how many of them count.
fn nanoseconds(digits: &str) -> Option<(u32, u8)> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.get(..9).unwrap_or(digits);
    let len = u8::try_from(digits.len()).ok()?;
    let value = if len == 0 { 0 } else { digits.parse().ok()? };
    Some((value * 10_u32.pow(9 - u32::from(len)), len))
}
