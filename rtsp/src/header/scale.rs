//! `Scale` and `Speed`: how fast to play, and how fast to send.

use core::{fmt, str::FromStr};

use crate::ValueError;

/// The ratio of playing speed to normal speed; negative is backwards.
///
/// RFC 2326, section 12.34.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a number")]
pub struct Scale(pub f64);

/// Bounds of the rate of delivery, in multiples of the normal one. RTSP 1.0 has one number only.
///
/// RFC 2326, section 12.35; RFC 7826, section 18.50.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Speed {
    /// Lowest rate.
    pub min: f64,
    /// Highest rate. Not below `min`.
    pub max: f64,
}

impl Speed {
    /// Exactly this rate.
    pub const fn new(rate: f64) -> Self {
        Self {
            min: rate,
            max: rate,
        }
    }
}

impl FromStr for Scale {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        number(text).map(Self)
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Speed {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (min, max) = match text.split_once('-') {
            Some((min, max)) => (number(min)?, number(max)?),
            None => (number(text)?, number(text)?),
        };
        if max < min || min < 0.0 {
            return Err(ValueError::new(0, "a positive range"));
        }
        Ok(Self { min, max })
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.min)?;
        if self.max > self.min {
            write!(f, "-{}", self.max)
        } else {
            Ok(())
        }
    }
}

fn number(text: &str) -> Result<f64, ValueError> {
    let number: Option<f64> = text.trim_ascii().parse().ok();
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| ValueError::new(0, "a number"))
}
