//! Protocol control messages: types 1, 2, 3, 5 and 6.

use alloc::vec::Vec;

use bytes::{Buf, Bytes};

use super::DecodeError;
use crate::chunk::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp};

/// A protocol control message.
///
/// ```
/// use weir_rtmp::message::{BandwidthLimit, Control};
///
/// let control = Control::SetPeerBandwidth { window: 2_500_000, limit: BandwidthLimit::Dynamic };
/// let message = control.to_message();
/// assert_eq!(message.payload, [0x00, 0x26, 0x25, 0xA0, 2][..]);
/// assert_eq!(Control::decode(message.message_type, &message.payload)?, Some(control));
/// # Ok::<(), weir_rtmp::message::DecodeError>(())
/// ```
///
/// RTMP 1.0, section 5.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by RTMP 1.0, section 5.4")]
pub enum Control {
    /// The chunks of the sender have this many bytes of payload from now on; the raw number, which
    /// may be out of range. RTMP 1.0, section 5.4.1.
    SetChunkSize(u32),
    /// The unfinished message on this chunk stream will not be finished. RTMP 1.0, section 5.4.2.
    Abort(u32),
    /// How many bytes the sender has received so far, modulo 2^32. Peers differ on whether the
    /// handshake counts. RTMP 1.0, section 5.4.3.
    Acknowledgement(u32),
    /// The sender wants an acknowledgement after this many bytes. RTMP 1.0, section 5.4.4.
    WindowAckSize(u32),
    /// The receiver should send no more than this unacknowledged. RTMP 1.0, section 5.4.5.
    SetPeerBandwidth {
        /// Bytes.
        window: u32,
        /// How the number joins with an earlier one.
        limit: BandwidthLimit,
    },
}

/// How a `SetPeerBandwidth` joins with the window that is in force.
///
/// RTMP 1.0, section 5.4.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by RTMP 1.0, section 5.4.5")]
pub enum BandwidthLimit {
    /// The new window holds.
    Hard,
    /// The smaller window holds.
    Soft,
    /// Hard if the last one was hard, else ignored. Also what unknown numbers are taken for.
    Dynamic,
}

impl Control {
    /// Reads the payload of a control message; `None` if the type is not one of them.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] if bytes are missing. More bytes than expected are ignored.
    pub fn decode(
        message_type: MessageType,
        mut payload: &[u8],
    ) -> Result<Option<Self>, DecodeError> {
        let make: fn(u32) -> Self = match message_type {
            MessageType::SET_CHUNK_SIZE => Self::SetChunkSize,
            MessageType::ABORT => Self::Abort,
            MessageType::ACKNOWLEDGEMENT => Self::Acknowledgement,
            MessageType::WINDOW_ACK_SIZE => Self::WindowAckSize,
            MessageType::SET_PEER_BANDWIDTH => |window| Self::SetPeerBandwidth {
                window,
                limit: BandwidthLimit::Dynamic,
            },
            _ => return Ok(None),
        };
        let got = payload.len();
        let number = payload.try_get_u32().map_err(|_| DecodeError::TooShort {
            message_type,
            expected: 4,
            got,
        })?;
        let mut control = make(number);
        if let Self::SetPeerBandwidth { limit, .. } = &mut control {
            // Some peers leave the byte out; dynamic is what most send.
            *limit = match payload.first() {
                Some(0) => BandwidthLimit::Hard,
                Some(1) => BandwidthLimit::Soft,
                _ => BandwidthLimit::Dynamic,
            };
        }
        Ok(Some(control))
    }

    /// The payload of the message.
    pub fn encode(self) -> Bytes {
        let (Self::SetChunkSize(number)
        | Self::Abort(number)
        | Self::Acknowledgement(number)
        | Self::WindowAckSize(number)
        | Self::SetPeerBandwidth { window: number, .. }) = self;
        let mut payload = Vec::with_capacity(5);
        payload.extend_from_slice(&number.to_be_bytes());
        if let Self::SetPeerBandwidth { limit, .. } = self {
            payload.push(match limit {
                BandwidthLimit::Hard => 0,
                BandwidthLimit::Soft => 1,
                BandwidthLimit::Dynamic => 2,
            });
        }
        payload.into()
    }

    /// The type of the message.
    pub const fn message_type(self) -> MessageType {
        match self {
            Self::SetChunkSize(_) => MessageType::SET_CHUNK_SIZE,
            Self::Abort(_) => MessageType::ABORT,
            Self::Acknowledgement(_) => MessageType::ACKNOWLEDGEMENT,
            Self::WindowAckSize(_) => MessageType::WINDOW_ACK_SIZE,
            Self::SetPeerBandwidth { .. } => MessageType::SET_PEER_BANDWIDTH,
        }
    }

    /// The message, on the chunk stream and message stream that control messages have to use.
    pub fn to_message(self) -> Message {
        let (chunk_stream, stream) = (ChunkStreamId::CONTROL, MessageStreamId::CONNECTION);
        Message::new(
            self.message_type(),
            self.encode(),
            chunk_stream,
            stream,
            Timestamp::ZERO,
        )
    }
}
