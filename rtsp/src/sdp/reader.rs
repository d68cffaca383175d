//! Reads a description line by line.

use alloc::{borrow::Cow, string::String, vec::Vec};

use memchr::memchr;

use crate::{
    Limits,
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
            let line = checked.map(Cow::Borrowed).unwrap_or_else(|| {
                description.warn(line_number, SdpProblem::NotUtf8);
                Cow::Owned(line.iter().copied().map(char::from).collect::<String>())
            });
            if let Err(problem) = description.read_line(line, limits) {
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

    fn read_line(&mut self, line: Cow<'a, str>, limits: &Limits) -> Result<(), SdpProblem> {
        let [letter @ b'a'..=b'z', b'=', ..] = *line.as_bytes() else {
            return Err(SdpProblem::NotALine);
        };
        let value = cut(&line, |line| line.get(2..).unwrap_or_default().trim_ascii());
        let text = Some(value).filter(|text| !text.is_empty());
        match letter {
            b'a' => {
                let attribute = attribute(text.unwrap_or_default());
                match self.media.last_mut() {
                    Some(media) => &mut media.attributes,
                    None => &mut self.attributes,
                }
                .push(attribute);
            }
            b'm' if self.media.len() >= limits.max_media => return Err(SdpProblem::TooManyMedia),
            b'm' => {
                let media = media(&text.unwrap_or_default());
                let whole = !media.fmts.is_empty();
                self.media.push(media);
                return whole.then_some(()).ok_or(SdpProblem::ShortMedia);
            }
            b'c' => {
                let slot = self.media.last_mut().map(|media| &mut media.connection);
                fill(
                    slot.unwrap_or(&mut self.connection),
                    text.map(|text| Connection { text }),
                );
            }
            b'b' => {
                let bandwidth = text.map(|text| Bandwidth { text });
                let list = self.media.last_mut().map(|media| &mut media.bandwidth);
                list.unwrap_or(&mut self.bandwidth).extend(bandwidth);
            }
            b'i' => {
                let slot = self.media.last_mut().map(|media| &mut media.title);
                fill(slot.unwrap_or(&mut self.information), text);
            }
            // Devices repeat s= in their media sections (go2rtc): the first one counts.
            b's' => fill(&mut self.session_name, text),
            b'o' => fill(&mut self.origin, text.map(|text| origin(&text))),
            b't' => fill(&mut self.timing, text),
            // Version, URI, email, phone, repetition, zone, key: nothing RTSP needs.
            b'v' | b'u' | b'e' | b'p' | b'r' | b'z' | b'k' => {}
            letter => return Err(SdpProblem::UnknownLine(char::from(letter))),
        }
        Ok(())
    }
}

/// The first line without its end, and what follows.
fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = memchr(b'\n', text)
        .and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)))
        .unwrap_or((text, &[]));
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// A part of a text, borrowed where the text is.
fn cut<'a>(text: &Cow<'a, str>, part: impl for<'b> FnOnce(&'b str) -> &'b str) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(part(text)),
        Cow::Owned(text) => Cow::Owned(part(text).into()),
    }
}

fn fill<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}

fn attribute(text: Cow<'_, str>) -> Attribute<'_> {
    match memchr(b':', text.as_bytes()) {
        Some(colon) => Attribute {
            name: cut(&text, |text| {
                text.get(..colon).unwrap_or_default().trim_ascii_end()
            }),
            value: Some(cut(&text, |text| {
                text.get(colon + 1..).unwrap_or_default().trim_ascii()
            })),
        },
        None => Attribute {
            name: text,
            value: None,
        },
    }
}

/// The text split at blanks into exactly `N` parts, the last one with the rest; missing ones empty.
fn words<'a, const N: usize>(text: &Cow<'a, str>) -> [Cow<'a, str>; N] {
    let mut rest = cut(text, str::trim_ascii);
    core::array::from_fn(|at| {
        let end = rest
            .bytes()
            .position(|byte| byte.is_ascii_whitespace())
            .filter(|_| at + 1 < N)
            .unwrap_or(rest.len());
        let word = cut(&rest, |rest| rest.get(..end).unwrap_or_default());
        rest = cut(&rest, |rest| {
            rest.get(end..).unwrap_or_default().trim_ascii_start()
        });
        word
    })
}

fn origin<'a>(text: &Cow<'a, str>) -> Origin<'a> {
    let [username, session_id, session_version, address] = words(text);
    Origin {
        username,
        session_id,
        session_version,
        address,
    }
}

fn media<'a>(text: &Cow<'a, str>) -> Media<'a> {
    let [media, port, proto, fmts] = words(text);
    let fmts = match fmts {
        Cow::Borrowed(fmts) => fmts
            .split_ascii_whitespace()
            .take(MAX_FORMATS)
            .map(Cow::Borrowed)
            .collect(),
        Cow::Owned(fmts) => {
            let fmts = fmts.split_ascii_whitespace().take(MAX_FORMATS);
            fmts.map(|fmt| Cow::Owned(fmt.into())).collect()
        }
    };
    Media {
        media,
        port,
        proto,
        fmts,
        attributes: Vec::with_capacity(8),
        ..Media::default()
    }
}

/// Formats kept of one `m=` line. ONVIF cameras list 20 (gortsplib#479).
const MAX_FORMATS: usize = 64;
/// Warnings kept of one description.
const MAX_WARNINGS: usize = 64;
