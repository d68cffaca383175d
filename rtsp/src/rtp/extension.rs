//! Header extensions: the one-byte and two-byte element forms of RFC 8285, and ONVIF replay.

use alloc::vec::Vec;

use super::{NtpTime, RtpBuildError};

/// The header extension of a packet: 16 bits that say what it is, and whole words of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    profile: u16,
    data: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The profile of the one-byte element form. RFC 8285, section 4.2.
    pub const ONE_BYTE: u16 = 0xbede;
    /// The profile of the two-byte element form, its low 4 bits free. RFC 8285, section 4.3.
    pub const TWO_BYTE: u16 = 0x1000;
    /// The profile of the ONVIF replay extension. ONVIF Streaming, section 6.3.
    pub const ONVIF_REPLAY: u16 = 0xabac;

    /// Makes an extension of its profile and data.
    pub const fn new(profile: u16, data: &'a [u8]) -> Self {
        Self { profile, data }
    }

    /// The 16 bits that say what the data is.
    pub const fn profile(&self) -> u16 {
        self.profile
    }

    /// The data, a multiple of 4 bytes.
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The elements, in order; none if the extension has neither form of RFC 8285.
    ///
    /// A malformed element ends the iteration: what stands before it stays valid, as section 4.2
    /// asks.
    #[inline]
    pub const fn elements(&self) -> Elements<'a> {
        let one_byte = self.profile == Self::ONE_BYTE;
        let has_elements = one_byte || self.profile & 0xfff0 == Self::TWO_BYTE;
        Elements {
            one_byte,
            data: if has_elements { self.data } else { &[] },
            at: 0,
        }
    }

    /// The data of the first element with this id.
    pub fn element(&self, id: u8) -> Option<&'a [u8]> {
        self.elements().find(|e| e.id == id).map(|e| e.data)
    }

    /// The ONVIF replay extension, if this is one.
    pub fn onvif_replay(&self) -> Option<OnvifReplay> {
        if self.profile != Self::ONVIF_REPLAY {
            return None;
        }
        let (ntp, rest) = self.data.split_first_chunk::<8>()?;
        let [flags, cseq, ..] = *rest else {
            return None;
        };
        Some(OnvifReplay {
            ntp: NtpTime::new(u64::from_be_bytes(*ntp)),
            clean_point: flags & 0x80 != 0,
            end_of_section: flags & 0x40 != 0,
            discontinuity: flags & 0x20 != 0,
            terminal: flags & 0x10 != 0,
            cseq,
        })
    }

    /// Appends elements to `out`, padded to whole words, and returns the profile of their form:
    /// the one-byte form when all of them fit it, else the two-byte form.
    ///
    /// # Errors
    /// [`RtpBuildError::Element`] if an id is 0 or data is longer than 255 bytes; then nothing is
    /// written.
    pub fn encode_elements(
        elements: &[Element<'_>],
        out: &mut Vec<u8>,
    ) -> Result<u16, RtpBuildError> {
        let begin = out.len();
        let fits_one = |e: &Element<'_>| matches!((e.id, e.data.len()), (1..=14, 1..=16));
        let one_byte = elements.iter().all(fits_one);
        for element in elements {
            let (Ok(len), 1..) = (u8::try_from(element.data.len()), element.id) else {
                let (id, len) = (element.id, element.data.len());
                out.truncate(begin);
                return Err(RtpBuildError::Element { id, len });
            };
            if one_byte {
                out.push((element.id << 4) | (len - 1));
            } else {
                out.extend_from_slice(&[element.id, len]);
            }
            out.extend_from_slice(element.data);
        }
        let len = out.len() - begin;
        out.resize(begin + len.next_multiple_of(4), 0);
        Ok(if one_byte {
            Self::ONE_BYTE
        } else {
            Self::TWO_BYTE
        })
    }
}

/// One element of a header extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Element<'a> {
    /// The id that `a=extmap` gives a meaning, 1 to 255.
    pub id: u8,
    /// The data, 0 to 255 bytes.
    pub data: &'a [u8],
}

impl<'a> Element<'a> {
    /// Makes an element.
    pub const fn new(id: u8, data: &'a [u8]) -> Self {
        Self { id, data }
    }
}

/// The elements of an extension, made by [`Extension::elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    /// Whether they have the one-byte form.
    one_byte: bool,
    data: &'a [u8],
    /// Where the next element starts, or padding in front of it. `at <= data.len()`
    at: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        let mut at = self.at;
        let head = loop {
            match *self.data.get(at)? {
                // Padding.
                0 => at += 1,
                head => break head,
            }
        };
        let (id, begin, len);
        if self.one_byte {
            // Id 15, and id 0 with a length, end the list: RFC 8285, section 4.2.
            if !(0x10..0xf0).contains(&head) {
                return self.end();
            }
            (id, begin, len) = (head >> 4, at + 1, usize::from(head & 0x0f) + 1);
        } else {
            let Some(second) = self.data.get(at + 1) else {
                return self.end();
            };
            (id, begin, len) = (head, at + 2, usize::from(*second));
        }
        let Some(data) = self.data.get(begin..begin + len) else {
            return self.end();
        };
        self.at = begin + len;
        Some(Element { id, data })
    }
}

impl<'a> Elements<'a> {
    const fn end(&mut self) -> Option<Element<'a>> {
        self.data = &[];
        None
    }
}

/// The header extension of ONVIF recordings: when a frame was recorded and what it begins or ends.
///
/// ```text
/// |                       NTP timestamp (8 bytes)                 |
/// |C|E|D|T|  mbz  |     CSeq      |            padding            |
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnvifReplay {
    /// When the frame was recorded, UTC.
    pub ntp: NtpTime,
    /// C: decoding can start here.
    pub clean_point: bool,
    /// E: the last frame of a contiguous section of the recording.
    pub end_of_section: bool,
    /// D: this frame does not follow the one before it.
    pub discontinuity: bool,
    /// T: the last frame of the recording's track.
    pub terminal: bool,
    /// The low byte of the CSeq of the PLAY request that asked for this frame.
    pub cseq: u8,
}

impl OnvifReplay {
    /// Makes an extension with no flag set.
    pub const fn new(ntp: NtpTime, cseq: u8) -> Self {
        Self {
            ntp,
            clean_point: false,
            end_of_section: false,
            discontinuity: false,
            terminal: false,
            cseq,
        }
    }

    /// The 12 bytes of data that follow the profile [`Extension::ONVIF_REPLAY`].
    pub fn encode(&self) -> [u8; 12] {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = flag(self.clean_point, 0x80)
            | flag(self.end_of_section, 0x40)
            | flag(self.discontinuity, 0x20)
            | flag(self.terminal, 0x10);
        let [a, b, c, d, e, f, g, h] = self.ntp.get().to_be_bytes();
        [a, b, c, d, e, f, g, h, flags, self.cseq, 0, 0]
    }
}
