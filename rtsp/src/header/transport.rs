//! `Transport`: how the packets of a track travel.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::{
    fmt::{self, Write},
    str::FromStr,
};

use super::params::{bare, pair, quote, split};
use crate::{ValueError, message::Method};

/// One transport specification.
///
/// ```
/// use weir_rtsp::header::Transport;
///
/// let transport: Transport = "rtp/avp/tcp;UNICAST;Interleaved=2-3;mode=\"play\"".parse()?;
/// assert!(transport.is_tcp() && transport.unicast && !transport.is_record());
/// assert_eq!(transport.interleaved, Some((2, Some(3))));
/// assert_eq!(transport.to_string(), "RTP/AVP/TCP;unicast;interleaved=2-3;mode=play");
/// # Ok::<(), weir_rtsp::ValueError>(())
/// ```
/// RFC 2326, section 12.39; RFC 7826, section 18.54.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transport {
    /// Transport protocol in capitals, usually `RTP`.
    pub protocol: String,
    /// Profile in capitals: `AVP`, `SAVP`, `AVPF`.
    pub profile: String,
    /// Lower transport in capitals, `TCP` or `UDP`. `None` means UDP.
    pub lower: Option<String>,
    /// Whether `unicast` is written. Neither of the two means the server's choice.
    pub unicast: bool,
    /// Whether `multicast` is written.
    pub multicast: bool,
    /// Where the packets go, instead of the peer of the connection.
    pub destination: Option<String>,
    /// Where the packets come from, if not from the peer of the connection.
    pub source: Option<String>,
    /// Channels of RTP and RTCP on the connection.
    pub interleaved: Option<(u8, Option<u8>)>,
    /// Whether a recording is appended to the resource.
    pub append: bool,
    /// Ports of a multicast group: RTP and RTCP.
    pub port: Option<(u16, Option<u16>)>,
    /// The client's ports: RTP and RTCP. One alone means the next one for RTCP.
    pub client_port: Option<(u16, Option<u16>)>,
    /// The server's ports: RTP and RTCP. 0 means unknown.
    pub server_port: Option<(u16, Option<u16>)>,
    /// Time to live of multicast packets, in hops.
    pub ttl: Option<u8>,
    /// Number of multicast layers.
    pub layers: Option<u8>,
    /// Synchronization sources. A hint at best: devices write wrong ones.
    pub ssrc: Vec<u32>,
    /// What the transport is for, in capitals. None means PLAY.
    pub mode: Vec<Method>,
    /// The server's addresses. RTSP 2.0 only.
    pub src_addr: Vec<String>,
    /// The client's addresses. RTSP 2.0 only.
    pub dest_addr: Vec<String>,
    /// Everything else in order: name as written and value.
    pub other: Vec<(String, Option<String>)>,
}

/// All specifications of a header value, the preferred one first. One that cannot be read costs
/// that one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the list is all there is")]
pub struct Transports(pub Vec<Result<Transport, ValueError>>);

impl Transport {
    /// `RTP/AVP` over UDP, the ports still missing.
    pub fn udp() -> Self {
        let (protocol, profile) = ("RTP".to_owned(), "AVP".to_owned());
        Self {
            protocol,
            profile,
            unicast: true,
            ..Self::default()
        }
    }

    /// `RTP/AVP/TCP` on these channels of the connection.
    pub fn interleaved(rtp: u8, rtcp: u8) -> Self {
        let interleaved = Some((rtp, Some(rtcp)));
        Self {
            lower: Some("TCP".to_owned()),
            interleaved,
            ..Self::udp()
        }
    }

    /// Whether the packets travel on the connection.
    pub fn is_tcp(&self) -> bool {
        self.lower.as_deref() == Some("TCP")
    }

    /// Whether the packets travel in datagrams.
    pub fn is_udp(&self) -> bool {
        matches!(self.lower.as_deref(), None | Some("UDP"))
    }

    /// Whether this is RTP in the clear, with or without early feedback.
    pub fn is_plain_rtp(&self) -> bool {
        self.protocol == "RTP" && matches!(self.profile.as_str(), "AVP" | "AVPF")
    }

    /// Whether the client sends. Darwin and FFmpeg's listening server write `receive` for it.
    pub fn is_record(&self) -> bool {
        self.mode
            .iter()
            .any(|mode| matches!(mode.as_str(), "RECORD" | "RECEIVE"))
    }

    fn read_parameter(&mut self, parameter: &str, at: usize) -> Result<(), ValueError> {
        let (name, value) = pair(parameter);
        let name = bare(name);
        let Some(value) = value else {
            match () {
                () if name.is_empty() => {}
                () if name.eq_ignore_ascii_case("unicast") => self.unicast = true,
                () if name.eq_ignore_ascii_case("multicast") => self.multicast = true,
                () if name.eq_ignore_ascii_case("append") => self.append = true,
                () if name.contains('/') && self.protocol.is_empty() => self.read_kind(&name),
                () if self.other.len() >= MAX_LIST => {}
                () => self.other.push((name, None)),
            }
            return Ok(());
        };
        let text = || (!value.is_empty()).then(|| bare(value));
        match name.to_ascii_lowercase().as_str() {
            "destination" => self.destination = text(),
            "source" => self.source = text(),
            "interleaved" => self.interleaved = Some(numbers(value, at)?),
            "port" => self.port = Some(numbers(value, at)?),
            "client_port" => self.client_port = Some(numbers(value, at)?),
            "server_port" => self.server_port = Some(numbers(value, at)?),
            "ttl" => self.ttl = value.parse().ok(),
            "layers" => self.layers = value.parse().ok(),
            "ssrc" => self.ssrc = value.split('/').take(MAX_LIST).filter_map(ssrc).collect(),
            "mode" => self.mode = split(value, ',').take(MAX_LIST).map(mode).collect(),
            "src_addr" => self.src_addr = addresses(parameter),
            "dest_addr" => self.dest_addr = addresses(parameter),
            _ if self.other.len() >= MAX_LIST => {}
            _ => self.other.push((name, Some(bare(value)))),
        }
        Ok(())
    }

    /// `RTP/AVP`, `RTP/AVP/TCP`.
    fn read_kind(&mut self, kind: &str) {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+/ ".contains(&byte);
        if kind.bytes().all(word) {
            let mut parts = kind
                .split('/')
                .map(|part| part.trim_ascii().to_ascii_uppercase());
            self.protocol = parts.next().unwrap_or_default();
            self.profile = parts.next().unwrap_or_default();
            self.lower = parts.next();
        }
    }
}

impl FromStr for Transport {
    type Err = ValueError;

    /// Reads one specification: parameters in any order and case, empty ones left out.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let mut transport = Self::default();
        let mut at = 0;
        for parameter in split(text, ';') {
            if !parameter.is_empty() {
                transport.read_parameter(parameter, at)?;
            }
            at += parameter.len() + 1;
        }
        if transport.protocol.is_empty() {
            return Err(ValueError::new(
                0,
                "a protocol and a profile, such as RTP/AVP",
            ));
        }
        Ok(transport)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.protocol, self.profile)?;
        if let Some(lower) = &self.lower {
            write!(f, "/{lower}")?;
        }
        let flags = [
            (self.unicast, "unicast"),
            (self.multicast, "multicast"),
            (self.append, "append"),
        ];
        for (_, flag) in flags.iter().filter(|(set, _)| *set) {
            write!(f, ";{flag}")?;
        }
        for (name, text) in [("destination", &self.destination), ("source", &self.source)] {
            if let Some(text) = text {
                write!(f, ";{name}={}", quote(text))?;
            }
        }
        write_numbers(f, "interleaved", self.interleaved)?;
        write_numbers(f, "port", self.port)?;
        write_numbers(f, "client_port", self.client_port)?;
        write_numbers(f, "server_port", self.server_port)?;
        for (name, number) in [("ttl", self.ttl), ("layers", self.layers)] {
            if let Some(number) = number {
                write!(f, ";{name}={number}")?;
            }
        }
        for (at, ssrc) in self.ssrc.iter().enumerate() {
            write!(f, "{}{ssrc:08X}", if at == 0 { ";ssrc=" } else { "/" })?;
        }
        for (name, list) in [("src_addr", &self.src_addr), ("dest_addr", &self.dest_addr)] {
            for (at, address) in list.iter().enumerate() {
                f.write_str(if at == 0 { ";" } else { "/" })?;
                let name = if at == 0 { name } else { "" };
                write!(f, "{name}{}\"{address}\"", if at == 0 { "=" } else { "" })?;
            }
        }
        // One mode goes without quotes: FFmpeg's server does not take them away.
        match self.mode.as_slice() {
            [] => {}
            [mode] => write!(f, ";mode={}", quote(&mode.as_str().to_ascii_lowercase()))?,
            [first, rest @ ..] => {
                write!(f, ";mode=\"{first}")?;
                rest.iter().try_for_each(|mode| write!(f, ",{mode}"))?;
                f.write_char('"')?;
            }
        }
        self.other.iter().try_for_each(|(name, value)| match value {
            Some(value) => write!(f, ";{}={}", quote(name), quote(value)),
            None => write!(f, ";{}", quote(name)),
        })
    }
}

impl Transports {
    /// The specifications that could be read.
    pub fn readable(&self) -> impl Iterator<Item = &Transport> {
        self.0
            .iter()
            .filter_map(|transport| transport.as_ref().ok())
    }
}

impl From<&str> for Transports {
    fn from(text: &str) -> Self {
        Self(
            split(text, ',')
                .take(MAX_SPECIFICATIONS)
                .map(str::parse)
                .collect(),
        )
    }
}

/// `a` or `a-b`.
fn numbers<T: FromStr>(text: &str, at: usize) -> Result<(T, Option<T>), ValueError> {
    let (first, second) = match text.split_once('-') {
        Some((first, second)) => (first, Some(second)),
        None => (text, None),
    };
    let number = |text: &str| {
        text.trim_ascii()
            .parse()
            .map_err(|_| ValueError::new(at, "a number or two, as in 4-5"))
    };
    Ok((number(first)?, second.map(number).transpose()?))
}

fn write_numbers<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    numbers: Option<(T, Option<T>)>,
) -> fmt::Result {
    match numbers {
        None => Ok(()),
        Some((first, None)) => write!(f, ";{name}={first}"),
        Some((first, Some(second))) => write!(f, ";{name}={first}-{second}"),
    }
}

/// Up to eight hexadecimal digits, padded with blanks (Hikvision), behind `0x` (Rubetek), or nine
/// and ten decimal ones (Dahua).
pub(super) fn ssrc(text: &str) -> Option<u32> {
    let text = text.trim_ascii();
    let text = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    if text.starts_with('+') {
        return None;
    }
    match text.len() {
        1..=8 => u32::from_str_radix(text, 16).ok(),
        9 | 10 => text.parse().ok(),
        _ => None,
    }
}

fn mode(text: &str) -> Method {
    Method::from(bare(text).to_ascii_uppercase())
}

/// `name="a:1"/"a:2"`.
fn addresses(parameter: &str) -> Vec<String> {
    let list = parameter.split_once('=').map_or("", |(_, list)| list);
    split(list, '/').take(MAX_LIST).map(bare).collect()
}

/// Specifications read of one value.
const MAX_SPECIFICATIONS: usize = 32;
/// Entries kept of each list, so that a value costs a small multiple of its length.
const MAX_LIST: usize = 32;
