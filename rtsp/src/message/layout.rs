//! Where the parts of a head stand, found in one walk over its bytes.

use core::ops::Range;

use smallvec::SmallVec;

use crate::scan::{find, find_soon};

/// The lines of one whole head, before anything of it is text.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Bytes of the first line, without the `\n`.
    pub(super) first_len: usize,
    pub(super) fields: SmallVec<[Span; 12]>,
    /// Whether a field has continuation lines.
    pub(super) folded: bool,
    /// Lines that are no field.
    pub(super) ignored_lines: usize,
    /// Where the first field stands that there was no room for.
    pub(super) over: Option<usize>,
}

/// One field: its name and its value, blanks around them taken away.
///
/// Each place lies beside an ASCII byte, so it is on a character boundary of a head that is UTF-8.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    name: usize,
    name_end: usize,
    value: usize,
    value_end: usize,
}

impl Span {
    #[inline]
    pub(super) const fn name(self) -> Range<usize> {
        self.name..self.name_end
    }

    #[inline]
    pub(super) const fn value(self) -> Range<usize> {
        self.value..self.value_end
    }
}

impl Layout {
    /// Walks over the head at the start of `bytes`, up to and with its first empty line, and tells
    /// its length; `None` where that line is missing.
    #[inline]
    pub(super) fn walk(&mut self, bytes: &[u8], max_fields: usize) -> Option<usize> {
        self.first_len = find(b'\n', bytes)?;
        let mut at = self.first_len + 1;
        loop {
            let rest = bytes.get(at..)?;
            match rest {
                [b'\n', ..] => return Some(at + 1),
                [b'\r', b'\n', ..] => return Some(at + 2),
                _ => {}
            }
            let first_end = find(b'\n', rest)?;
            let mut end = first_end;
            while let Some(b' ' | b'\t') = rest.get(end + 1) {
                // A line of one blank continues too and does not end the head: Luma x20 cameras
                // send one.
                end += 1 + find(b'\n', rest.get(end + 1..)?)?;
                self.folded = true;
            }
            // What continues is a value: a colon on a continuation line makes no field of its line.
            // RFC 7826, section 20.1, "HCOLON".
            let colon = find_soon(b':', rest.get(..first_end)?);
            self.line(rest.get(..end)?, colon, at, max_fields);
            at += end + 1;
        }
    }

    /// Takes the field that stands at `at` in the head, continuation lines included.
    #[inline]
    fn line(&mut self, line: &[u8], colon: Option<usize>, at: usize, max_fields: usize) {
        let colon = colon.unwrap_or_default();
        let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
        if let [] | [b' ' | b'\t', ..] = name {
            self.ignored_lines += 1;
        } else if self.fields.len() < max_fields {
            let behind = line.get(colon + 1..).unwrap_or_default();
            let value = behind.trim_ascii_start();
            let value_at = at + line.len() - value.len();
            self.fields.push(Span {
                name: at,
                name_end: at + name.len(),
                value: value_at,
                value_end: value_at + value.trim_ascii_end().len(),
            });
        } else {
            self.over.get_or_insert(at);
        }
    }
}
