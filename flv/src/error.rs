//! What can be wrong with bytes (the peer's or the file's fault), and with a call (ours).

/// Bytes that break their format; the offset counts from the start of the slice that was parsed.
///
/// A malformed body or record costs that body or record only: framing goes on behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The bytes end inside a field.
    #[error("{what} at byte {offset} wants {wanted} bytes, {left} are left")]
    Short {
        /// The field, in the words of its specification.
        what: &'static str,
        /// Where the field begins.
        offset: usize,
        /// How many bytes it takes.
        wanted: usize,
        /// How many are there.
        left: usize,
    },
    /// A field holds a value its format does not allow.
    #[error("{what} at byte {offset} is {got}, allowed is {allowed}")]
    Value {
        /// The field, in the words of its specification.
        what: &'static str,
        /// Where the field begins.
        offset: usize,
        /// What it holds.
        got: u64,
        /// What it may hold.
        allowed: &'static str,
    },
}

/// Packets that the form asked for cannot carry. Never caused by input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Packets of one body differ in something that a body says once.
    #[error("the packets of one body differ in {what}")]
    Mixed {
        /// What they differ in.
        what: &'static str,
    },
    /// The header form has no place for something the packet has.
    #[error("a {form} body cannot carry {what}")]
    NoPlace {
        /// The header form.
        form: &'static str,
        /// What has no place.
        what: &'static str,
    },
    /// A number does not fit its field.
    #[error("{what} of {got}, the field holds {allowed}")]
    Range {
        /// The field.
        what: &'static str,
        /// The number.
        got: i64,
        /// What fits.
        allowed: &'static str,
    },
}

/// An input that asks for more than [`Limits`](crate::Limits) allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} of {got}, the limit is {limit}")]
#[non_exhaustive]
pub struct LimitExceeded {
    /// What was counted, with its unit.
    pub what: &'static str,
    /// How much was asked for.
    pub got: u64,
    /// How much is allowed.
    pub limit: u64,
}

/// Why a [`Demuxer`](crate::file::Demuxer) gave up; the same value is returned from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DemuxError {
    /// The input does not begin with an FLV header.
    #[error("no FLV header at byte {offset}, it begins with {got:02x?}")]
    NotFlv {
        /// Position in the input.
        offset: u64,
        /// The three bytes found there.
        got: [u8; 3],
    },
    /// Where a tag has to begin there is something else.
    #[error("no tag at byte {offset}, its first byte is {got:#04x}")]
    NotATag {
        /// Position in the input.
        offset: u64,
        /// The byte found there.
        got: u8,
    },
    /// A deviation from the specification (strict mode only).
    #[error("{warning} at byte {offset}")]
    Deviation {
        /// Position in the input.
        offset: u64,
        /// What deviates; the other modes report it as a warning.
        warning: Warning,
    },
    /// The input ended inside the header or a tag (strict mode only).
    #[error("the input ends {left} bytes into what begins at byte {offset}")]
    Truncated {
        /// Position of the torn header or tag in the input.
        offset: u64,
        /// How many of its bytes are there.
        left: u64,
    },
    /// A tag is longer than the limits allow.
    #[error("tag at byte {offset}: {exceeded}")]
    Limit {
        /// Position of the tag in the input.
        offset: u64,
        /// Which limit.
        exceeded: LimitExceeded,
    },
}

/// A deviation from the specification that reading went on behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// A file version other than 1.
    #[error("file version {got} instead of 1")]
    Version {
        /// The version.
        got: u8,
    },
    /// Flags other than audio and video.
    #[error("header flags {got:#04x} with reserved bits")]
    ReservedFlags {
        /// All flags.
        got: u8,
    },
    /// A PreviousTagSize0 other than 0.
    #[error("first PreviousTagSize of {got} instead of 0")]
    PreviousTagSize0 {
        /// The value.
        got: u32,
    },
    /// A PreviousTagSize that does not fit the tag in front of it.
    #[error("PreviousTagSize of {got} behind a tag of {expected} bytes")]
    PreviousTagSize {
        /// The value.
        got: u32,
        /// The length of the tag, header included.
        expected: u32,
    },
    /// A tag type that is not defined. The tag is delivered.
    #[error("tag type {got}")]
    UnknownTagType {
        /// The type.
        got: u8,
    },
    /// Reserved bits in the first byte of a tag.
    #[error("reserved tag bits {got}")]
    ReservedTagBits {
        /// The two bits.
        got: u8,
    },
    /// A StreamID other than 0.
    #[error("tag stream id {got} instead of 0")]
    StreamId {
        /// The id.
        got: u32,
    },
    /// A second file header: another file was appended to this one.
    #[error("second file header")]
    SecondHeader,
}
