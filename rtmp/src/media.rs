//! Audio, video and data as they travel in messages.

use bytes::Bytes;

use crate::chunk::{Message, MessageType, Timestamp};

/// One audio, video or data message without its stream: the unit of relaying.
///
/// The payload is opaque here; for audio and video it is the body of an FLV tag, which weir-flv
/// reads.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "what a media message consists of"
)]
pub struct MediaPacket {
    /// What the payload is.
    pub kind: MediaKind,
    /// When it is to be shown, in ms, as on the wire.
    pub timestamp: Timestamp,
    /// The body of the message; empty bodies mean silence or the end of a stream.
    pub payload: Bytes,
}

/// What a [`MediaPacket`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by RTMP 1.0, section 7.1")]
pub enum MediaKind {
    /// Audio, type 8.
    Audio,
    /// Video, type 9.
    Video,
    /// AMF0 data such as `onMetaData`, type 18.
    Data,
}

impl MediaKind {
    /// The type of message that carries this.
    pub const fn message_type(self) -> MessageType {
        match self {
            Self::Audio => MessageType::AUDIO,
            Self::Video => MessageType::VIDEO,
            Self::Data => MessageType::DATA_AMF0,
        }
    }
}

impl MediaPacket {
    /// Makes a packet.
    pub const fn new(kind: MediaKind, timestamp: Timestamp, payload: Bytes) -> Self {
        Self {
            kind,
            timestamp,
            payload,
        }
    }

    /// Takes audio and video messages.
    ///
    /// # Errors
    /// Gives messages of other types back.
    pub fn from_message(message: Message) -> Result<Self, Message> {
        let kind = match message.message_type {
            MessageType::AUDIO => MediaKind::Audio,
            MessageType::VIDEO => MediaKind::Video,
            _ => return Err(message),
        };
        Ok(Self {
            kind,
            timestamp: message.timestamp,
            payload: message.payload,
        })
    }
}

/// Prints the length and at most 32 bytes of the payload.
impl core::fmt::Debug for MediaPacket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let shown = self.payload.get(..32).unwrap_or(&self.payload);
        f.debug_struct("MediaPacket")
            .field("kind", &self.kind)
            .field("timestamp", &self.timestamp)
            .field("len", &self.payload.len())
            .field("payload", &format_args!("{}", shown.escape_ascii()))
            .finish()
    }
}
