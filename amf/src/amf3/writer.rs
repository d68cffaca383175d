//! Writing AMF3.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::marker;
use super::u29;
use crate::error::EncodeError;
use crate::format::Format;

/// The tables of strings and traits that were written, so that the next time a reference is enough.
///
/// One set belongs to one buffer and one sequence of values: a message, the body of a `.sol` file.
#[derive(Clone, Debug, Default)]
pub struct WriteTables {
    strings: Vec<Interned>,
    /// An open-addressing table of entries of `strings`, plus 1; a power of two long.
    buckets: Vec<u32>,
    /// How many strings were written inline, entered in `strings` or not.
    strings_len: u32,
    /// The traits written so far, each with all that tells them apart in one key.
    traits: BTreeMap<Vec<u8>, u32>,
    key: Vec<u8>,
}

/// A string in the output.
#[derive(Clone, Copy, Debug)]
struct Interned {
    hash: u32,
    start: u32,
    len: u32,
    /// Its index in the reader's table.
    entry: u32,
}

/// How far from its bucket a string may stand. A peer that makes strings collide only loses
/// references for them.
const MAX_PROBES: usize = 32;

impl WriteTables {
    /// Writes a text or a reference to it, without marker.
    pub(crate) fn text(&mut self, out: &mut Vec<u8>, text: &[u8]) -> Result<(), EncodeError> {
        if text.is_empty() {
            out.push(0x01);
            return Ok(());
        }
        if (self.strings.len() + 1) * 2 > self.buckets.len() {
            self.grow();
        }
        let hash = hash(text);
        let len = self.buckets.len();
        let mut free = None;
        for at in probes(hash, len) {
            match self.buckets.get(at) {
                Some(0) => {
                    free = Some(at);
                    break;
                }
                Some(entry) => {
                    let Some(known) = self.strings.get(*entry as usize - 1) else {
                        break;
                    };
                    let start = known.start as usize;
                    if known.hash == hash
                        && out.get(start..start + known.len as usize) == Some(text)
                    {
                        u29::write(out, known.entry << 1);
                        return Ok(());
                    }
                }
                None => break,
            }
        }
        let (start, len) = inline_text(out, text)?;
        if let (Some(at), Ok(start)) = (free, u32::try_from(start)) {
            self.strings.push(Interned {
                hash,
                start,
                len,
                entry: self.strings_len,
            });
            if let Some(bucket) = self.buckets.get_mut(at) {
                *bucket = u32::try_from(self.strings.len()).unwrap_or(0);
            }
        }
        self.strings_len += 1;
        Ok(())
    }

    /// Writes a text inline, whether it was written before or not.
    pub(crate) fn text_inline(
        &mut self,
        out: &mut Vec<u8>,
        text: &[u8],
    ) -> Result<(), EncodeError> {
        inline_text(out, text)?;
        self.strings_len += u32::from(!text.is_empty());
        Ok(())
    }

    #[cold]
    fn grow(&mut self) {
        let len = (self.buckets.len() * 4).max(64);
        self.buckets.clear();
        self.buckets.resize(len, 0);
        for (entry, string) in (1u32..).zip(&self.strings) {
            for at in probes(string.hash, len) {
                match self.buckets.get_mut(at) {
                    Some(bucket) if *bucket == 0 => {
                        *bucket = entry;
                        break;
                    }
                    _ => {}
                }
            }
        }
    }

    /// Writes the header of an object, and its traits unless they were written before.
    pub(crate) fn traits<'n>(
        &mut self,
        out: &mut Vec<u8>,
        class: &'n str,
        members: impl Iterator<Item = &'n str> + Clone,
        flags: TraitsFlags,
        config: &crate::EncodeConfig,
    ) -> Result<Option<u32>, EncodeError> {
        if config.trait_references {
            self.key.clear();
            self.key.push(flags.bits());
            for name in core::iter::once(class).chain(members.clone()) {
                self.key.extend_from_slice(&name.len().to_be_bytes());
                self.key.extend_from_slice(name.as_bytes());
            }
            if let Some(index) = self.traits.get(&self.key) {
                traits_reference(out, *index);
                return Ok(Some(*index));
            }
        }
        let count = members.clone().count();
        let bits = u32::from(flags.bits());
        let Some(head) = u32::try_from(count).ok().filter(|count| *count < 1 << 25) else {
            return Err(too_long(count, (1 << 25) - 1));
        };
        u29::write(out, head << 4 | bits << 2 | 3);
        for name in core::iter::once(class).chain(members) {
            if config.string_references {
                self.text(out, name.as_bytes())?;
            } else {
                self.text_inline(out, name.as_bytes())?;
            }
        }
        if !config.trait_references {
            return Ok(None);
        }
        let index = u32::try_from(self.traits.len()).unwrap_or(u32::MAX);
        self.traits.insert(core::mem::take(&mut self.key), index);
        Ok(Some(index))
    }
}

/// Whether objects of a class can have more than its members, or write their own body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraitsFlags {
    pub(crate) dynamic: bool,
    pub(crate) externalizable: bool,
}

impl TraitsFlags {
    fn bits(self) -> u8 {
        u8::from(self.dynamic) << 1 | u8::from(self.externalizable)
    }
}

/// The buckets where a string may stand, the likeliest first. `len` is a power of two.
#[inline]
fn probes(hash: u32, len: usize) -> impl Iterator<Item = usize> {
    // The high bits of a product depend on all bits of its factors.
    let first = hash.checked_shr(u32::BITS - len.ilog2()).unwrap_or(0) as usize;
    (first..first + MAX_PROBES).map(move |at| at & (len - 1))
}

/// Mixes the bytes eight at a time; equal strings are compared byte by byte afterwards.
#[inline]
fn hash(bytes: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64, word: u64| (state.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER);
    let mut state = bytes.len() as u64;
    let mut rest = bytes;
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        state = mix(state, u64::from_le_bytes(*eight));
        rest = behind;
    }
    // The last bytes, together with some that are in already.
    if let Some(eight) = bytes.last_chunk::<8>() {
        state = mix(state, u64::from_le_bytes(*eight));
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|four| u64::from(u32::from_le_bytes(*four)));
        state = mix(state, first << 32 | last);
    } else {
        for byte in bytes {
            state = mix(state, u64::from(*byte));
        }
    }
    let [a, b, c, d, ..] = state.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// Writes a length and bytes; returns where the bytes begin, and the length.
#[inline(always)]
pub(crate) fn inline_text(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(usize, u32), EncodeError> {
    let len = header(out, bytes.len())?;
    let start = out.len();
    out.extend_from_slice(bytes);
    Ok((start, len))
}

/// Writes the header of something that follows inline.
#[inline]
pub(crate) fn header(out: &mut Vec<u8>, len: usize) -> Result<u32, EncodeError> {
    match u32::try_from(len)
        .ok()
        .filter(|len| *len as usize <= u29::MAX_LEN)
    {
        Some(short) => {
            u29::write(out, short << 1 | 1);
            Ok(short)
        }
        None => Err(too_long(len, u29::MAX_LEN)),
    }
}

#[cold]
const fn too_long(len: usize, max: usize) -> EncodeError {
    EncodeError::TooLong {
        len,
        max,
        format: Format::Amf3,
    }
}

#[inline]
pub(crate) fn traits_reference(out: &mut Vec<u8>, index: u32) {
    u29::write(out, index << 2 | 1);
}

#[inline]
pub(crate) fn integer(out: &mut Vec<u8>, value: i32) {
    out.push(marker::INTEGER);
    u29::write(out, u32::from_ne_bytes(value.to_ne_bytes()));
}

#[inline]
pub(crate) fn double(out: &mut Vec<u8>, value: f64) {
    let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
    out.extend_from_slice(&[marker::DOUBLE, a, b, c, d, e, f, g, h]);
}

/// Returns the integer that ActionScript 3 writes in the place of a number, if it does: -0, NaN
/// and the infinities stay numbers.
#[inline]
pub(crate) fn as_integer(value: f64) -> Option<i32> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "compared with the original, bit by bit"
    )]
    let whole = value as i32;
    let same = f64::from(whole).to_bits() == value.to_bits();
    (same && u29::INTEGERS.contains(&whole)).then_some(whole)
}

/// Writes AMF3 values one by one, behind whatever the buffer holds already.
///
/// Nothing is checked but lengths and names: the caller closes what it opens. To write a
/// [`Document`](crate::Document), use [`encode_into`](super::encode_into).
///
/// ```
/// use weir_amf::amf3::{WriteTables, Writer};
///
/// let (mut out, mut tables) = (Vec::new(), WriteTables::default());
/// let mut writer = Writer::new(&mut out, &mut tables);
/// writer.begin_object("", &[], true)?;
/// writer.name("rnd")?;
/// writer.string("rnd")?;
/// writer.end_names();
/// assert_eq!(out, b"\x0a\x0b\x01\x07rnd\x06\x00\x01");
/// # Ok::<(), weir_amf::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct Writer<'w> {
    out: &'w mut Vec<u8>,
    tables: &'w mut WriteTables,
}

impl<'w> Writer<'w> {
    /// Writes to the end of `out`. `tables` belong to what was written there before, if anything.
    #[must_use]
    pub const fn new(out: &'w mut Vec<u8>, tables: &'w mut WriteTables) -> Self {
        Self { out, tables }
    }

    /// Writes undefined.
    pub fn undefined(&mut self) {
        self.out.push(marker::UNDEFINED);
    }

    /// Writes null.
    pub fn null(&mut self) {
        self.out.push(marker::NULL);
    }

    /// Writes a boolean.
    pub fn boolean(&mut self, value: bool) {
        self.out
            .push(if value { marker::TRUE } else { marker::FALSE });
    }

    /// Writes an integer, as a number if it does not fit 29 bits.
    pub fn integer(&mut self, value: i32) {
        if u29::INTEGERS.contains(&value) {
            integer(self.out, value);
        } else {
            double(self.out, value.into());
        }
    }

    /// Writes a number.
    pub fn number(&mut self, value: f64) {
        double(self.out, value);
    }

    /// Writes a string, or a reference if it was written before.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 256 MiB - 1.
    pub fn string(&mut self, text: &str) -> Result<(), EncodeError> {
        self.out.push(marker::STRING);
        self.tables.text(self.out, text.as_bytes())
    }

    /// Writes a date, in milliseconds since 1970-01-01 UTC.
    pub fn date(&mut self, ms: f64) {
        self.out.extend_from_slice(&[marker::DATE, 0x01]);
        self.out.extend_from_slice(&ms.to_be_bytes());
    }

    /// Writes E4X XML.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 256 MiB - 1.
    pub fn xml(&mut self, text: &str) -> Result<(), EncodeError> {
        self.out.push(marker::XML);
        inline_text(self.out, text.as_bytes()).map(drop)
    }

    /// Writes an XML document of the old kind.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 256 MiB - 1.
    pub fn xml_document(&mut self, text: &str) -> Result<(), EncodeError> {
        self.out.push(marker::XML_DOCUMENT);
        inline_text(self.out, text.as_bytes()).map(drop)
    }

    /// Writes a byte array.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 256 MiB - 1.
    pub fn byte_array(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.out.push(marker::BYTE_ARRAY);
        inline_text(self.out, bytes).map(drop)
    }

    /// Writes a vector of `int`.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 2^28 - 1 elements.
    pub fn vector_int(&mut self, numbers: &[i32], fixed: bool) -> Result<(), EncodeError> {
        self.begin_packed(marker::VECTOR_INT, numbers.len(), fixed)?;
        self.out
            .extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        Ok(())
    }

    /// Writes a vector of `uint`.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 2^28 - 1 elements.
    pub fn vector_uint(&mut self, numbers: &[u32], fixed: bool) -> Result<(), EncodeError> {
        self.begin_packed(marker::VECTOR_UINT, numbers.len(), fixed)?;
        self.out
            .extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        Ok(())
    }

    /// Writes a vector of `Number`.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 2^28 - 1 elements.
    pub fn vector_number(&mut self, numbers: &[f64], fixed: bool) -> Result<(), EncodeError> {
        self.begin_packed(marker::VECTOR_NUMBER, numbers.len(), fixed)?;
        packed(self.out, numbers);
        Ok(())
    }

    fn begin_packed(&mut self, marker: u8, len: usize, fixed: bool) -> Result<(), EncodeError> {
        self.out.push(marker);
        header(self.out, len)?;
        self.out.push(fixed.into());
        Ok(())
    }

    /// Begins a vector of any values; `len` of them follow, and nothing at their end.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 2^28 - 1 elements.
    pub fn begin_vector(
        &mut self,
        class: &str,
        len: usize,
        fixed: bool,
    ) -> Result<(), EncodeError> {
        self.begin_packed(marker::VECTOR_OBJECT, len, fixed)?;
        self.tables.text(self.out, class.as_bytes())
    }

    /// Begins a dictionary; `len` keys and values follow in turn, and nothing at their end.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 2^28 - 1 pairs.
    pub fn begin_dictionary(&mut self, len: usize, weak: bool) -> Result<(), EncodeError> {
        self.begin_packed(marker::DICTIONARY, len, weak)
    }

    /// Begins an array; names and values follow, then [`end_names`](Self::end_names), then `dense`
    /// values.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 2^28 - 1 elements.
    pub fn begin_array(&mut self, dense: usize) -> Result<(), EncodeError> {
        self.out.push(marker::ARRAY);
        header(self.out, dense).map(drop)
    }

    /// Begins an object; the values of the sealed `members` follow in their order, and, if it is
    /// `dynamic`, names and values and [`end_names`](Self::end_names).
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 2^25 - 1 members.
    pub fn begin_object(
        &mut self,
        class: &str,
        members: &[&str],
        dynamic: bool,
    ) -> Result<(), EncodeError> {
        self.out.push(marker::OBJECT);
        let flags = TraitsFlags {
            dynamic,
            externalizable: false,
        };
        let members = members.iter().copied();
        let config = crate::EncodeConfig::default();
        self.tables
            .traits(self.out, class, members, flags, &config)
            .map(drop)
    }

    /// Begins an object whose class writes its own body, which follows.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] if the class name is past 256 MiB - 1.
    pub fn begin_externalizable(&mut self, class: &str) -> Result<(), EncodeError> {
        self.out.push(marker::OBJECT);
        let flags = TraitsFlags {
            dynamic: false,
            externalizable: true,
        };
        let config = crate::EncodeConfig::default();
        self.tables
            .traits(self.out, class, core::iter::empty(), flags, &config)
            .map(drop)
    }

    /// Writes bytes of an externalizable body.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Writes the name of the next value.
    ///
    /// # Errors
    /// [`EncodeError::EmptyName`], because the empty name ends the names.
    pub fn name(&mut self, text: &str) -> Result<(), EncodeError> {
        if text.is_empty() {
            return Err(EncodeError::EmptyName);
        }
        self.tables.text(self.out, text.as_bytes())
    }

    /// Ends the names of a dynamic object or an array.
    pub fn end_names(&mut self) {
        self.out.push(0x01);
    }
}

/// Swaps the bytes of many numbers at once, which the compiler does in vectors.
fn packed(out: &mut Vec<u8>, numbers: &[f64]) {
    out.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
}
