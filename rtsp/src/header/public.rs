//! Lists: `Public` and `Allow` name methods; `Require`, `Unsupported` and `Supported` name options.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;

use super::params::split;
use crate::message::Method;

/// The methods of a `Public` or `Allow` header. Blanks behind the commas are optional.
///
/// RFC 2326, sections 12.28 and 12.4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the list is all there is")]
pub struct Public(pub Vec<Method>);

/// The option tags of a `Require`, `Proxy-Require`, `Unsupported` or `Supported` header.
///
/// RFC 2326, sections 12.32, 12.27 and 12.40; RFC 7826, section 18.51.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the list is all there is")]
pub struct Options(pub Vec<String>);

impl Public {
    /// Whether the list names this method.
    pub fn contains(&self, method: &Method) -> bool {
        self.0.contains(method)
    }
}

impl From<&str> for Public {
    fn from(text: &str) -> Self {
        Self(
            split(text, ',')
                .filter(|name| !name.is_empty())
                .take(MAX_ITEMS)
                .map(Method::from)
                .collect(),
        )
    }
}

impl From<&str> for Options {
    fn from(text: &str) -> Self {
        Self(
            split(text, ',')
                .filter(|tag| !tag.is_empty())
                .take(MAX_ITEMS)
                .map(str::to_owned)
                .collect(),
        )
    }
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, &self.0)
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, &self.0)
    }
}

fn list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    items.iter().enumerate().try_for_each(|(at, item)| {
        f.write_str(if at == 0 { "" } else { ", " })?;
        write!(f, "{item}")
    })
}

/// Items kept of one list.
const MAX_ITEMS: usize = 64;
