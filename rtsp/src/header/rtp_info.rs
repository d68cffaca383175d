//! `RTP-Info`: where in the packets a PLAY begins.

use alloc::{string::String, vec::Vec};
use core::{fmt, str::FromStr};

use super::transport::ssrc;
use crate::{ValueError, message::Version};

/// The value of an `RTP-Info` header: one entry for each stream.
///
/// ```
/// use weir_rtsp::header::RtpInfo;
///
/// let info: RtpInfo = "url=rtsp://h/a?x=1;y=2,3;seq=5;rtptime=-1, url=b;seq=9;".parse()?;
/// assert_eq!(info.streams[0].url, "rtsp://h/a?x=1;y=2,3");
/// assert_eq!((info.streams[0].seq, info.streams[0].rtptime), (Some(5), None));
/// assert_eq!((info.streams[1].url.as_str(), info.streams[1].seq), ("b", Some(9)));
/// # Ok::<(), weir_rtsp::ValueError>(())
/// ```
/// RFC 2326, section 12.33; RFC 7826, section 18.45.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RtpInfo {
    /// The streams in order.
    pub streams: Vec<RtpInfoStream>,
}

/// One entry of `RTP-Info`. A value out of its range is left out, the entry is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RtpInfoStream {
    /// The control URL, absolute or relative, as written.
    pub url: String,
    /// Sequence number of the first packet.
    pub seq: Option<u16>,
    /// RTP timestamp of the start of the range.
    pub rtptime: Option<u32>,
    /// Synchronization source. RTSP 2.0, and some devices.
    pub ssrc: Option<u32>,
}

impl RtpInfo {
    /// The value in the syntax of this version.
    pub fn encode(&self, version: Version) -> String {
        if version < Version::V2_0 {
            return alloc::format!("{self}");
        }
        let mut text = String::new();
        for stream in &self.streams {
            if !text.is_empty() {
                text.push_str(", ");
            }
            let ssrc = stream.ssrc.unwrap_or_default();
            text += &alloc::format!("url=\"{}\" ssrc={ssrc:08X}:", stream.url);
            let seq = stream.seq.map(|seq| alloc::format!("seq={seq}"));
            let rtptime = stream.rtptime.map(|time| alloc::format!("rtptime={time}"));
            let parts: Vec<String> = seq.into_iter().chain(rtptime).collect();
            text += &parts.join(";");
        }
        text
    }
}

impl RtpInfoStream {
    /// An entry without numbers.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }

    /// Reads what stands behind `url=`: the URL ends at the first parameter this header knows,
    /// because URLs contain `;` and `,`.
    fn read(text: &str) -> impl Iterator<Item = Self> {
        let end = [";seq=", ";rtptime=", ";ssrc=", " ssrc="]
            .iter()
            .filter_map(|name| find_ignoring_case(text, name))
            .min()
            .unwrap_or(text.len());
        let (url, parameters) = text.split_at_checked(end).unwrap_or((text, ""));
        let url = url.trim_matches(|c: char| c.is_ascii_whitespace() || ";,\"".contains(c));
        // RTSP 2.0 has several `ssrc=HEX:parameters` behind one URL.
        let mut streams = alloc::vec![Self::new(url)];
        for parameter in parameters.split([';', ':', ' ', ',']).take(4 * MAX_STREAMS) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if name.eq_ignore_ascii_case("ssrc") && streams.last().is_some_and(|s| s.ssrc.is_some())
            {
                streams.push(Self::new(url));
            }
            let Some(stream) = streams.last_mut() else {
                break;
            };
            match name.trim_ascii().to_ascii_lowercase().as_str() {
                "seq" => stream.seq = value.trim_ascii().parse().ok(),
                "rtptime" => stream.rtptime = value.trim_ascii().parse().ok(),
                "ssrc" => stream.ssrc = ssrc(value),
                _ => {}
            }
        }
        streams.into_iter()
    }
}

impl FromStr for RtpInfo {
    type Err = ValueError;

    /// Reads the entries, cut at each `url=` that starts the value or follows a comma.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let mut streams = Vec::new();
        let mut rest = text.trim_ascii();
        let expected = || ValueError::new(0, "url=");
        rest = strip_prefix_ignoring_case(rest, "url=").ok_or_else(expected)?;
        loop {
            let next = rest.match_indices(',').find_map(|(at, _)| {
                let behind = rest.get(at + 1..)?.trim_ascii_start();
                Some((at, strip_prefix_ignoring_case(behind, "url=")?))
            });
            let Some((end, behind)) = next.filter(|_| streams.len() < MAX_STREAMS) else {
                break;
            };
            streams.extend(RtpInfoStream::read(rest.get(..end).unwrap_or_default()));
            rest = behind;
        }
        streams.extend(RtpInfoStream::read(rest));
        streams.truncate(MAX_STREAMS);
        Ok(Self { streams })
    }
}

impl fmt::Display for RtpInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, stream) in self.streams.iter().enumerate() {
            write!(f, "{}url={}", if at == 0 { "" } else { "," }, stream.url)?;
            if let Some(seq) = stream.seq {
                write!(f, ";seq={seq}")?;
            }
            if let Some(rtptime) = stream.rtptime {
                write!(f, ";rtptime={rtptime}")?;
            }
            if let Some(ssrc) = stream.ssrc {
                write!(f, ";ssrc={ssrc:08X}")?;
            }
        }
        Ok(())
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let wanted = wanted.as_bytes();
    text.as_bytes()
        .windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted))
}

/// Entries kept of one value, so that a long URL cannot be copied without end.
const MAX_STREAMS: usize = 64;
