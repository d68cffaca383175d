//! The named fields that a scheme takes.

use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use serde_json::Value;
use weir_auth::{Action, Secret, UnixTime};

use crate::failure::Failure;
use crate::source;

pub(super) struct Fields<'a>(pub(super) &'a Value);

impl<'a> Fields<'a> {
    pub(super) fn text(&self, name: &str) -> Result<&'a str, Failure> {
        self.maybe(name)
            .ok_or_else(|| Failure::usage(format!("{name} is missing")))
    }

    pub(super) fn maybe(&self, name: &str) -> Option<&'a str> {
        self.0[name].as_str()
    }

    pub(super) fn secret(&self, name: &str) -> Result<Secret, Failure> {
        if let Some(hex) = self.maybe(&format!("{name}_hex")) {
            return Ok(Secret::from_bytes(&source::hex(hex)?));
        }
        self.text(name).map(Secret::from)
    }

    /// A number; on the command line it is text.
    pub(super) fn number(&self, name: &str) -> Result<u64, Failure> {
        self.maybe_number(name)
            .ok_or_else(|| Failure::usage(format!("{name} is missing or no number")))
    }

    pub(super) fn maybe_number(&self, name: &str) -> Option<u64> {
        let value = &self.0[name];
        value
            .as_u64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    }

    pub(super) fn time(&self, name: &str) -> Result<UnixTime, Failure> {
        self.number(name).map(UnixTime::from_secs)
    }

    /// The time of the check: `now`, or the clock's.
    pub(super) fn now(&self) -> Result<UnixTime, Failure> {
        if self.0.get("now").is_some() {
            return self.time("now");
        }
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Ok(UnixTime::from_secs(since.unwrap_or_default().as_secs()))
    }

    pub(super) fn has_address(&self, name: &str) -> bool {
        self.maybe(name).is_some_and(|text| !text.is_empty())
    }

    /// An address; nobody's when it is absent or empty.
    pub(super) fn address(&self, name: &str) -> Result<IpAddr, Failure> {
        match self.maybe(name) {
            Some(text) if !text.is_empty() => text.parse().map_err(Failure::usage),
            _ => Ok(Ipv4Addr::UNSPECIFIED.into()),
        }
    }

    pub(super) fn action(&self) -> Result<Action, Failure> {
        match self.text("action")? {
            "publish" => Ok(Action::Publish),
            "play" => Ok(Action::Play),
            other => Err(Failure::usage(format!(
                "{other}: publish or play is needed"
            ))),
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.0[name] == true || self.0[name] == "true"
    }

    /// A list; on the command line one text.
    pub(super) fn texts(&self, name: &str) -> Vec<&'a str> {
        match &self.0[name] {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            Value::String(text) => vec![text],
            _ => Vec::new(),
        }
    }
}

/// What a crate refused.
pub(super) fn malformed(error: impl std::fmt::Display) -> Failure {
    Failure::new("malformed", error)
}
