//! Script tags: metadata, cue points and other events.
//!
//! ```
//! use bytes::Bytes;
//! use weir_flv::script::{Metadata, Script};
//! use weir_flv::{Limits, Tag, TagKind, Timestamp};
//!
//! let mut metadata = Metadata::new();
//! metadata.set("width", 1280.0);
//! metadata.set("title", "demo");
//! let tag = metadata.to_tag(Timestamp::ZERO)?;
//!
//! let script = Script::decode(&tag, &Limits::default())?;
//! assert_eq!(script.name(), "onMetaData");
//! let metadata = Metadata::from_script(script).expect("onMetaData");
//! assert_eq!((metadata.width(), metadata.duration()), (Some(1280.0), None));
//! assert_eq!(metadata.get("title"), "demo");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod color;
mod events;
mod keyframes;
mod layout;
mod metadata;

use weir_amf::{DecodeError, Document, Utf8, Value, amf0};

pub use color::{ColorConfig, ColorInfo, ContentLightLevel, MasteringDisplay};
pub use events::{CuePoint, CuePointKind, TextData};
pub use keyframes::{Keyframe, KeyframeIndex};
pub(crate) use layout::{Layout, encode_index};
pub use metadata::{Metadata, TrackInfo};

use crate::cursor::Cursor;
use crate::{Limits, Tag, TagKind};

/// The values of a script tag: a name, and what it says.
///
/// The `@setDataFrame` that publishers put in front, and OBS also writes into its files, is kept
/// and stepped over.
///
/// FLV 10.1, section E.4.4.
#[derive(Debug, Clone)]
pub struct Script {
    document: Document,
    /// Which value is the name: 1 behind `@setDataFrame`.
    name_index: usize,
}

impl Script {
    /// Reads a script tag of either AMF version.
    ///
    /// Text that is not UTF-8 is read with replacement characters; the count of an ECMA array
    /// is not believed.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are no AMF values or exceed the limits, with the offset
    /// in the body.
    pub fn decode(tag: &Tag, limits: &Limits) -> Result<Self, DecodeError> {
        // Body of an AMF3 tag: a byte that says AMF0, and AMF0.
        let body = match (tag.kind, tag.body.split_first()) {
            (TagKind::SCRIPT_AMF3, Some((0, rest))) => rest,
            _ => &tag.body[..],
        };
        let document = amf0::decode_with(body, &amf_config(limits))?;
        let name_index = usize::from(document.value(0) == SET_DATA_FRAME);
        Ok(Self {
            document,
            name_index,
        })
    }

    /// The name: `onMetaData`, `onCuePoint`, ...; empty when the first value is no string.
    #[must_use]
    pub fn name(&self) -> &str {
        self.document
            .value(self.name_index)
            .as_str()
            .unwrap_or_default()
    }

    /// Whether a publisher asks the server to keep this for those who join later.
    #[must_use]
    pub const fn is_set_data_frame(&self) -> bool {
        self.name_index == 1
    }

    /// The value behind the name.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        self.document.value(self.name_index + 1)
    }

    /// All values, the names included.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The XML of an `onXMPData`.
    #[must_use]
    pub fn xmp(&self) -> Option<&str> {
        if self.name() != "onXMPData" {
            return None;
        }
        self.value().get("liveXML").as_str()
    }

    /// The cue point of an `onCuePoint`.
    #[must_use]
    pub fn cue_point(&self) -> Option<CuePoint<'_>> {
        if self.name() == "onCuePoint" {
            CuePoint::read(self.value())
        } else {
            None
        }
    }

    /// The text of an `onTextData`.
    #[must_use]
    pub fn text_data(&self) -> Option<TextData<'_>> {
        if self.name() == "onTextData" {
            TextData::read(self.value())
        } else {
            None
        }
    }
}

/// Whether a tag is an onMetaData, with or without `@setDataFrame`, by a look at its names.
#[must_use]
pub fn is_metadata(tag: &Tag) -> bool {
    if !tag.kind.is_script() {
        return false;
    }
    let mut cursor = Cursor::new(&tag.body);
    if tag.kind == TagKind::SCRIPT_AMF3 {
        let _ = cursor.u8("format");
    }
    match name(&mut cursor) {
        Some(b"@setDataFrame") => name(&mut cursor) == Some(b"onMetaData"),
        first => first == Some(b"onMetaData"),
    }
}

/// The metadata of a file or publisher as a live stream may carry it: without the length of a
/// file, without `@setDataFrame`. What cannot be read is passed on as it is.
pub(crate) fn for_viewers(tag: &Tag) -> Tag {
    let script = Script::decode(tag, &Limits::default()).ok();
    let edited = script
        .and_then(Metadata::from_script)
        .and_then(|mut metadata| {
            metadata.remove_file_fields();
            metadata.to_tag(tag.timestamp).ok()
        });
    edited.unwrap_or_else(|| tag.clone())
}

fn name<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    if cursor.u8("marker").ok()? != STRING {
        return None;
    }
    let len = cursor.u16("length").ok()?;
    cursor.take(len.into(), "name").ok()
}

fn amf_config(limits: &Limits) -> weir_amf::Config {
    let mut config = weir_amf::Config::default();
    config.limits.max_depth = limits.max_script_depth.into();
    config.limits.max_nodes = limits.max_script_nodes;
    config.utf8 = Utf8::Lossy;
    config
}

pub(crate) const SET_DATA_FRAME: &str = "@setDataFrame";
pub(crate) const ON_METADATA: &str = "onMetaData";
/// AMF0's marker of a string.
const STRING: u8 = 2;
