//! Events in the middle of a stream.

use weir_amf::Value;

/// An `onCuePoint`: a named point of the stream.
///
/// FLV 10.1, section E.5.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CuePoint<'d> {
    /// Its name.
    pub name: &'d str,
    /// When, in seconds.
    pub time: f64,
    /// What it is for.
    pub kind: CuePointKind<'d>,
    /// Properties of the author's own; may be missing.
    pub parameters: Value<'d>,
}

/// What a cue point is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CuePointKind<'d> {
    /// A key frame to seek to.
    Navigation,
    /// Something for the player's script.
    Event,
    /// Any other text.
    Other(&'d str),
}

impl<'d> CuePoint<'d> {
    /// Reads the value behind the name; `None` without a name and a time.
    #[must_use]
    pub fn read(value: Value<'d>) -> Option<Self> {
        Some(Self {
            name: value.get("name").as_str()?,
            time: value.get("time").as_f64()?,
            kind: match value.get("type").as_str().unwrap_or_default() {
                "navigation" => CuePointKind::Navigation,
                "event" => CuePointKind::Event,
                other => CuePointKind::Other(other),
            },
            parameters: value.get("parameters"),
        })
    }
}

/// An `onTextData`: a line of text at the time of its tag.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TextData<'d> {
    /// The text.
    pub text: &'d str,
    /// The language, when it is said.
    pub language: Option<&'d str>,
    /// The track, when it is said.
    pub track: Option<u32>,
}

impl<'d> TextData<'d> {
    /// Reads the value behind the name; `None` without a text.
    #[must_use]
    pub fn read(value: Value<'d>) -> Option<Self> {
        Some(Self {
            text: value.get("text").as_str()?,
            language: value.get("language").as_str(),
            track: value.get("trackid").as_u32(),
        })
    }
}
