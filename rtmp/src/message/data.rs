//! Data messages: metadata and everything else that travels in line with the media. Message types
//! 18 (AMF0) and 15 (AMF3).

use bytes::{BufMut, Bytes, BytesMut};
use weir_amf::Reader;

use super::{
    DecodeError, Values,
    command::{put_name, without_selector},
};
use crate::{
    MediaKind, MediaPacket, Name,
    chunk::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp},
    names::wire,
};

/// A data message: a name and values, such as `onMetaData` and its object.
///
/// ```
/// use weir_rtmp::{Name, message::{Data, DataAction}};
///
/// let payload = b"\x02\x00\x0d@setDataFrame\x02\x00\x0aonMetaData\x03\x00\x00\x09";
/// let data = Data::decode(&payload[..].into())?;
/// assert_eq!((data.action(), data.name()), (DataAction::Set, &Name::ON_META_DATA));
/// // What players get: the same bytes without the first string.
/// assert_eq!(data.payload(), &payload[16..]);
/// # Ok::<(), weir_rtmp::message::DecodeError>(())
/// ```
///
/// RTMP 1.0, section 7.1.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    action: DataAction,
    name: Name,
    values: Values,
    payload: Bytes,
}

/// What the receiver of a data message does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by FLV 10.1, annex E.5")]
pub enum DataAction {
    /// Pass it on once.
    Send,
    /// `@setDataFrame`: pass it on and keep it for those who join later.
    Set,
    /// `@clearDataFrame`: forget what is kept under the name.
    Clear,
}

impl Data {
    /// Makes a data message of a name and values.
    pub fn new(action: DataAction, name: Name, values: Values) -> Self {
        let text = name.as_str();
        let mut payload = BytesMut::with_capacity(text.len() + values.as_bytes().len() + 3);
        put_name(&mut payload, text);
        let name_len = payload.len();
        payload.put_slice(values.as_bytes());
        let payload = payload.freeze();
        let values = Values::from_amf0(payload.slice(name_len..));
        Self {
            action,
            name,
            values,
            payload,
        }
    }

    /// Reads the payload of a message of type 18.
    ///
    /// Numbers in front of the first string are passed over (Uniview cameras, ZLMediaKit#4800). A
    /// message without a name is given with an empty one.
    ///
    /// # Errors
    /// If a string that should be there is cut off or not UTF-8. The values are not looked at.
    pub fn decode(payload: &Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::amf0(payload);
        while reader.take_number()?.is_some() {}
        let mut start = reader.offset();
        let mut action = DataAction::Send;
        let mut name = Name::from_static("");
        if let Some(text) = reader.take_text()? {
            name = Name::from(text.as_str()?);
            action = match name.as_str() {
                wire::SET_DATA_FRAME => DataAction::Set,
                wire::CLEAR_DATA_FRAME => DataAction::Clear,
                _ => DataAction::Send,
            };
            if action != DataAction::Send {
                start = reader.offset();
                name = match reader.take_text()? {
                    Some(text) => Name::from(text.as_str()?),
                    None => Name::from_static(""),
                };
            }
        }
        let values = Values::from_amf0(payload.slice(reader.offset()..));
        Ok(Self {
            action,
            name,
            values,
            payload: payload.slice(start..),
        })
    }

    /// Reads a message of type 18 or 15; `None` if the type is neither.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn from_message(message: &Message) -> Result<Option<Self>, DecodeError> {
        match message.message_type {
            MessageType::DATA_AMF0 => Self::decode(&message.payload).map(Some),
            MessageType::DATA_AMF3 => Self::decode(&without_selector(&message.payload)).map(Some),
            _ => Ok(None),
        }
    }

    /// What the receiver does with it.
    pub const fn action(&self) -> DataAction {
        self.action
    }

    /// What the data are, `onMetaData` for example; empty if the message has no name.
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// The values behind the name.
    pub const fn values(&self) -> &Values {
        &self.values
    }

    /// The name and the values as they came: what is sent on to players and stored in FLV files.
    pub const fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// The data as players and files get them: without the action in front.
    #[must_use]
    pub fn packet(&self, timestamp: Timestamp) -> MediaPacket {
        MediaPacket::new(MediaKind::Data, timestamp, self.payload.clone())
    }

    /// The payload of a message of type 18, with the action in front.
    pub fn encode(&self) -> Bytes {
        let action = match self.action {
            DataAction::Send => return self.payload.clone(),
            DataAction::Set => wire::SET_DATA_FRAME,
            DataAction::Clear => wire::CLEAR_DATA_FRAME,
        };
        let mut payload = BytesMut::with_capacity(action.len() + 3 + self.payload.len());
        put_name(&mut payload, action);
        payload.put_slice(&self.payload);
        payload.freeze()
    }

    /// The message, of type 18.
    pub fn to_message(
        &self,
        chunk_stream: ChunkStreamId,
        stream: MessageStreamId,
        timestamp: Timestamp,
    ) -> Message {
        let message_type = MessageType::DATA_AMF0;
        Message::new(message_type, self.encode(), chunk_stream, stream, timestamp)
    }
}
