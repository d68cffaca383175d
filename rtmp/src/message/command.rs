//! Commands: message types 20 (AMF0) and 17 (AMF3).

use core::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use weir_amf::Reader;

use super::{DecodeError, Values};
use crate::{
    Name,
    chunk::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp},
};

/// A command: a call that may be answered, or an answer.
///
/// ```
/// use weir_rtmp::{Name, message::Command};
///
/// let payload = b"\x02\x00\x0ccreateStream\x00\x40\0\0\0\0\0\0\0\x05";
/// let command = Command::decode(&payload[..].into())?;
/// assert_eq!(command.name, Name::CREATE_STREAM);
/// assert_eq!(command.transaction.get(), 2.0);
/// assert_eq!(command.args.as_bytes(), &[5][..]);
/// assert_eq!(command.encode(), payload[..]);
/// # Ok::<(), weir_rtmp::message::DecodeError>(())
/// ```
///
/// RTMP 1.0, section 7.1.1.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Command {
    /// What is called, or `_result` and the like.
    pub name: Name,
    /// Which call this is, or which it answers; [`TransactionId::NONE`] if no answer is wanted.
    ///
    /// Also that if the peer leaves it out, as some do in `onFCPublish`.
    pub transaction: TransactionId,
    /// The values behind the transaction id; the first is the "command object", mostly null.
    pub args: Values,
    /// Whether the message is of type 17, in which values may be AMF3.
    pub amf3: bool,
}

/// The number that joins a call with its answer.
///
/// RTMP 1.0, section 7.1.1.
#[derive(Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct TransactionId(f64);

impl TransactionId {
    /// No answer is wanted.
    pub const NONE: Self = Self(0.0);
    /// What `connect` has to have.
    pub const CONNECT: Self = Self(1.0);

    /// Makes an id.
    pub const fn new(id: f64) -> Self {
        Self(id)
    }

    /// The number on the wire; nothing keeps a peer from fractions.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Whether the sender waits for an answer.
    pub fn wants_answer(self) -> bool {
        self.0 != 0.0
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "transaction {}", self.0)
    }
}

impl Command {
    /// Makes an AMF0 command.
    pub const fn new(name: Name, transaction: TransactionId, args: Values) -> Self {
        Self {
            name,
            transaction,
            args,
            amf3: false,
        }
    }

    /// Reads the payload of a message of type 20.
    ///
    /// # Errors
    /// If the payload does not begin with a string, or its bytes are not UTF-8. The arguments are
    /// not looked at.
    pub fn decode(payload: &Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::amf0(payload);
        let Some(name) = reader.take_text()? else {
            return Err(DecodeError::NoName {
                offset: 0,
                len: payload.len(),
            });
        };
        let name = Name::from(name.as_str()?);
        let transaction = TransactionId(reader.take_number()?.unwrap_or_default());
        let args = Values::from_amf0(payload.slice(reader.offset()..));
        Ok(Self::new(name, transaction, args))
    }

    /// Reads a message of type 20 or 17; `None` if the type is neither.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn from_message(message: &Message) -> Result<Option<Self>, DecodeError> {
        let payload = &message.payload;
        match message.message_type {
            MessageType::COMMAND_AMF0 => Self::decode(payload).map(Some),
            MessageType::COMMAND_AMF3 => {
                let command = Self::decode(&without_selector(payload))?;
                Ok(Some(Self {
                    amf3: true,
                    ..command
                }))
            }
            _ => Ok(None),
        }
    }

    /// The payload of the message, with the selector byte if the command is AMF3.
    pub fn encode(&self) -> Bytes {
        let name = self.name.as_str();
        let args = self.args.as_bytes();
        let head_len = usize::from(self.amf3) + 3 + name.len() + 9;
        // Neither more nor less: a `Bytes` of it is one allocation.
        let mut payload = BytesMut::with_capacity(head_len + args.len());
        if self.amf3 {
            payload.put_u8(SELECT_AMF0);
        }
        put_name(&mut payload, name);
        payload.put_u8(0);
        payload.put_f64(self.transaction.0);
        payload.put_slice(args);
        payload.freeze()
    }

    /// The message of the command.
    pub fn to_message(&self, chunk_stream: ChunkStreamId, stream: MessageStreamId) -> Message {
        let message_type = if self.amf3 {
            MessageType::COMMAND_AMF3
        } else {
            MessageType::COMMAND_AMF0
        };
        Message::new(
            message_type,
            self.encode(),
            chunk_stream,
            stream,
            Timestamp::ZERO,
        )
    }
}

/// Types 15, 16 and 17 have a byte in front that is 0: AMF0 values follow, each of which may
/// switch to AMF3. Some peers leave it out; since no value of theirs begins with the marker of a
/// number, nothing else can be meant.
pub(super) fn without_selector(payload: &Bytes) -> Bytes {
    match payload.first() {
        Some(&SELECT_AMF0) => payload.slice(1..),
        _ => payload.clone(),
    }
}

/// Writes an AMF0 string. Names are far shorter than its 16-bit length can say; what is longer is
/// cut at a character.
pub(super) fn put_name(payload: &mut BytesMut, name: &str) {
    let mut len = name.len().min(usize::from(u16::MAX));
    while !name.is_char_boundary(len) {
        len -= 1;
    }
    payload.put_u8(2);
    payload.put_u16(u16::try_from(len).unwrap_or(u16::MAX));
    payload.put_slice(name.as_bytes().get(..len).unwrap_or_default());
}

pub(super) const SELECT_AMF0: u8 = 0;
