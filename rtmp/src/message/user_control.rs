//! User control events: message type 4.

use alloc::vec::Vec;

use bytes::{Buf, Bytes};

use super::DecodeError;
use crate::chunk::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp};

/// A user control event.
///
/// ```
/// use weir_rtmp::message::UserControl;
/// use weir_rtmp::chunk::MessageStreamId;
///
/// let event = UserControl::StreamBegin(MessageStreamId::new(1));
/// assert_eq!(event.encode(), [0, 0, 0, 0, 0, 1][..]);
/// ```
///
/// RTMP 1.0, section 7.1.7.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserControl {
    /// 0: the stream is of use from here on.
    StreamBegin(MessageStreamId),
    /// 1: what was played is over.
    StreamEof(MessageStreamId),
    /// 2: there are no data for the stream at the moment.
    StreamDry(MessageStreamId),
    /// 3: how much the client buffers.
    SetBufferLength {
        /// The stream, 0 before there is one (librtmp).
        stream: MessageStreamId,
        /// Milliseconds.
        millis: u32,
    },
    /// 4: what is played is a recording.
    StreamIsRecorded(MessageStreamId),
    /// 6: the receiver sends the same bytes back, normally a time in 4 bytes.
    PingRequest(Bytes),
    /// 7: the answer to a ping, with its bytes.
    PingResponse(Bytes),
    /// 26: the server wants to know which SWF file is running.
    SwfVerifyRequest(Bytes),
    /// 27: the answer, 42 bytes.
    SwfVerifyResponse(Bytes),
    /// 31: the player's buffer for the stream has run empty.
    BufferEmpty(MessageStreamId),
    /// 32: the player's buffer for the stream is filled.
    BufferReady(MessageStreamId),
    /// Any other event.
    Unknown {
        /// Its number.
        event: u16,
        /// What stands behind the number.
        data: Bytes,
    },
}

impl UserControl {
    /// Reads the payload of a user control message.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] if bytes are missing. More bytes than expected are ignored.
    pub fn decode(payload: &Bytes) -> Result<Self, DecodeError> {
        let mut data = payload.clone();
        let too_short = |expected| DecodeError::TooShort {
            message_type: MessageType::USER_CONTROL,
            expected,
            got: payload.len(),
        };
        let event = data.try_get_u16().map_err(|_| too_short(2))?;
        let make: fn(MessageStreamId) -> Self = match event {
            STREAM_BEGIN => Self::StreamBegin,
            STREAM_EOF => Self::StreamEof,
            STREAM_DRY => Self::StreamDry,
            STREAM_IS_RECORDED => Self::StreamIsRecorded,
            BUFFER_EMPTY => Self::BufferEmpty,
            BUFFER_READY => Self::BufferReady,
            SET_BUFFER_LENGTH => {
                let (stream, millis) = (data.try_get_u32(), data.try_get_u32());
                let (Ok(stream), Ok(millis)) = (stream, millis) else {
                    return Err(too_short(10));
                };
                return Ok(Self::SetBufferLength {
                    stream: MessageStreamId::new(stream),
                    millis,
                });
            }
            PING_REQUEST => return Ok(Self::PingRequest(data)),
            PING_RESPONSE => return Ok(Self::PingResponse(data)),
            SWF_VERIFY_REQUEST => return Ok(Self::SwfVerifyRequest(data)),
            SWF_VERIFY_RESPONSE => return Ok(Self::SwfVerifyResponse(data)),
            event => return Ok(Self::Unknown { event, data }),
        };
        let stream = data.try_get_u32().map_err(|_| too_short(6))?;
        Ok(make(MessageStreamId::new(stream)))
    }

    /// The payload of the message.
    pub fn encode(&self) -> Bytes {
        let (event, numbers, data): (u16, [Option<u32>; 2], &[u8]) = match self {
            Self::StreamBegin(stream) => (STREAM_BEGIN, [Some(stream.get()), None], &[]),
            Self::StreamEof(stream) => (STREAM_EOF, [Some(stream.get()), None], &[]),
            Self::StreamDry(stream) => (STREAM_DRY, [Some(stream.get()), None], &[]),
            Self::SetBufferLength { stream, millis } => {
                (SET_BUFFER_LENGTH, [Some(stream.get()), Some(*millis)], &[])
            }
            Self::StreamIsRecorded(stream) => (STREAM_IS_RECORDED, [Some(stream.get()), None], &[]),
            Self::BufferEmpty(stream) => (BUFFER_EMPTY, [Some(stream.get()), None], &[]),
            Self::BufferReady(stream) => (BUFFER_READY, [Some(stream.get()), None], &[]),
            Self::PingRequest(data) => (PING_REQUEST, [None; 2], data),
            Self::PingResponse(data) => (PING_RESPONSE, [None; 2], data),
            Self::SwfVerifyRequest(data) => (SWF_VERIFY_REQUEST, [None; 2], data),
            Self::SwfVerifyResponse(data) => (SWF_VERIFY_RESPONSE, [None; 2], data),
            Self::Unknown { event, data } => (*event, [None; 2], data),
        };
        let mut payload = Vec::with_capacity(10 + data.len());
        payload.extend_from_slice(&event.to_be_bytes());
        for number in numbers.into_iter().flatten() {
            payload.extend_from_slice(&number.to_be_bytes());
        }
        payload.extend_from_slice(data);
        payload.into()
    }

    /// The message, on the chunk stream and message stream that user control events have to use.
    pub fn to_message(&self) -> Message {
        let (chunk_stream, stream) = (ChunkStreamId::CONTROL, MessageStreamId::CONNECTION);
        let payload = self.encode();
        Message::new(
            MessageType::USER_CONTROL,
            payload,
            chunk_stream,
            stream,
            Timestamp::ZERO,
        )
    }
}

const STREAM_BEGIN: u16 = 0;
const STREAM_EOF: u16 = 1;
const STREAM_DRY: u16 = 2;
const SET_BUFFER_LENGTH: u16 = 3;
const STREAM_IS_RECORDED: u16 = 4;
const PING_REQUEST: u16 = 6;
const PING_RESPONSE: u16 = 7;
const SWF_VERIFY_REQUEST: u16 = 26;
const SWF_VERIFY_RESPONSE: u16 = 27;
const BUFFER_EMPTY: u16 = 31;
const BUFFER_READY: u16 = 32;
