//! The chunk layer: ids, times, message types and the raw message they belong to.
//!
//! RTMP 1.0, section 5.

mod header;
pub(crate) mod header_bytes;
#[cfg(feature = "std")]
pub(crate) mod prepared;
mod reader;
mod stats;
mod stream;
pub(crate) mod writer;

use core::fmt;

use bytes::Bytes;

#[cfg(feature = "std")]
pub use prepared::PreparedMessage;
pub use reader::ChunkReader;
#[cfg(feature = "std")]
pub(crate) use reader::Step;
pub use stats::ChunkStats;
pub use writer::ChunkWriter;

/// The chunk stream a message travels on: 2 to 65,599.
///
/// Chunk streams are only a way to compress headers and to interleave messages; what a message
/// belongs to is said by its [`MessageStreamId`].
///
/// RTMP 1.0, section 5.3.1.1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkStreamId(u32);

impl ChunkStreamId {
    /// The chunk stream of protocol control messages and user control events.
    pub const CONTROL: Self = Self(2);
    /// The chunk stream on which every client sends its commands.
    pub const COMMAND: Self = Self(3);
    /// The smallest chunk stream id.
    pub const MIN: Self = Self(2);
    /// The greatest chunk stream id, in the three-byte form of the basic header.
    pub const MAX: Self = Self(65_599);

    /// Returns the id, or `None` outside 2 to 65,599.
    pub const fn new(id: u32) -> Option<Self> {
        if Self::MIN.0 <= id && id <= Self::MAX.0 {
            Some(Self(id))
        } else {
            None
        }
    }

    /// Returns the id as a number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for ChunkStreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "csid {}", self.0)
    }
}

impl fmt::Display for ChunkStreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The message stream (`NetStream`) a message belongs to; 0 is the connection itself.
///
/// Little-endian on the wire, the only such field of RTMP. FLV tags and aggregates have room for
/// 24 bits only, so ids that this side gives out stay below 2^24.
///
/// RTMP 1.0, section 5.3.1.2.1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MessageStreamId(u32);

impl MessageStreamId {
    /// The connection itself (`NetConnection`): control messages, connect, calls.
    pub const CONNECTION: Self = Self(0);

    /// Returns the id.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// Returns the id as a number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for MessageStreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "msid {}", self.0)
    }
}

impl fmt::Display for MessageStreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A time on the wire in milliseconds, 32 bits, wrapping after 49.7 days.
///
/// It has no total order; [`Timestamp::since`] and [`Timestamp::is_before`] compare as serial
/// numbers do (the nearer way around the circle).
///
/// RTMP 1.0, section 5.3.1.2.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Timestamp(u32);

impl Timestamp {
    /// Time zero.
    pub const ZERO: Self = Self(0);

    /// Returns the time of `millis` milliseconds.
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds.
    pub const fn as_millis(self) -> u32 {
        self.0
    }

    /// Returns the time `millis` later, modulo 2^32.
    #[must_use]
    pub const fn wrapping_add(self, millis: u32) -> Self {
        Self(self.0.wrapping_add(millis))
    }

    /// Returns the milliseconds from `earlier` to this time, modulo 2^32.
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// Whether this time lies before `other`, at most half the circle away.
    pub const fn is_before(self, other: Self) -> bool {
        self.0.wrapping_sub(other.0) > u32::MAX / 2
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The payload bytes of a chunk in one direction: 1 to 0x7FFF_FFFF, 128 until changed.
///
/// RTMP 1.0, section 5.4.1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ChunkSize(u32);

impl ChunkSize {
    /// One byte.
    pub const MIN: Self = Self(1);
    /// What both directions begin with.
    pub const DEFAULT: Self = Self(128);
    /// The greatest size that makes a difference, since no message is longer.
    pub const MAX_USEFUL: Self = Self(0xFF_FFFF);

    /// Returns the size, or `None` for 0 and for numbers with the top bit set.
    pub const fn new(size: u32) -> Option<Self> {
        if 0 < size && size <= 0x7FFF_FFFF {
            Some(Self(size))
        } else {
            None
        }
    }

    /// Returns the size in bytes.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for ChunkSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

macro_rules! message_types {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        /// What a message is: an open registry, unknown numbers survive.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct MessageType(u8);

        impl MessageType {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// Returns the type with this number.
            pub const fn new(number: u8) -> Self {
                Self(number)
            }

            /// Returns the number on the wire.
            pub const fn get(self) -> u8 {
                self.0
            }

            const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

message_types! {
    /// The sender's chunks have a new size from here on. RTMP 1.0, section 5.4.1.
    SET_CHUNK_SIZE = 1;
    /// The unfinished message of a chunk stream will not be finished. RTMP 1.0, section 5.4.2.
    ABORT = 2;
    /// How many bytes arrived so far. RTMP 1.0, section 5.4.3.
    ACKNOWLEDGEMENT = 3;
    /// Stream begin, end, dry, buffer length, ping, pong. RTMP 1.0, section 6.2.
    USER_CONTROL = 4;
    /// After how many bytes the sender wants an acknowledgement. RTMP 1.0, section 5.4.4.
    WINDOW_ACK_SIZE = 5;
    /// How many bytes the peer may send unacknowledged. RTMP 1.0, section 5.4.5.
    SET_PEER_BANDWIDTH = 6;
    /// One audio frame. RTMP 1.0, section 7.1.4.
    AUDIO = 8;
    /// One video frame. RTMP 1.0, section 7.1.5.
    VIDEO = 9;
    /// Data such as `onMetaData`, with AMF3 values allowed. RTMP 1.0, section 7.1.2.
    DATA_AMF3 = 15;
    /// Events of a shared object, with AMF3 values allowed. RTMP 1.0, section 7.1.3.
    SHARED_OBJECT_AMF3 = 16;
    /// A command, with AMF3 values allowed. RTMP 1.0, section 7.1.1.
    COMMAND_AMF3 = 17;
    /// Data such as `onMetaData`. RTMP 1.0, section 7.1.2.
    DATA_AMF0 = 18;
    /// Events of a shared object. RTMP 1.0, section 7.1.3.
    SHARED_OBJECT_AMF0 = 19;
    /// A command: `connect`, `publish`, `_result` and so on. RTMP 1.0, section 7.1.1.
    COMMAND_AMF0 = 20;
    /// Several audio, video and data messages in one. RTMP 1.0, section 7.1.6.
    AGGREGATE = 22;
}

impl fmt::Debug for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "MessageType({})", self.0),
        }
    }
}

/// One message as the chunk layer sees it: a header and opaque bytes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The chunk stream it came or goes on.
    pub chunk_stream: ChunkStreamId,
    /// The message stream it belongs to.
    pub stream: MessageStreamId,
    /// Its absolute time.
    pub timestamp: Timestamp,
    /// What the payload is.
    pub message_type: MessageType,
    /// The body, at most 2^24 - 1 bytes; may be empty for every type.
    pub payload: Bytes,
}

impl Message {
    /// Returns a message of these parts.
    pub const fn new(
        message_type: MessageType,
        payload: Bytes,
        chunk_stream: ChunkStreamId,
        stream: MessageStreamId,
        timestamp: Timestamp,
    ) -> Self {
        Self {
            chunk_stream,
            stream,
            timestamp,
            message_type,
            payload,
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("message_type", &self.message_type)
            .field("timestamp", &self.timestamp)
            .field("chunk_stream", &self.chunk_stream)
            .field("stream", &self.stream)
            .field("len", &self.payload.len())
            .field("payload", &self.payload.slice(..self.payload.len().min(32)))
            .finish()
    }
}
