//! Shared object messages: types 19 (AMF0) and 16 (AMF3).

use alloc::{string::String, vec::Vec};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use weir_amf::Reader;

use super::{
    DecodeError, Values,
    command::{SELECT_AMF0, without_selector},
};
use crate::chunk::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp};

/// A message about one shared object: which one, in which version, and what happened.
///
/// Decoded, it takes at most 40 times the bytes of its payload.
///
/// ```
/// use weir_rtmp::message::{Persistence, SharedObjectEvent, SharedObjectMessage};
///
/// let payload = b"\0\x04chat\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0";
/// let message = SharedObjectMessage::decode(&payload[..].into())?;
/// assert_eq!((&*message.name, message.persistence()), ("chat", Persistence::Transient));
/// assert_eq!(message.events, [SharedObjectEvent::Use]);
/// assert_eq!(message.encode(), payload[..]);
/// # Ok::<(), weir_rtmp::message::DecodeError>(())
/// ```
///
/// RTMP 1.0, section 7.1.3; the layout is that of Red5 and Flash Media Server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedObjectMessage {
    /// The name of the object, in the application.
    pub name: String,
    /// The version the sender knows.
    pub version: u32,
    /// The word that tells whether the object outlives its users; see [`Self::persistence`].
    pub flags: u32,
    /// What happened, in order.
    pub events: Vec<SharedObjectEvent>,
    /// Whether the message is of type 16, in which values may be AMF3.
    pub amf3: bool,
}

/// Whether a shared object outlives its users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an object is kept or not")]
pub enum Persistence {
    /// It goes when the last user goes: 0 on the wire.
    Transient,
    /// The server keeps it: 2 on the wire.
    Persistent,
}

/// One event of a shared object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedObjectEvent {
    /// 1: the client uses the object.
    Use,
    /// 2: the client no longer uses it.
    Release,
    /// 3: the client wants these slots to have these values.
    RequestChange(Vec<SharedObjectProperty>),
    /// 4: the slots have new values; sent to all but the client that asked for the change.
    Change(Vec<SharedObjectProperty>),
    /// 5: the client's own change of these slots was done.
    Success(Vec<String>),
    /// 6: a method call to everybody: the name of a handler and its arguments.
    SendMessage(Values),
    /// 7: something went wrong.
    Status {
        /// A status code, such as `SharedObject.NoWriteAccess`.
        code: String,
        /// `error` in most cases.
        level: String,
    },
    /// 8: all slots are gone.
    Clear,
    /// 9: the slots are gone.
    Remove(Vec<String>),
    /// 10: the client wants the slots gone.
    RequestRemove(Vec<String>),
    /// 11: the client may use the object from here on.
    UseSuccess,
    /// 13: the client's own change of these slots was done, with their values; some servers send
    /// it in the place of [`Self::Success`].
    OwnChange(Vec<SharedObjectProperty>),
    /// 14: the client wants all slots gone.
    RequestClear,
    /// Any other event.
    Unknown {
        /// Its number.
        event: u8,
        /// Its content.
        data: Bytes,
    },
}

/// A slot of a shared object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedObjectProperty {
    /// The name of the slot.
    pub name: String,
    /// One value.
    pub value: Values,
}

impl SharedObjectProperty {
    /// Makes a slot of a name and one value.
    pub fn new(name: impl Into<String>, value: Values) -> Self {
        Self {
            name: name.into(),
            value,
        }
    }
}

impl SharedObjectMessage {
    /// Makes an AMF0 message of version 0 without events.
    pub fn new(name: impl Into<String>, persistence: Persistence) -> Self {
        let flags = match persistence {
            Persistence::Transient => 0,
            Persistence::Persistent => PERSISTENT,
        };
        let (name, events) = (name.into(), Vec::new());
        Self {
            name,
            version: 0,
            flags,
            events,
            amf3: false,
        }
    }

    /// Whether the object outlives its users.
    ///
    /// Bits of the flags that have no known meaning are seen in the field, such as 16 and 32.
    pub const fn persistence(&self) -> Persistence {
        if self.flags & PERSISTENT != 0 || self.flags == HAISHINKIT_PERSISTENT {
            Persistence::Persistent
        } else {
            Persistence::Transient
        }
    }

    /// Reads the payload of a message of type 19.
    ///
    /// # Errors
    /// If the head is cut off, an event is longer than what is left, or its content is not what it
    /// should be. Events that are not known are no error.
    pub fn decode(payload: &Bytes) -> Result<Self, DecodeError> {
        let mut rest = payload.clone();
        let place = Place {
            end: payload.len(),
            len: payload.len(),
        };
        let name = read_name(&mut rest, place)?;
        let too_short = DecodeError::TooShort {
            message_type: MessageType::SHARED_OBJECT_AMF0,
            expected: 2 + name.len() + HEAD_LEN,
            got: payload.len(),
        };
        let (Ok(version), Ok(flags), Ok(_)) =
            (rest.try_get_u32(), rest.try_get_u32(), rest.try_get_u32())
        else {
            return Err(too_short);
        };
        let mut events = Vec::new();
        while !rest.is_empty() {
            events.push(SharedObjectEvent::read(&mut rest, payload)?);
        }
        Ok(Self {
            name,
            version,
            flags,
            events,
            amf3: false,
        })
    }

    /// Reads a message of type 19 or 16; `None` if the type is neither.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn from_message(message: &Message) -> Result<Option<Self>, DecodeError> {
        match message.message_type {
            MessageType::SHARED_OBJECT_AMF0 => Self::decode(&message.payload).map(Some),
            MessageType::SHARED_OBJECT_AMF3 => {
                // A name with a selector is shorter than 256 bytes, so that its length begins with
                // 0 too.
                let selected = message.payload.get(..2) == Some(&[SELECT_AMF0, 0]);
                let payload = if selected {
                    without_selector(&message.payload)
                } else {
                    message.payload.clone()
                };
                let decoded = Self::decode(&payload)?;
                Ok(Some(Self {
                    amf3: true,
                    ..decoded
                }))
            }
            _ => Ok(None),
        }
    }

    /// The payload of the message, with the selector byte if it is AMF3.
    pub fn encode(&self) -> Bytes {
        let mut payload = BytesMut::new();
        // In front of a longer name the selector would be taken for the name's length.
        if self.amf3 && self.name.len() < 256 {
            payload.put_u8(SELECT_AMF0);
        }
        put_text(&mut payload, &self.name);
        payload.put_u32(self.version);
        payload.put_u32(self.flags);
        payload.put_u32(0);
        for event in &self.events {
            event.write(&mut payload);
        }
        payload.freeze()
    }

    /// The message, on the connection's own message stream.
    pub fn to_message(&self) -> Message {
        let message_type = if self.amf3 {
            MessageType::SHARED_OBJECT_AMF3
        } else {
            MessageType::SHARED_OBJECT_AMF0
        };
        let (chunk_stream, stream) = (ChunkStreamId::COMMAND, MessageStreamId::CONNECTION);
        Message::new(
            message_type,
            self.encode(),
            chunk_stream,
            stream,
            Timestamp::ZERO,
        )
    }
}

impl SharedObjectEvent {
    /// Reads one event off the front; `whole` is the payload the offsets count from.
    fn read(rest: &mut Bytes, whole: &Bytes) -> Result<Self, DecodeError> {
        let offset = whole.len() - rest.len();
        let event = rest.try_get_u8().unwrap_or_default();
        let announced = rest
            .try_get_u32()
            .map_or(usize::MAX, |len| usize::try_from(len).unwrap_or(usize::MAX));
        if announced > rest.len() {
            return Err(DecodeError::EventLen {
                event,
                offset,
                announced,
                left: rest.len(),
            });
        }
        let mut data = rest.split_to(announced);
        let place = Place {
            end: whole.len() - rest.len(),
            len: whole.len(),
        };
        Ok(match event {
            USE => Self::Use,
            RELEASE => Self::Release,
            REQUEST_CHANGE => Self::RequestChange(read_properties(&mut data, place)?),
            CHANGE => Self::Change(read_properties(&mut data, place)?),
            SUCCESS => Self::Success(read_names(&mut data, place)?),
            SEND_MESSAGE => Self::SendMessage(Values::from_amf0(data)),
            STATUS => {
                let code = read_name(&mut data, place)?;
                // Some servers leave the level out.
                let level = if data.is_empty() {
                    String::new()
                } else {
                    read_name(&mut data, place)?
                };
                Self::Status { code, level }
            }
            CLEAR => Self::Clear,
            REMOVE => Self::Remove(read_names(&mut data, place)?),
            REQUEST_REMOVE => Self::RequestRemove(read_names(&mut data, place)?),
            USE_SUCCESS => Self::UseSuccess,
            OWN_CHANGE => Self::OwnChange(read_properties(&mut data, place)?),
            REQUEST_CLEAR => Self::RequestClear,
            event => Self::Unknown { event, data },
        })
    }

    fn write(&self, payload: &mut BytesMut) {
        payload.put_u8(self.number());
        let len_at = payload.len();
        payload.put_u32(0);
        match self {
            Self::Use | Self::Release | Self::Clear | Self::UseSuccess | Self::RequestClear => {}
            Self::RequestChange(properties)
            | Self::Change(properties)
            | Self::OwnChange(properties) => {
                for property in properties {
                    put_text(payload, &property.name);
                    payload.put_slice(property.value.as_bytes());
                }
            }
            Self::Success(names) | Self::Remove(names) | Self::RequestRemove(names) => {
                for name in names {
                    put_text(payload, name);
                }
            }
            Self::SendMessage(values) => payload.put_slice(values.as_bytes()),
            Self::Status { code, level } => {
                put_text(payload, code);
                put_text(payload, level);
            }
            Self::Unknown { data, .. } => payload.put_slice(data),
        }
        let len = payload.len() - len_at - 4;
        if let Some(mut field) = payload.get_mut(len_at..len_at + 4) {
            field.put_u32(u32::try_from(len).unwrap_or(u32::MAX));
        }
    }

    const fn number(&self) -> u8 {
        match self {
            Self::Use => USE,
            Self::Release => RELEASE,
            Self::RequestChange(_) => REQUEST_CHANGE,
            Self::Change(_) => CHANGE,
            Self::Success(_) => SUCCESS,
            Self::SendMessage(_) => SEND_MESSAGE,
            Self::Status { .. } => STATUS,
            Self::Clear => CLEAR,
            Self::Remove(_) => REMOVE,
            Self::RequestRemove(_) => REQUEST_REMOVE,
            Self::UseSuccess => USE_SUCCESS,
            Self::OwnChange(_) => OWN_CHANGE,
            Self::RequestClear => REQUEST_CLEAR,
            Self::Unknown { event, .. } => *event,
        }
    }
}

/// Where the data of an event stand in a payload, for the offsets in errors.
#[derive(Clone, Copy)]
struct Place {
    /// Where they end.
    end: usize,
    /// The length of the payload.
    len: usize,
}

impl Place {
    /// Where what is left of the data begins.
    const fn of(self, rest: &Bytes) -> usize {
        self.end.saturating_sub(rest.len())
    }
}

fn read_properties(
    data: &mut Bytes,
    place: Place,
) -> Result<Vec<SharedObjectProperty>, DecodeError> {
    let mut properties = Vec::new();
    while !data.is_empty() {
        let name = read_name(data, place)?;
        let value = Reader::amf0(data).skip()?;
        if value.is_empty() {
            return Err(DecodeError::NoValue {
                offset: place.of(data),
                len: place.len,
            });
        }
        let value = Values::from_amf0(data.split_to(value.end));
        properties.push(SharedObjectProperty { name, value });
    }
    Ok(properties)
}

fn read_names(data: &mut Bytes, place: Place) -> Result<Vec<String>, DecodeError> {
    let mut names = Vec::new();
    while !data.is_empty() {
        names.push(read_name(data, place)?);
    }
    Ok(names)
}

/// Reads a text with a 16-bit length and no marker; what is not UTF-8 becomes U+FFFD.
fn read_name(data: &mut Bytes, place: Place) -> Result<String, DecodeError> {
    let no_name = DecodeError::NoName {
        offset: place.of(data),
        len: place.len,
    };
    let Ok(len) = data.try_get_u16() else {
        return Err(no_name);
    };
    let len = usize::from(len);
    if len > data.len() {
        return Err(no_name);
    }
    Ok(String::from_utf8_lossy(&data.split_to(len)).into_owned())
}

/// Writes a text with a 16-bit length and no marker; what is longer is cut at a character.
fn put_text(payload: &mut BytesMut, text: &str) {
    let mut len = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(len) {
        len -= 1;
    }
    payload.put_u16(u16::try_from(len).unwrap_or(u16::MAX));
    payload.put_slice(text.as_bytes().get(..len).unwrap_or_default());
}

/// Version, persistence and the word that is always 0.
const HEAD_LEN: usize = 12;

const USE: u8 = 1;
const RELEASE: u8 = 2;
const REQUEST_CHANGE: u8 = 3;
const CHANGE: u8 = 4;
const SUCCESS: u8 = 5;
const SEND_MESSAGE: u8 = 6;
const STATUS: u8 = 7;
const CLEAR: u8 = 8;
const REMOVE: u8 = 9;
const REQUEST_REMOVE: u8 = 10;
const USE_SUCCESS: u8 = 11;
const OWN_CHANGE: u8 = 13;
const REQUEST_CLEAR: u8 = 14;

const PERSISTENT: u32 = 2;
/// HaishinKit.swift sets the lowest bit of the first byte (HaishinKit.swift#21).
const HAISHINKIT_PERSISTENT: u32 = 0x0100_0000;
