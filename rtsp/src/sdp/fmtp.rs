//! `a=rtpmap`, `a=fmtp` and the static payload types: how one payload type is coded.

use alloc::{borrow::Cow, string::String};
use core::{fmt, str::FromStr};

use crate::{
    ValueError,
    scan::{find, find_soon},
};

/// One payload type of a media section, with everything SDP says about it.
///
/// This is what [`payload`](crate::payload) builds its codec parameters from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Format<'a> {
    /// RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// Encoding name as written, or that of the static table. Compare without case.
    pub encoding: Cow<'a, str>,
    /// RTP clock rate in Hz. Never 0.
    pub clock_rate: u32,
    /// Channels of audio: as written, 1 where nothing is written. `None` for everything else.
    pub channels: Option<u16>,
    /// Codec parameters. Empty when there is no `a=fmtp` line.
    pub fmtp: Fmtp<'a>,
}

impl<'a> Format<'a> {
    /// A format without codec parameters.
    pub fn new(payload_type: u8, encoding: impl Into<Cow<'a, str>>, clock_rate: u32) -> Self {
        Self {
            payload_type,
            encoding: encoding.into(),
            clock_rate,
            channels: None,
            fmtp: Fmtp::default(),
        }
    }

    /// The same format with this number of audio channels.
    #[must_use]
    pub fn with_channels(mut self, channels: u16) -> Self {
        self.channels = Some(channels);
        self
    }

    /// The same format with these codec parameters.
    #[must_use]
    pub fn with_fmtp(mut self, fmtp: Fmtp<'a>) -> Self {
        self.fmtp = fmtp;
        self
    }

    /// The format of a static payload type, or `None` for dynamic and unassigned ones.
    ///
    /// RFC 3551, section 6, tables 4 and 5.
    pub fn of_static_payload_type(payload_type: u8) -> Option<Self> {
        let (_, encoding, clock_rate, channels) = *STATIC_PAYLOAD_TYPES
            .iter()
            .find(|(number, ..)| *number == payload_type)?;
        Some(Self {
            channels: (channels > 0).then_some(channels),
            ..Self::new(payload_type, encoding, clock_rate)
        })
    }

    /// Copies what is borrowed.
    pub fn into_owned(self) -> Format<'static> {
        Format {
            payload_type: self.payload_type,
            encoding: Cow::Owned(self.encoding.into_owned()),
            clock_rate: self.clock_rate,
            channels: self.channels,
            fmtp: self.fmtp.into_owned(),
        }
    }
}

/// The value of `a=rtpmap`: payload type, encoding name, clock rate, channels.
///
/// RFC 8866, section 6.6.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RtpMap<'a> {
    /// RTP payload type.
    pub payload_type: u8,
    /// Encoding name as written.
    pub encoding: &'a str,
    /// Clock rate in Hz. 0 is what some devices write for data; no media can be used with it.
    pub clock_rate: u32,
    /// Encoding parameters: for audio the number of channels.
    pub channels: Option<u16>,
}

impl<'a> RtpMap<'a> {
    /// Reads the value behind `a=rtpmap:`.
    ///
    /// Blanks around each part are taken away ("H265/90000 ", "META /0").
    /// # Errors
    /// [`ValueError`] where there is no payload type, no name or no clock rate.
    pub fn parse(value: &'a str) -> Result<Self, ValueError> {
        let value = value.trim();
        let (number, map) = value
            .split_once([' ', '\t'])
            .ok_or_else(|| ValueError::new(value.len(), "a blank and an encoding name"))?;
        let payload_type = number
            .parse()
            .map_err(|_| ValueError::new(0, "a payload type of 0 to 127"))?;
        let mut parts = map.split('/').map(str::trim);
        let at = number.len() + 1;
        let encoding = parts
            .next()
            .filter(|name| !name.is_empty())
            .ok_or_else(|| ValueError::new(at, "an encoding name"))?;
        let clock_rate = parts
            .next()
            .and_then(|rate| rate.parse().ok())
            .ok_or_else(|| ValueError::new(at + encoding.len(), "a clock rate in Hz"))?;
        let channels = parts.next().and_then(|channels| channels.parse().ok());
        Ok(Self {
            payload_type,
            encoding,
            clock_rate,
            channels,
        })
    }
}

impl fmt::Display for RtpMap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}/{}",
            self.payload_type, self.encoding, self.clock_rate
        )?;
        match self.channels {
            Some(channels) => write!(f, "/{channels}"),
            None => Ok(()),
        }
    }
}

/// Codec parameters of one payload type: what stands behind `a=fmtp:96 `.
///
/// ```
/// use weir_rtsp::sdp::Fmtp;
///
/// let fmtp = Fmtp::from("packetization-mode=1; Sprop-Parameter-Sets=Z0IAH5Y=,aM48gA==;");
/// assert_eq!(fmtp.get("sprop-parameter-sets"), Some("Z0IAH5Y=,aM48gA=="));
/// assert_eq!(fmtp.parse("packetization-mode"), Some(1));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fmtp<'a>(Cow<'a, str>);

impl<'a> Fmtp<'a> {
    /// The value of a parameter, whatever its case. The first one counts; a flag without `=` has
    /// the empty value.
    pub fn get(&self, key: &str) -> Option<&str> {
        // Codecs ask for one name after another: most parameters end at a look at their beginning.
        let begins = |parameter: &&str| {
            let begin = parameter.trim_ascii_start().get(..key.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(key))
        };
        self.split()
            .filter(begins)
            .filter_map(parameter)
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    }

    /// The value of a parameter, if it is there and can be read as a `T`.
    pub fn parse<T: FromStr>(&self, key: &str) -> Option<T> {
        self.get(key)?.parse().ok()
    }

    /// The values of several parameters, as [`get`](Self::get) gives them one by one, in one walk.
    pub(crate) fn get_each<const N: usize>(&self, keys: [&str; N]) -> [Option<&str>; N] {
        let mut values = [None; N];
        for (name, value) in self.iter() {
            let slot = keys.iter().zip(&mut values);
            let mut slot = slot.filter(|(key, _)| name.eq_ignore_ascii_case(key));
            if let Some((_, slot @ None)) = slot.next() {
                *slot = Some(value);
            }
        }
        values
    }

    /// All parameters in order, names as written.
    ///
    /// Split at `;`, then at the first `=`, blanks around both taken away, so values may contain
    /// `=` and `,`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.split().filter_map(parameter)
    }

    /// What stands between the semicolons.
    fn split(&self) -> impl Iterator<Item = &str> {
        let mut rest = Some(&*self.0);
        core::iter::from_fn(move || {
            let text = rest?;
            let end = find(b';', text.as_bytes());
            rest = end.and_then(|end| text.get(end + 1..));
            end.map_or(Some(text), |end| text.get(..end))
        })
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Appends a parameter.
    pub fn push(&mut self, name: &str, value: impl fmt::Display) {
        use fmt::Write;
        let text: &mut String = self.0.to_mut();
        if !text.is_empty() {
            text.push_str("; ");
        }
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{name}={value}");
    }

    /// The same parameters and one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.push(name, value);
        self
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Copies what is borrowed.
    pub fn into_owned(self) -> Fmtp<'static> {
        Fmtp(Cow::Owned(self.0.into_owned()))
    }
}

/// Name and value of one parameter, if it has a name.
fn parameter(text: &str) -> Option<(&str, &str)> {
    let (name, value) = find_soon(b'=', text.as_bytes())
        .and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)))
        .unwrap_or((text, ""));
    let (name, value) = (name.trim_ascii(), value.trim_ascii());
    (!name.is_empty()).then_some((name, value))
}

impl<'a> From<&'a str> for Fmtp<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Fmtp<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Fmtp<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(text)
    }
}

impl fmt::Display for Fmtp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Number, encoding name, clock rate in Hz, channels (0 for what is not audio).
///
/// RFC 3551, section 6. G.722 has a clock of 8000 Hz although it samples at 16 kHz, and MPEG audio
/// one of 90 kHz without channels.
const STATIC_PAYLOAD_TYPES: &[(u8, &str, u32, u16)] = &[
    (0, "PCMU", 8000, 1),
    (3, "GSM", 8000, 1),
    (4, "G723", 8000, 1),
    (5, "DVI4", 8000, 1),
    (6, "DVI4", 16000, 1),
    (7, "LPC", 8000, 1),
    (8, "PCMA", 8000, 1),
    (9, "G722", 8000, 1),
    (10, "L16", 44100, 2),
    (11, "L16", 44100, 1),
    (12, "QCELP", 8000, 1),
    (13, "CN", 8000, 1),
    (14, "MPA", 90000, 0),
    (15, "G728", 8000, 1),
    (16, "DVI4", 11025, 1),
    (17, "DVI4", 22050, 1),
    (18, "G729", 8000, 1),
    (25, "CelB", 90000, 0),
    (26, "JPEG", 90000, 0),
    (28, "nv", 90000, 0),
    (31, "H261", 90000, 0),
    (32, "MPV", 90000, 0),
    (33, "MP2T", 90000, 0),
    (34, "H263", 90000, 0),
];
