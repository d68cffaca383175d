//! Writes a description in the order of RFC 8866, section 5.

use core::fmt;

use crate::sdp::{Attribute, Bandwidth, Connection, Description, Media};

impl fmt::Display for Description<'_> {
    /// Writes all lines, each ended by CRLF. Line ends inside values become blanks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, 'v', "0")?;
        if let Some(origin) = &self.origin {
            f.write_str("o=")?;
            for part in [
                &origin.username,
                &origin.session_id,
                &origin.session_version,
            ] {
                words(f, if part.is_empty() { "-" } else { part })?;
                f.write_str(" ")?;
            }
            // Without an address the line still has its place for one.
            let address = origin.address.trim_ascii();
            words(f, if address.is_empty() { "-" } else { address })?;
            f.write_str("\r\n")?;
        }
        // A description without a name is not one to many readers; "-" is the book's empty name.
        line(f, 's', self.session_name.as_deref().unwrap_or("-"))?;
        lower_lines(
            f,
            self.information.as_deref(),
            self.connection.as_ref(),
            &self.bandwidth,
        )?;
        if let Some(timing) = &self.timing {
            line(f, 't', timing)?;
        }
        attributes(f, &self.attributes)?;
        self.media.iter().try_for_each(|media| write!(f, "{media}"))
    }
}

impl fmt::Display for Media<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m=")?;
        words(f, &self.media)?;
        for part in [&self.port, &self.proto].into_iter().chain(&self.fmts) {
            if !part.trim_ascii().is_empty() {
                f.write_str(" ")?;
                words(f, part)?;
            }
        }
        f.write_str("\r\n")?;
        lower_lines(
            f,
            self.title.as_deref(),
            self.connection.as_ref(),
            &self.bandwidth,
        )?;
        attributes(f, &self.attributes)
    }
}

fn lower_lines(
    f: &mut fmt::Formatter<'_>,
    information: Option<&str>,
    connection: Option<&Connection<'_>>,
    bandwidth: &[Bandwidth<'_>],
) -> fmt::Result {
    information.map_or(Ok(()), |text| line(f, 'i', text))?;
    connection.map_or(Ok(()), |connection| line(f, 'c', &connection.text))?;
    bandwidth
        .iter()
        .try_for_each(|bandwidth| line(f, 'b', &bandwidth.text))
}

/// A part of a line of words: white space of any kind parts words, so it becomes one blank.
fn words(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut words = text.split_ascii_whitespace();
    f.write_str(words.next().unwrap_or_default())?;
    words.try_for_each(|word| write!(f, " {word}"))
}

fn attributes(f: &mut fmt::Formatter<'_>, list: &[Attribute<'_>]) -> fmt::Result {
    list.iter().try_for_each(|attribute| {
        f.write_str("a=")?;
        inline(f, &attribute.name)?;
        if let Some(value) = &attribute.value {
            f.write_str(":")?;
            inline(f, value)?;
        }
        f.write_str("\r\n")
    })
}

fn line(f: &mut fmt::Formatter<'_>, letter: char, value: &str) -> fmt::Result {
    write!(f, "{letter}=")?;
    inline(f, value)?;
    f.write_str("\r\n")
}

/// Writes text without its line ends.
fn inline(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut parts = text
        .trim_ascii()
        .split(['\r', '\n'])
        .filter(|part| !part.is_empty());
    f.write_str(parts.next().unwrap_or_default())?;
    parts.try_for_each(|part| write!(f, " {part}"))
}
