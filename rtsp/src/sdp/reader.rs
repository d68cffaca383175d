//! Reads a description line by line.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{
    Limits,
    scan::{find, find_soon},
    sdp::{Attribute, Bandwidth, Connection, Description, Media, Origin},
};

/// A line that could not be read, or not as the book wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SdpWarning {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: SdpProblem,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SdpProblem {
    /// It is not a letter, `=` and a value. The line was left out.
    NotALine,
    /// Its letter means nothing. The line was left out.
    UnknownLine(char),
    /// It is not UTF-8 and was read as Latin-1.
    NotUtf8,
    /// An `m=` line has fewer than four parts. What is missing is empty.
    ShortMedia,
    /// The lines from here on are over [`Limits::max_sdp_lines`]. They were left out.
    TooManyLines,
    /// The media sections from here on are over [`Limits::max_media`]. They were left out.
    TooManyMedia,
}

impl<'a> Description<'a> {
    /// Reads a description. Never fails: what cannot be read is left out and stands in
    /// [`warnings`](Self::warnings).
    ///
    /// Lines may come in any order, end in CRLF or LF or at the end of the text, and be empty.
    /// Everything before the first `m=` belongs to the session.
    pub fn parse(text: &'a [u8], limits: &Limits) -> Self {
        let mut description = Self::default();
        // One check for all lines; only where it fails is each line checked.
        let all = core::str::from_utf8(text).ok();
        let mut rest = text;
        let mut line_number = 0;
        while !rest.is_empty() {
            let begin = text.len() - rest.len();
            let (line, behind) = split_line(rest);
            rest = behind;
            line_number += 1;
            if line.is_empty() {
                continue;
            }
            if line_number > limits.max_sdp_lines {
                description.warn(line_number, SdpProblem::TooManyLines);
                break;
            }
            let checked = match all {
                Some(all) => all.get(begin..begin + line.len()),
                None => core::str::from_utf8(line).ok(),
            };
            let read = match checked {
                Some(line) => description.read_line(line, Cow::Borrowed, limits),
                None => {
                    description.warn(line_number, SdpProblem::NotUtf8);
                    let latin1 = line.iter().copied().map(char::from).collect::<String>();
                    let keep = |part: &str| Cow::Owned(part.into());
                    description.read_line(&latin1, keep, limits)
                }
            };
            if let Err(problem) = read {
                description.warn(line_number, problem);
                if problem == SdpProblem::TooManyMedia {
                    break;
                }
            }
        }
        description
    }

    fn warn(&mut self, line: usize, problem: SdpProblem) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(SdpWarning { line, problem });
        }
    }

    /// Reads one line, of which `keep` keeps the parts.
    fn read_line<'t>(
        &mut self,
        line: &'t str,
        keep: impl Fn(&'t str) -> Cow<'a, str>,
        limits: &Limits,
    ) -> Result<(), SdpProblem> {
        let [letter @ b'a'..=b'z', b'=', ..] = *line.as_bytes() else {
            return Err(SdpProblem::NotALine);
        };
        let value = line.get(2..).unwrap_or_default().trim_ascii();
        let text = || Some(value).filter(|text| !text.is_empty()).map(&keep);
        match letter {
            b'a' => {
                let attribute = attribute(value, keep);
                match self.media.last_mut() {
                    Some(media) => &mut media.attributes,
                    None => &mut self.attributes,
                }
                .push(attribute);
            }
            b'm' if self.media.len() >= limits.max_media => return Err(SdpProblem::TooManyMedia),
            b'm' => {
                let media = media(value, keep);
                let whole = !media.fmts.is_empty();
                self.media.push(media);
                return whole.then_some(()).ok_or(SdpProblem::ShortMedia);
            }
            b'c' => {
                let slot = self.media.last_mut().map(|media| &mut media.connection);
                fill(
                    slot.unwrap_or(&mut self.connection),
                    text().map(|text| Connection { text }),
                );
            }
            b'b' => {
                let bandwidth = text().map(|text| Bandwidth { text });
                let list = self.media.last_mut().map(|media| &mut media.bandwidth);
                list.unwrap_or(&mut self.bandwidth).extend(bandwidth);
            }
            b'i' => {
                let slot = self.media.last_mut().map(|media| &mut media.title);
                fill(slot.unwrap_or(&mut self.information), text());
            }
            // Devices repeat s= in their media sections (go2rtc): the first one counts.
            b's' => fill(&mut self.session_name, text()),
            b'o' => fill(
                &mut self.origin,
                (!value.is_empty()).then(|| origin(value, keep)),
            ),
            b't' => fill(&mut self.timing, text()),
            // Version, URI, email, phone, repetition, zone, key: nothing RTSP needs.
            b'v' | b'u' | b'e' | b'p' | b'r' | b'z' | b'k' => {}
            letter => return Err(SdpProblem::UnknownLine(char::from(letter))),
        }
        Ok(())
    }
}

/// The first line without its end, and what follows.
fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = find(b'\n', text)
        .and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)))
        .unwrap_or((text, &[]));
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

fn fill<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}

fn attribute<'a, 't>(text: &'t str, keep: impl Fn(&'t str) -> Cow<'a, str>) -> Attribute<'a> {
    let colon = find_soon(b':', text.as_bytes());
    let (name, value) = match colon {
        Some(colon) => (text.get(..colon), text.get(colon + 1..)),
        None => (Some(text), None),
    };
    Attribute {
        name: keep(name.unwrap_or_default().trim_ascii_end()),
        value: value.map(|value| keep(value.trim_ascii_start())),
    }
}

/// The text split at blanks into exactly `N` parts, the last one with the rest; missing ones empty.
fn words<const N: usize>(text: &str) -> [&str; N] {
    let mut rest = text.trim_ascii();
    core::array::from_fn(|at| {
        let bytes = rest.as_bytes();
        let end = if at + 1 < N {
            bytes.iter().position(u8::is_ascii_whitespace)
        } else {
            None
        };
        let (word, behind) = end
            .and_then(|end| rest.split_at_checked(end))
            .unwrap_or((rest, ""));
        rest = behind.trim_ascii_start();
        word
    })
}

fn origin<'a, 't>(text: &'t str, keep: impl Fn(&'t str) -> Cow<'a, str>) -> Origin<'a> {
    let [username, session_id, session_version, address] = words(text).map(keep);
    Origin {
        username,
        session_id,
        session_version,
        address,
    }
}

fn media<'a, 't>(text: &'t str, keep: impl Fn(&'t str) -> Cow<'a, str>) -> Media<'a> {
    let [media, port, proto, fmts] = words(text);
    let fmts = fmts.split_ascii_whitespace().take(MAX_FORMATS);
    Media {
        fmts: fmts.map(&keep).collect(),
        media: keep(media),
        port: keep(port),
        proto: keep(proto),
        attributes: Vec::with_capacity(8),
        ..Media::default()
    }
}

/// Formats kept of one `m=` line. ONVIF cameras list 20 (gortsplib#479).
const MAX_FORMATS: usize = 64;
/// Warnings kept of one description.
const MAX_WARNINGS: usize = 64;
