//! Bodies of encrypted tags: what stands in front of the cipher text.

use crate::cursor::Cursor;
use crate::{Malformed, Tag, TagKind};

/// The body of a tag whose filter bit is set.
///
/// ```text
///  AV header: 1 byte, AAC 2, AVC 5 | NumFilters=1 | FilterName, 0 | Length (UI24) | params | ...
///                    clear                              EncryptionTagHeader            cipher
/// ```
/// Keys and decryption are not this crate's. FLV 10.1, annex F.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncryptedBody<'a> {
    /// The audio or video header, in clear: 0 bytes for script tags.
    pub av_header: &'a [u8],
    /// How the rest is encrypted.
    pub filter: Filter<'a>,
    /// The cipher text, padded to 16 bytes; clear when the filter has no initialisation vector.
    pub payload: &'a [u8],
}

/// How a tag is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter<'a> {
    /// `Encryption`: every tag, with this initialisation vector.
    Encryption([u8; 16]),
    /// `SE`: selected tags; those without an initialisation vector are clear.
    Selective(Option<[u8; 16]>),
    /// Any other name, with its parameters.
    Other {
        /// The name.
        name: &'a [u8],
        /// The parameters.
        params: &'a [u8],
    },
}

impl<'a> EncryptedBody<'a> {
    /// Reads the body of a tag whose [`filtered`](Tag::filtered) is set.
    ///
    /// # Errors
    /// [`Malformed`] when it ends early or has another number of filters than one.
    pub fn decode(tag: &'a Tag) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(&tag.body);
        let first = tag.body.first().copied().unwrap_or(0);
        let header_len = match tag.kind {
            TagKind::AUDIO if first >> 4 == 10 => 2,
            TagKind::VIDEO if first & 0x0f == 7 => 5,
            TagKind::AUDIO | TagKind::VIDEO => 1,
            _ => 0,
        };
        let av_header = cursor.take(header_len, "AV header")?;
        let offset = cursor.offset();
        let filters = cursor.u8("NumFilters")?;
        if filters != 1 {
            let got = filters.into();
            return Err(Malformed::Value {
                what: "NumFilters",
                offset,
                got,
                allowed: "1",
            });
        }
        let name_len = cursor.rest().iter().position(|byte| *byte == 0);
        let name_len = name_len.unwrap_or_else(|| cursor.rest().len());
        let name = cursor.take(name_len, "FilterName")?;
        cursor.u8("end of FilterName")?;
        let len = cursor.u24("Length")?;
        let mut params = cursor.split(len as usize, "FilterParams")?;
        let filter = match name {
            b"Encryption" => Filter::Encryption(params.array("IV")?),
            b"SE" => {
                let encrypted = params.u8("EncryptedAU")? & 0x80 != 0;
                Filter::Selective(if encrypted {
                    Some(params.array("IV")?)
                } else {
                    None
                })
            }
            name => Filter::Other {
                name,
                params: params.rest(),
            },
        };
        Ok(Self {
            av_header,
            filter,
            payload: cursor.rest(),
        })
    }
}
