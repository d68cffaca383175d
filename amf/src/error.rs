//! What can go wrong, split by whose fault it is.

use bytes::Bytes;
use thiserror::Error;

use crate::format::Format;
use crate::kind::Kind;

/// Why bytes could not be decoded.
///
/// Every error names the byte offset at which it was noticed, counted from the start of the input
/// that was given to the reader.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes break the specification.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The bytes ask for more than [`Limits`](crate::Limits) allow.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

impl DecodeError {
    /// Returns the offset in the input, in bytes, at which the error was noticed.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::Malformed(malformed) => malformed.offset(),
            Self::LimitExceeded(limit) => limit.offset(),
        }
    }

    /// Returns the short name of the kind of error: `eof`, `len`, `marker`, `utf8`, `badref`,
    /// `badstrref`, `badtraitref`, `externalizable`, `depth` or `limit`.
    ///
    /// ```
    /// let error = weir_amf::amf0::decode(&[0x02, 0x00, 0x04, b't']).unwrap_err();
    /// assert_eq!((error.kind(), error.offset()), ("eof", 3));
    /// ```
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.kind(),
            Self::LimitExceeded(limit) => limit.kind(),
        }
    }

    /// Tells whether the input ended early: the same bytes with more behind them may be valid.
    #[must_use]
    pub const fn is_eof(&self) -> bool {
        matches!(
            self,
            Self::Malformed(Malformed::Eof { .. } | Malformed::Members { .. })
        )
    }
}

/// The bytes break the specification.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The input ends inside a value.
    #[error("{needed} bytes needed at offset {offset}, {left} left")]
    Eof {
        /// Where the missing bytes should begin; for a count of elements, where it was announced.
        offset: usize,
        /// How many bytes are needed from there, at least.
        needed: u64,
        /// How many are left.
        left: usize,
    },
    /// More sealed members are announced than bytes are left.
    #[error("{count} sealed members announced at offset {offset}, {left} bytes left")]
    Members {
        /// Where the names of the members should begin.
        offset: usize,
        /// How many were announced.
        count: u32,
        /// How many bytes are left.
        left: usize,
    },
    /// No value begins with this byte, or none may here.
    #[error("{format} marker {marker:#04x} at offset {offset} begins no value")]
    Marker {
        /// Where the marker stands.
        offset: usize,
        /// The marker.
        marker: u8,
        /// The format that was being read.
        format: Format,
    },
    /// A text is not UTF-8.
    #[error("text at offset {offset} is not valid UTF-8")]
    Utf8 {
        /// Where the text begins, behind its length.
        offset: usize,
    },
    /// A reference names an object that has not begun yet.
    #[error("reference to object {index} at offset {offset}, the table holds {len}")]
    Reference {
        /// Where the reference stands.
        offset: usize,
        /// The slot it names.
        index: u32,
        /// How many slots are taken.
        len: u32,
    },
    /// An AMF3 reference carries the marker of another type than the object it names.
    #[error("reference to object {index} at offset {offset} has the marker of another type")]
    ReferenceType {
        /// Where the reference stands.
        offset: usize,
        /// The slot it names.
        index: u32,
    },
    /// An AMF3 reference names a string that was not sent.
    #[error("reference to string {index} at offset {offset}, the table holds {len}")]
    StringReference {
        /// Where the reference stands.
        offset: usize,
        /// The entry it names.
        index: u32,
        /// How many strings were sent.
        len: u32,
    },
    /// An AMF3 reference names traits that were not sent.
    #[error("reference to traits {index} at offset {offset}, the table holds {len}")]
    TraitsReference {
        /// Where the reference stands.
        offset: usize,
        /// The entry it names.
        index: u32,
        /// How many traits were sent.
        len: u32,
    },
    /// The class writes its own body and no format for it is registered, so its length is unknown.
    #[error("externalizable class \"{}\" at offset {offset} is not registered", class.escape_ascii())]
    Externalizable {
        /// Where the object's header stands.
        offset: usize,
        /// The first 128 bytes of the class name.
        class: Bytes,
    },
    /// The first bytes of a `.sol` file are not what every such file begins with.
    #[error("not a .sol file: its fixed bytes differ at offset {offset}")]
    SolSignature {
        /// Where the file differs.
        offset: usize,
    },
    /// A `.sol` file names an AMF version other than 0 and 3.
    #[error("a .sol file of AMF version {version} at offset {offset}")]
    SolVersion {
        /// Where the version stands.
        offset: usize,
        /// The version.
        version: u32,
    },
}

impl Malformed {
    const fn offset(&self) -> usize {
        match self {
            Self::Eof { offset, .. }
            | Self::Members { offset, .. }
            | Self::Marker { offset, .. }
            | Self::Utf8 { offset }
            | Self::Reference { offset, .. }
            | Self::ReferenceType { offset, .. }
            | Self::StringReference { offset, .. }
            | Self::TraitsReference { offset, .. }
            | Self::Externalizable { offset, .. }
            | Self::SolSignature { offset }
            | Self::SolVersion { offset, .. } => *offset,
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Eof { .. } => "eof",
            Self::Members { .. } => "len",
            Self::Marker { .. } | Self::SolSignature { .. } | Self::SolVersion { .. } => "marker",
            Self::Utf8 { .. } => "utf8",
            Self::Reference { .. } | Self::ReferenceType { .. } => "badref",
            Self::StringReference { .. } => "badstrref",
            Self::TraitsReference { .. } => "badtraitref",
            Self::Externalizable { .. } => "externalizable",
        }
    }
}

/// The bytes ask for more than [`Limits`](crate::Limits) allow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// Containers are nested deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    #[error("container at offset {offset} is nested deeper than {limit} levels")]
    Depth {
        /// Where the container begins; inside a dictionary, where its pair begins.
        offset: usize,
        /// The limit.
        limit: u32,
    },
    /// A container announces more than [`Limits::max_elements`](crate::Limits::max_elements).
    #[error("{count} elements announced at offset {offset}, the limit is {limit}")]
    Elements {
        /// Where the elements should begin; for an AMF0 array, its marker.
        offset: usize,
        /// How many were announced.
        count: u64,
        /// The limit.
        limit: u32,
    },
    /// A document would need more than [`Limits::max_nodes`](crate::Limits::max_nodes).
    #[error("value at offset {offset} is one too many, the limit is {limit} nodes")]
    Nodes {
        /// Where the first value too many begins.
        offset: usize,
        /// The limit.
        limit: u32,
    },
    /// More than [`Limits::max_references`](crate::Limits::max_references) can be referred to.
    #[error("table entry at offset {offset} is one too many, the limit is {limit} references")]
    References {
        /// Where the entry begins.
        offset: usize,
        /// The limit.
        limit: u32,
    },
    /// The input is longer than [`Limits::max_bytes`](crate::Limits::max_bytes).
    #[error("input of {len} bytes, the limit is {limit}")]
    Bytes {
        /// The length of the input.
        len: usize,
        /// The limit.
        limit: u32,
    },
}

impl LimitExceeded {
    const fn offset(&self) -> usize {
        match self {
            Self::Depth { offset, .. }
            | Self::Elements { offset, .. }
            | Self::Nodes { offset, .. }
            | Self::References { offset, .. } => *offset,
            Self::Bytes { .. } => 0,
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Depth { .. } => "depth",
            Self::Elements { .. } => "len",
            Self::Nodes { .. } | Self::References { .. } | Self::Bytes { .. } => "limit",
        }
    }
}

/// Why a value could not be encoded. Never caused by a peer's bytes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A property or class name is longer than its length field can say.
    #[error("name of {len} bytes, {format} allows {max}")]
    NameTooLong {
        /// The length in bytes.
        len: usize,
        /// The longest that can be written.
        max: usize,
        /// The format that was being written.
        format: Format,
    },
    /// A text, byte array or count is larger than its length field can say.
    #[error("length of {len}, {format} allows {max}")]
    TooLong {
        /// The length: bytes of a text or byte array, elements of a container.
        len: usize,
        /// The largest that can be written.
        max: usize,
        /// The format that was being written.
        format: Format,
    },
    /// A value of this kind does not exist in the format.
    #[error("{format} has no {kind}")]
    NoSuchKind {
        /// The kind of the value.
        kind: Kind,
        /// The format that was being written.
        format: Format,
    },
    /// A dynamic property or associative key is empty, which AMF3 reads as the end of the object.
    #[error("an AMF3 property that is not sealed cannot have an empty name")]
    EmptyName,
    /// More values would be written again in the place of references than
    /// [`EncodeConfig::max_repeated`](crate::EncodeConfig::max_repeated).
    #[error("{count} values written again in the place of references, the limit is {limit}")]
    TooManyRepeated {
        /// How many, with the last.
        count: u32,
        /// The limit.
        limit: u32,
    },
    /// A container refers to itself and cannot be written without a reference.
    #[error("a value contains itself and its reference cannot be written")]
    Cycle,
}
