//! Script tags.

use crate::cursor::Cursor;
use crate::{Tag, TagKind};

/// Whether a tag is an onMetaData, with or without the `@setDataFrame` of publishers in front.
#[must_use]
pub fn is_metadata(tag: &Tag) -> bool {
    let mut cursor = Cursor::new(&tag.body);
    if tag.kind == TagKind::SCRIPT_AMF3 {
        // An AMF3 message begins with the format of what follows: AMF0.
        let _ = cursor.u8("format");
    }
    match name(&mut cursor) {
        Some(b"@setDataFrame") => name(&mut cursor) == Some(b"onMetaData"),
        first => first == Some(b"onMetaData"),
    }
}

fn name<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    if cursor.u8("marker").ok()? != STRING {
        return None;
    }
    let len = cursor.u16("length").ok()?;
    cursor.take(len.into(), "name").ok()
}

/// The metadata of a file as a live stream may carry it.
pub(crate) fn without_file_length(tag: &Tag) -> Tag {
    tag.clone()
}

/// AMF0's marker of a string.
const STRING: u8 = 2;
