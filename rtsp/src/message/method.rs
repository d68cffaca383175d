//! The registry of methods.

use alloc::{boxed::Box, string::String};
use core::{convert::Infallible, fmt, str::FromStr};

/// What a request asks for. An open registry: unknown methods keep their name.
///
/// Methods are case-sensitive: `play` is not [`Method::PLAY`].
/// ```
/// use weir_rtsp::message::Method;
///
/// assert_eq!(Method::from("PLAY"), Method::PLAY);
/// assert_eq!(Method::from("X_FOO-bar").as_str(), "X_FOO-bar");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Method(Name);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Name {
    Known(&'static str),
    /// Never the name of a known one, so that equality is equality of names.
    Unknown(Box<str>),
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Method {
            $($(#[$doc])* pub const $name: Self = Self(Name::Known($text));)*

            fn known(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// All methods this crate knows by name.
            pub(crate) const NAMES: &'static [&'static str] = &[$($text),*];
        }
    };
}

methods! {
    /// RFC 2326, section 10.1.
    OPTIONS = "OPTIONS";
    /// RFC 2326, section 10.2.
    DESCRIBE = "DESCRIBE";
    /// RFC 2326, section 10.3. Not in RTSP 2.0.
    ANNOUNCE = "ANNOUNCE";
    /// RFC 2326, section 10.4.
    SETUP = "SETUP";
    /// RFC 2326, section 10.5.
    PLAY = "PLAY";
    /// RFC 2326, section 10.6.
    PAUSE = "PAUSE";
    /// RFC 2326, section 10.7.
    TEARDOWN = "TEARDOWN";
    /// RFC 2326, section 10.8.
    GET_PARAMETER = "GET_PARAMETER";
    /// RFC 2326, section 10.9.
    SET_PARAMETER = "SET_PARAMETER";
    /// RFC 2326, section 10.10.
    REDIRECT = "REDIRECT";
    /// RFC 2326, section 10.11. Not in RTSP 2.0.
    RECORD = "RECORD";
    /// RFC 7826, section 13.5.
    PLAY_NOTIFY = "PLAY_NOTIFY";
}

impl Method {
    /// The name as written in the request line.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Name::Known(name) => name,
            Name::Unknown(name) => name,
        }
    }

    /// Whether this is one of the constants.
    pub fn is_known(&self) -> bool {
        matches!(self.0, Name::Known(_))
    }
}

impl From<&str> for Method {
    fn from(name: &str) -> Self {
        Self::known(name).unwrap_or_else(|| Self(Name::Unknown(name.into())))
    }
}

impl From<String> for Method {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl FromStr for Method {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self::from(name))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
