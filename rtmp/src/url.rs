//! RTMP addresses: parsing, and where the application ends and the stream name begins.
//!
//! `rtmp://host/a/b/c` names a server and a path; which part of the path is the application and
//! which the stream is decided by the client. The three rules that are in use give different
//! answers, so the caller picks one: see [`UrlStyle`].

use alloc::{borrow::ToOwned, format, string::String};
use core::{fmt, str::FromStr};

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, tag_no_case, take_till, take_while},
    character::complete::{char, digit1},
    combinator::{all_consuming, map, map_res, opt, value, verify},
    sequence::{delimited, preceded, terminated},
};

/// An address with one of the RTMP schemes.
///
/// ```
/// use weir_rtmp::{RtmpUrl, UrlStyle};
///
/// let url: RtmpUrl = "rtmp://example.com/live/room/key?token=1".parse()?;
/// let target = url.target(UrlStyle::Ffmpeg);
/// assert_eq!(target.app, "live/room");
/// assert_eq!(target.stream, "key?token=1");
/// assert_eq!(target.tc_url, "rtmp://example.com/live/room");
///
/// let target = url.target_with_key("mp4:clip");
/// assert_eq!(target.app, "live/room/key?token=1");
/// assert_eq!(target.stream, "mp4:clip");
/// # Ok::<(), weir_rtmp::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RtmpUrl {
    scheme: Scheme,
    user_info: Option<String>,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: Option<u16>,
    /// Behind the slash that ends the authority, with the query.
    path: String,
}

/// The transport a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `rtmp`: TCP, port 1935.
    Rtmp,
    /// `rtmps`: TLS, port 443.
    Rtmps,
    /// `rtmpt`: HTTP tunnel, port 80.
    Rtmpt,
    /// `rtmpts`: HTTPS tunnel, port 443.
    Rtmpts,
    /// `rtmpe`: obfuscated TCP, port 1935.
    Rtmpe,
    /// `rtmpte`: obfuscated HTTP tunnel, port 80.
    Rtmpte,
}

/// Whose rule splits a path into application and stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlStyle {
    /// FFmpeg: one path segment is the application, two when there are three or more. A `.flv`
    /// ending of the stream is dropped, `.mp4` and `.f4v` put `mp4:` in front.
    #[default]
    Ffmpeg,
    /// librtmp: at most three segments are the application, and a stream remains if there are two
    /// or more. Endings become prefixes and percent-escapes of the stream are decoded.
    Librtmp,
}

/// What a client puts into `connect` and `publish` or `play`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The application: `app` of `connect`.
    pub app: String,
    /// The name of the stream; empty when the URL has none.
    pub stream: String,
    /// The address of the application: `tcUrl` of `connect`.
    pub tc_url: String,
}

/// Why a text is not an RTMP address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The text does not begin with one of the RTMP schemes and `://`.
    #[error("not one of the schemes rtmp, rtmps, rtmpt, rtmpts, rtmpe, rtmpte")]
    Scheme,
    /// There is no host, or an IPv6 address without its closing bracket.
    #[error("no host at byte {offset}")]
    Host {
        /// Where the host was expected.
        offset: usize,
    },
    /// The port is not a number from 1 to 65535.
    #[error("no port number at byte {offset}")]
    Port {
        /// Where the port was expected.
        offset: usize,
    },
    /// The text is longer than 16 KiB.
    #[error("{len} bytes, the limit is {MAX_URL_LEN}")]
    TooLong {
        /// The length of the text.
        len: usize,
    },
}

impl RtmpUrl {
    /// The transport.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// What stands before `@`, usually `user:password`.
    pub fn user_info(&self) -> Option<&str> {
        self.user_info.as_deref()
    }

    /// The host, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, or that of the scheme.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or_else(|| self.scheme.default_port())
    }

    /// The path with its query, without the leading slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Splits the path into application and stream.
    pub fn target(&self, style: UrlStyle) -> Target {
        let (app, stream) = match style {
            UrlStyle::Ffmpeg => split_ffmpeg(&self.path),
            UrlStyle::Librtmp => split_librtmp(&self.path),
        };
        // librtmp always writes the port, FFmpeg only one that was given.
        let port = match style {
            UrlStyle::Ffmpeg => self.port,
            UrlStyle::Librtmp => Some(self.port()),
        };
        let tc_url = self.tc_url(port, &app);
        Target {
            app,
            stream,
            tc_url,
        }
    }

    /// Takes the whole path as the application and a key as the stream, as OBS does.
    ///
    /// One slash at the end of the path is dropped.
    pub fn target_with_key(&self, key: &str) -> Target {
        let app = self.path.strip_suffix('/').unwrap_or(&self.path).to_owned();
        Target {
            tc_url: self.tc_url(self.port, &app),
            app,
            stream: key.to_owned(),
        }
    }

    fn tc_url(&self, port: Option<u16>, app: &str) -> String {
        let host = BracketedHost(&self.host);
        let scheme = self.scheme.as_str();
        match port {
            Some(port) => format!("{scheme}://{host}:{port}/{app}"),
            None => format!("{scheme}://{host}/{app}"),
        }
    }
}

impl FromStr for RtmpUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if text.len() > MAX_URL_LEN {
            return Err(UrlError::TooLong { len: text.len() });
        }
        let (after, scheme) = scheme(text).map_err(|_| UrlError::Scheme)?;
        let (path, authority) = authority(after).map_err(|_| UrlError::Scheme)?;
        let (user_info, host_and_port) = match authority.rsplit_once('@') {
            Some((user_info, host)) => (Some(user_info.to_owned()), host),
            None => (None, authority),
        };
        let end = text.len() - path.len();
        let offset = end - host_and_port.len();
        let (port, host) = host(host_and_port).map_err(|_| UrlError::Host { offset })?;
        if host.is_empty() {
            return Err(UrlError::Host { offset });
        }
        let offset = end - port.len();
        let (_, port) = self::port(port).map_err(|_| UrlError::Port { offset })?;
        let path = path.strip_prefix('/').unwrap_or(path).to_owned();
        Ok(Self {
            scheme,
            user_info,
            host: host.to_owned(),
            port,
            path,
        })
    }
}

impl fmt::Display for RtmpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.as_str())?;
        if let Some(user_info) = &self.user_info {
            write!(f, "{user_info}@")?;
        }
        write!(f, "{}", BracketedHost(&self.host))?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.path)
    }
}

/// Prints everything but the user and password.
impl fmt::Debug for RtmpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user_info = if self.user_info.is_some() { "***@" } else { "" };
        let host = BracketedHost(&self.host);
        write!(
            f,
            "{}://{user_info}{host}:{}/{}",
            self.scheme.as_str(),
            self.port(),
            self.path
        )
    }
}

impl Scheme {
    /// The scheme as it stands in a URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rtmp => "rtmp",
            Self::Rtmps => "rtmps",
            Self::Rtmpt => "rtmpt",
            Self::Rtmpts => "rtmpts",
            Self::Rtmpe => "rtmpe",
            Self::Rtmpte => "rtmpte",
        }
    }

    /// The port of URLs that give none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Rtmp | Self::Rtmpe => 1935,
            Self::Rtmps | Self::Rtmpts => 443,
            Self::Rtmpt | Self::Rtmpte => 80,
        }
    }

    /// True for the two schemes inside TLS.
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Rtmps | Self::Rtmpts)
    }

    /// True for the schemes inside HTTP.
    pub const fn is_tunnelled(self) -> bool {
        matches!(self, Self::Rtmpt | Self::Rtmpts | Self::Rtmpte)
    }
}

/// The name of a stream as `publish` and `play` carry it: `mp4:path/clip?token=1`.
///
/// Keeps the text as it came; the parts are views into it.
///
/// ```
/// use weir_rtmp::StreamName;
///
/// let name = StreamName::from("mp4:show/one?user=anna");
/// assert_eq!(name.prefix(), Some("mp4"));
/// assert_eq!(name.path(), "show/one");
/// assert_eq!(name.query(), Some("user=anna"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(String);

impl StreamName {
    /// No name.
    pub const fn empty() -> Self {
        Self(String::new())
    }

    /// The whole name, as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The format in front of the name: `mp4`, `flv`, `mp3` or `id3`.
    pub fn prefix(&self) -> Option<&str> {
        let (prefix, _) = self.0.split_once(':')?;
        ["mp4", "flv", "mp3", "id3"]
            .contains(&prefix)
            .then_some(prefix)
    }

    /// The name without prefix and query.
    pub fn path(&self) -> &str {
        let name = self.prefix().map_or(0, |prefix| prefix.len() + 1);
        let name = self.0.get(name..).unwrap_or_default();
        name.split_once('?').map_or(name, |(path, _)| path)
    }

    /// What stands behind the first `?`.
    pub fn query(&self) -> Option<&str> {
        self.0.split_once('?').map(|(_, query)| query)
    }
}

impl From<&str> for StreamName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<String> for StreamName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// FFmpeg 5.1 and 9.0, `rtmpproto.c`: the second slash splits, the first if a `:` comes before
/// the second or there is none; `ondemand` is always one segment; `slist=` names the stream.
fn split_ffmpeg(path: &str) -> (String, String) {
    if let Some((app, stream)) = split_slist(path) {
        return (app.to_owned(), ffmpeg_stream(stream));
    }
    if let Some(stream) = path.strip_prefix("ondemand/") {
        return ("ondemand".to_owned(), ffmpeg_stream(stream));
    }
    let Some((first, rest)) = path.split_once('/') else {
        return (path.to_owned(), String::new());
    };
    match rest.split_once('/') {
        Some((second, stream)) if !second.contains(':') => {
            (format!("{first}/{second}"), ffmpeg_stream(stream))
        }
        _ => (first.to_owned(), ffmpeg_stream(rest)),
    }
}

fn ffmpeg_stream(name: &str) -> String {
    if !name.contains(':') && (name.ends_with(".f4v") || name.ends_with(".mp4")) {
        return format!("mp4:{name}");
    }
    name.strip_suffix(".flv").unwrap_or(name).to_owned()
}

/// librtmp 2.4, `parseurl.c`: the last of the first three slashes splits; `ondemand` is always one
/// segment; with `slist=` the path is the application.
fn split_librtmp(path: &str) -> (String, String) {
    if let Some((app, stream)) = split_slist(path) {
        return (app.to_owned(), librtmp_stream(stream, false));
    }
    let at = if path.starts_with("ondemand/") {
        Some("ondemand".len())
    } else {
        path.match_indices('/').take(3).last().map(|(at, _)| at)
    };
    match at.and_then(|at| path.split_at_checked(at)) {
        Some((app, stream)) => (
            app.to_owned(),
            librtmp_stream(stream.get(1..).unwrap_or_default(), true),
        ),
        None => (path.to_owned(), String::new()),
    }
}

/// `.flv` is dropped (not from `slist=`), `.mp4` and `.f4v` become `mp4:`, `.mp3` becomes `mp3:`.
fn librtmp_stream(name: &str, drop_flv: bool) -> String {
    let (path, query) = match name.find('?').and_then(|at| name.split_at_checked(at)) {
        Some(parts) => parts,
        None => (name, ""),
    };
    let endings = [
        (".mp4", "mp4:"),
        (".f4v", "mp4:"),
        (".mp3", "mp3:"),
        (".flv", ""),
    ];
    for (ending, prefix) in endings {
        let Some(stem) = path.strip_suffix(ending) else {
            continue;
        };
        if prefix.is_empty() {
            let kept = if drop_flv { stem } else { path };
            return percent_decoded(&format!("{kept}{query}"));
        }
        // A name that has the prefix already keeps its ending.
        if path.starts_with(prefix) {
            break;
        }
        return percent_decoded(&format!("{prefix}{stem}{query}"));
    }
    percent_decoded(name)
}

/// `app?slist=stream&more`: the query names the stream.
fn split_slist(path: &str) -> Option<(&str, &str)> {
    let (app, query) = path.split_once('?')?;
    let (_, stream) = query.split_once("slist=")?;
    Some((app, stream.split('&').next().unwrap_or_default()))
}

/// Decodes `%41`; what does not decode to UTF-8 stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = alloc::vec::Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        let digits = escaped
            .get(..2)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = escaped.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = escaped;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn scheme(input: &str) -> IResult<&str, Scheme> {
    terminated(
        alt((
            value(Scheme::Rtmpts, tag_no_case("rtmpts")),
            value(Scheme::Rtmpte, tag_no_case("rtmpte")),
            value(Scheme::Rtmps, tag_no_case("rtmps")),
            value(Scheme::Rtmpt, tag_no_case("rtmpt")),
            value(Scheme::Rtmpe, tag_no_case("rtmpe")),
            value(Scheme::Rtmp, tag_no_case("rtmp")),
        )),
        tag("://"),
    )
    .parse(input)
}

fn authority(input: &str) -> IResult<&str, &str> {
    take_till(|c| c == '/' || c == '?')(input)
}

fn host(input: &str) -> IResult<&str, &str> {
    let bracketed = delimited(char('['), take_while(|c| c != ']'), char(']'));
    alt((bracketed, take_till(|c| c == ':' || c == '['))).parse(input)
}

fn port(input: &str) -> IResult<&str, Option<u16>> {
    let number = map_res(digit1, str::parse).map(Some);
    // `host:` without a number means the default, as RFC 3986, section 3.2.3 has it.
    let empty = map(char(':'), |_| None);
    let number = verify(preceded(char(':'), number), |n| *n != Some(0));
    all_consuming(map(opt(alt((number, empty))), Option::flatten)).parse(input)
}

const MAX_URL_LEN: usize = 16 * 1024;

struct BracketedHost<'a>(&'a str);

/// An IPv6 address gets its brackets back.
impl fmt::Display for BracketedHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(':') {
            write!(f, "[{}]", self.0)
        } else {
            f.write_str(self.0)
        }
    }
}
