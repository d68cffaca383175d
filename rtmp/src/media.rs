//! Audio, video and data as they travel in messages.

use bytes::Bytes;
#[cfg(feature = "std")]
use weir_flv::body;
use weir_flv::{Tag, TagKind};

#[cfg(feature = "std")]
use crate::chunk::MessageStreamId;
use crate::chunk::{Message, MessageType, Timestamp};
#[cfg(feature = "std")]
use crate::send_queue::Class;

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

    /// The message, on the chunk stream that the sessions use for its kind.
    ///
    /// ```
    /// use weir_rtmp::{MediaKind, MediaPacket};
    /// use weir_rtmp::chunk::{ChunkSize, MessageStreamId, PreparedMessage, Timestamp};
    ///
    /// let packet = MediaPacket::new(MediaKind::Audio, Timestamp::ZERO, vec![0xaf, 1, 0x21].into());
    /// // One message for all players: each has it sent on a stream and at a time of its own.
    /// let message = packet.to_message(MessageStreamId::new(1));
    /// let prepared = PreparedMessage::new(message, ChunkSize::new(65_536).expect("in range"))?;
    /// assert_eq!(prepared.message().payload, packet.payload);
    /// # Ok::<(), weir_rtmp::EncodeError>(())
    /// ```
    #[cfg(feature = "std")]
    #[must_use]
    pub fn to_message(&self, stream: MessageStreamId) -> Message {
        let chunk_stream = crate::media_chunk_stream(self.kind);
        let message_type = self.kind.message_type();
        Message::new(
            message_type,
            self.payload.clone(),
            chunk_stream,
            stream,
            self.timestamp,
        )
    }

    /// What may happen to the message while it waits to be sent to a player that is behind.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn class(&self) -> Class {
        match (body::classify(self.kind.into(), &self.payload), self.kind) {
            (body::Class::KeyFrame, _) => Class::Keyframe,
            (body::Class::Frame, MediaKind::Video) => Class::Interframe,
            (body::Class::Frame, _) => Class::Audio,
            (body::Class::Disposable, _) => Class::Disposable,
            _ => Class::Essential,
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

impl From<MediaKind> for TagKind {
    fn from(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Audio => Self::AUDIO,
            MediaKind::Video => Self::VIDEO,
            MediaKind::Data => Self::SCRIPT,
        }
    }
}

/// The payload is shared.
impl From<MediaPacket> for Tag {
    fn from(packet: MediaPacket) -> Self {
        let timestamp = weir_flv::Timestamp::from_millis(packet.timestamp.as_millis());
        Self::new(packet.kind.into(), timestamp, packet.payload)
    }
}

/// The body is shared. What is neither audio nor video is data.
impl From<Tag> for MediaPacket {
    fn from(tag: Tag) -> Self {
        let kind = match tag.kind {
            TagKind::AUDIO => MediaKind::Audio,
            TagKind::VIDEO => MediaKind::Video,
            _ => MediaKind::Data,
        };
        Self::new(
            kind,
            Timestamp::from_millis(tag.timestamp.as_millis()),
            tag.body,
        )
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
