//! `Session`: the id of a session and how long it lives without a sign of life.

use alloc::{borrow::ToOwned, string::String};
use core::{fmt, str::FromStr, time::Duration};

use super::params::{pair, split};
use crate::ValueError;

/// The value of a `Session` header.
///
/// The id is opaque and compared exactly. Parameters belong into responses, but clients echo them
/// (Larix, mediamtx#815): compare the id only.
/// ```
/// use weir_rtsp::header::Session;
///
/// let session: Session = "9a90de54; timeout=120".parse()?;
/// assert_eq!((session.id.as_str(), session.timeout.map(|t| t.as_secs())), ("9a90de54", Some(120)));
/// # Ok::<(), weir_rtsp::ValueError>(())
/// ```
/// RFC 2326, section 12.37.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The id.
    pub id: String,
    /// The time after which the server ends a silent session, in whole seconds. 60 s where it is
    /// not written.
    pub timeout: Option<Duration>,
}

impl Session {
    /// A session without a timeout, as a request names it.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            timeout: None,
        }
    }
}

impl FromStr for Session {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let mut parts = split(text, ';');
        let id = parts.next().filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| ValueError::new(0, "a session id"))?;
        let timeout = parts
            .map(pair)
            .find(|(name, _)| name.eq_ignore_ascii_case("timeout"))
            .and_then(|(_, seconds)| seconds?.parse().ok())
            .map(|seconds: u32| Duration::from_secs(seconds.into()));
        Ok(Self {
            id: id.to_owned(),
            timeout,
        })
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        match self.timeout {
            Some(timeout) => write!(f, ";timeout={}", timeout.as_secs()),
            None => Ok(()),
        }
    }
}
