//! What the grammars share: lists, quotes, pairs.

use alloc::{borrow::Cow, string::String};

/// The parts between separators, those inside quotes not counted. Parts are trimmed.
pub(super) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
    .map(str::trim_ascii)
}

/// Name and value of `name=value`; the value of a bare name is `None`.
pub(super) fn pair(parameter: &str) -> (&str, Option<&str>) {
    match parameter.split_once('=') {
        Some((name, value)) => (name.trim_ascii(), Some(unquote(value.trim_ascii()))),
        None => (parameter, None),
    }
}

/// The text without the quotes around it.
pub(super) fn unquote(text: &str) -> &str {
    text.strip_prefix('"')
        .map_or(text, |text| text.strip_suffix('"').unwrap_or(text))
}

/// The text without any quotes, so that it can be written in quotes of its own.
pub(super) fn bare(text: &str) -> String {
    text.replace('"', "")
}

/// The text in quotes if it needs them.
pub(super) fn quote(text: &str) -> Cow<'_, str> {
    if text.contains([';', ',', ' ', '=']) {
        Cow::Owned(alloc::format!("\"{text}\""))
    } else {
        Cow::Borrowed(text)
    }
}
