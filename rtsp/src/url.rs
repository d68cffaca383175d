//! RTSP URLs, and how the URL of a track is made of what a server says.

use alloc::{
    borrow::{Cow, ToOwned},
    format,
    string::String,
};
use core::{fmt, str::FromStr};

use crate::ValueError;

/// An `rtsp:`, `rtsps:`, `rtspu:` or `rtspt:` URL.
///
/// Host, user and password are decoded; path and query stay as written, because servers compare
/// them byte by byte.
/// ```
/// use weir_rtsp::Url;
///
/// let url: Url = "rtsp://user:pa%23ss@[fe80::1%25wl0]:8554/cam?channel=1".parse()?;
/// assert_eq!((url.host(), url.port()), ("fe80::1%wl0", 8554));
/// assert_eq!((url.user(), url.password()), (Some("user"), Some("pa#ss")));
/// assert_eq!(url.path(), "/cam?channel=1");
/// assert_eq!(url.without_credentials().to_string(), "rtsp://[fe80::1%25wl0]:8554/cam?channel=1");
/// # Ok::<(), weir_rtsp::ValueError>(())
/// ```
/// RFC 2326, section 3.2; RFC 7826, section 4.2.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    scheme: String,
    user: Option<String>,
    password: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
}

impl Url {
    /// `rtsp`, `rtsps`, `rtspu` or `rtspt`, in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether the connection is to be encrypted.
    pub fn is_tls(&self) -> bool {
        self.scheme == "rtsps"
    }

    /// The user name, decoded.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The password, decoded.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The host, decoded, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port: as written, or 554, or 322 for `rtsps`.
    pub fn port(&self) -> u16 {
        self.port
            .unwrap_or_else(|| if self.is_tls() { 322 } else { 554 })
    }

    /// Whether a port is written.
    pub const fn has_port(&self) -> bool {
        self.port.is_some()
    }

    /// Path and query as written. Empty where nothing follows the host.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same without user name and password, as requests carry it.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        Self {
            user: None,
            password: None,
            ..self.clone()
        }
    }

    /// The same host with another path.
    #[must_use]
    pub fn with_path(&self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..self.clone()
        }
    }
}

impl FromStr for Url {
    type Err = ValueError;

    /// Reads a URL. An IPv6 address without brackets is taken too (WebRTC#395).
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| ValueError::new(0, "rtsp:// or rtsps://"))?;
        let scheme = scheme.to_ascii_lowercase();
        if !SCHEMES.contains(&scheme.as_str()) {
            return Err(ValueError::new(0, "rtsp:// or rtsps://"));
        }
        let at = scheme.len() + 3;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        let (user, password) = match userinfo.map(|info| info.split_once(':').unwrap_or((info, "")))
        {
            Some((user, password)) => {
                let with_password = userinfo.is_some_and(|info| info.contains(':'));
                (Some(decode(user)), with_password.then(|| decode(password)))
            }
            None => (None, None),
        };
        let host_at = at + authority.len() - host.len();
        let (host, port) = host_and_port(host, host_at)?;
        Ok(Self {
            scheme,
            user,
            password,
            host: decode(host),
            port,
            path: path.to_owned(),
        })
    }
}

impl fmt::Display for Url {
    /// Writes the URL, credentials included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        if let Some(user) = &self.user {
            f.write_str(&encode(user, b""))?;
            if let Some(password) = &self.password {
                write!(f, ":{}", encode(password, b""))?;
            }
            f.write_str("@")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", encode(&self.host, b":"))?;
        } else {
            f.write_str(&encode(&self.host, b""))?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

impl fmt::Debug for Url {
    /// Prints the URL without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.without_credentials(), f)
    }
}

/// The URL that relative control URLs of a description are joined to: what `Content-Base` says,
/// repaired, or the URL of the request.
///
/// ```
/// use weir_rtsp::content_base;
///
/// // Anjvision leaves the scheme out, others write it twice (go2rtc#830).
/// assert_eq!(content_base("rtsp://h/a", Some("10.0.0.1:554/a/")), "rtsp://10.0.0.1:554/a/");
/// assert_eq!(content_base("rtsp://h/a", Some("rtsp://rtsp://h/b/")), "rtsp://h/b/");
/// assert_eq!(content_base("rtsps://h/a", Some("/b/")), "rtsps://h/b/");
/// assert_eq!(content_base("rtsp://h/a", None), "rtsp://h/a");
/// ```
/// RFC 2326, section C.1.1.
pub fn content_base(request_url: &str, content_base: Option<&str>) -> String {
    let base = content_base.unwrap_or_default().trim_ascii();
    if base.is_empty() {
        return request_url.to_owned();
    }
    let (scheme, request_rest) = request_url
        .split_once("://")
        .unwrap_or(("rtsp", request_url));
    if base.starts_with('/') {
        let host = request_rest
            .find(['/', '?'])
            .and_then(|end| request_rest.get(..end));
        return format!("{scheme}://{}{base}", host.unwrap_or(request_rest));
    }
    let (base_scheme, mut rest) = base.split_once("://").unwrap_or((scheme, base));
    while let Some((again, behind)) = rest.split_once("://") {
        if !SCHEMES.contains(&again.to_ascii_lowercase().as_str()) {
            break;
        }
        rest = behind;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    // An IPv6 address needs its brackets (WebRTC#395).
    if host.parse::<core::net::Ipv6Addr>().is_ok() {
        return format!("{base_scheme}://[{host}]{path}");
    }
    format!("{base_scheme}://{rest}")
}

/// The URL of a track: its `a=control` behind the base, with exactly one slash between.
///
/// Plain concatenation, also behind a query, as every client does it; RFC 3986 would be another
/// URL, and servers do not know that one. `*` or nothing is the base itself.
/// ```
/// use weir_rtsp::join_control;
///
/// assert_eq!(join_control("rtsp://h/a/", Some("trackID=1")), "rtsp://h/a/trackID=1");
/// assert_eq!(join_control("rtsp://h/a?x=1", Some("trackID=1")), "rtsp://h/a?x=1/trackID=1");
/// assert_eq!(join_control("rtsp://h/a", Some("?ctype=video")), "rtsp://h/a?ctype=video");
/// assert_eq!(join_control("rtsp://h/a", Some("*")), "rtsp://h/a");
/// ```
/// RFC 2326, section C.1.1.
pub fn join_control(base: &str, control: Option<&str>) -> String {
    let control = control.unwrap_or_default().trim_ascii();
    if control.is_empty() || control == "*" {
        return base.to_owned();
    }
    if is_absolute(control) {
        return control.to_owned();
    }
    let slash = if base.ends_with('/') || control.starts_with('?') {
        ""
    } else {
        "/"
    };
    format!("{base}{slash}{control}")
}

/// Whether the text starts with one of the schemes of RTSP.
pub(crate) fn is_absolute(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, _)| SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()))
}

fn host_and_port(text: &str, at: usize) -> Result<(&str, Option<u16>), ValueError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest
                .split_once(']')
                .ok_or_else(|| ValueError::new(at, "a closing bracket"))?;
            (host, rest.strip_prefix(':').unwrap_or_default())
        }
        None if text.matches(':').count() > 1 => (text, ""),
        None => text.split_once(':').unwrap_or((text, "")),
    };
    if host.is_empty() {
        return Err(ValueError::new(at, "a host"));
    }
    if port.is_empty() {
        return Ok((host, None));
    }
    let expected = || ValueError::new(at + text.len() - port.len(), "a port of 0 to 65535");
    Ok((host, Some(port.parse().map_err(|_| expected())?)))
}

/// Undoes percent encoding. What is not UTF-8 afterwards stays encoded.
fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = alloc::vec::Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let hex = |byte: u8| char::from(byte).to_digit(16);
        let code = match (byte, behind) {
            (b'%', [high, low, ..]) => hex(*high)
                .zip(hex(*low))
                .and_then(|(high, low)| u8::try_from(high * 16 + low).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() {
            behind.get(2..).unwrap_or_default()
        } else {
            behind
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Percent-encodes what may not stand in user, password or host, save for `others`. RFC 3986,
/// section 3.2.
fn encode<'a>(text: &'a str, others: &[u8]) -> Cow<'a, str> {
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || others.contains(&byte)
    };
    if text.bytes().all(allowed) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if allowed(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    Cow::Owned(encoded)
}

const SCHEMES: [&str; 4] = ["rtsp", "rtsps", "rtspu", "rtspt"];
