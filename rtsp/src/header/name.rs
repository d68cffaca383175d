//! The registry of header names.

use core::fmt;

/// The name of a header field this crate knows, in the case of its specification.
///
/// Wherever a name is taken, any text will do; these save typing errors.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeaderName(&'static str);

macro_rules! header_names {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: HeaderName = HeaderName($text);)*
    };
}

header_names! {
    /// RFC 2326, section 12.1.
    ACCEPT = "Accept";
    /// RFC 2326, section 12.4.
    ALLOW = "Allow";
    /// RFC 2326, section 12.5.
    AUTHORIZATION = "Authorization";
    /// RFC 2326, section 12.6.
    BANDWIDTH = "Bandwidth";
    /// RFC 2326, section 12.7.
    BLOCKSIZE = "Blocksize";
    /// RFC 2326, section 12.8.
    CACHE_CONTROL = "Cache-Control";
    /// RFC 2326, section 12.10.
    CONNECTION = "Connection";
    /// RFC 2326, section 12.11.
    CONTENT_BASE = "Content-Base";
    /// RFC 2326, section 12.14.
    CONTENT_LENGTH = "Content-Length";
    /// RFC 2326, section 12.15.
    CONTENT_LOCATION = "Content-Location";
    /// RFC 2326, section 12.16.
    CONTENT_TYPE = "Content-Type";
    /// RFC 2326, section 12.17.
    CSEQ = "CSeq";
    /// RFC 2326, section 12.18.
    DATE = "Date";
    /// RFC 2326, section 12.19.
    EXPIRES = "Expires";
    /// ONVIF Streaming Specification, "RTSP Feature Tag".
    IMMEDIATE = "Immediate";
    /// RFC 2326, section 12.25.
    LOCATION = "Location";
    /// RFC 7826, section 18.32.
    NOTIFY_REASON = "Notify-Reason";
    /// RFC 2326, section 12.27.
    PROXY_REQUIRE = "Proxy-Require";
    /// RFC 2326, section 12.28.
    PUBLIC = "Public";
    /// RFC 2326, section 12.29.
    RANGE = "Range";
    /// ONVIF Streaming Specification, "Rate-Control header field".
    RATE_CONTROL = "Rate-Control";
    /// RFC 2326, section 12.32.
    REQUIRE = "Require";
    /// RFC 2326, section 12.31.
    RETRY_AFTER = "Retry-After";
    /// RFC 2326, section 12.33.
    RTP_INFO = "RTP-Info";
    /// RFC 2326, section 12.34.
    SCALE = "Scale";
    /// RFC 2326, section 12.36.
    SERVER = "Server";
    /// RFC 2326, section 12.37.
    SESSION = "Session";
    /// RFC 2326, section 12.35.
    SPEED = "Speed";
    /// RFC 7826, section 18.51.
    SUPPORTED = "Supported";
    /// RFC 2326, section 12.39.
    TRANSPORT = "Transport";
    /// RFC 2326, section 12.40.
    UNSUPPORTED = "Unsupported";
    /// RFC 2326, section 12.41.
    USER_AGENT = "User-Agent";
    /// RFC 2326, section 12.44.
    WWW_AUTHENTICATE = "WWW-Authenticate";
}

impl HeaderName {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl AsRef<str> for HeaderName {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
