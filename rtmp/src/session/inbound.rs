//! Messages as both sessions understand them.

use std::boxed::Box;

use crate::{
    WarningCode,
    chunk::{Message, MessageType},
    message::{Aggregate, Command, Data, DecodeError, SharedObjectMessage, UserControl},
};

/// What a message says that is neither media nor the link's business.
#[derive(Debug)]
pub(super) enum Inbound {
    Command(Command),
    Data(Box<Data>),
    SharedObject(Box<SharedObjectMessage>),
    UserControl(UserControl),
    Aggregate(Aggregate),
    /// Its type has no meaning.
    Unknown(Box<Message>),
}

impl Inbound {
    /// Decodes a message; commands and shared objects may have `max_len` bytes.
    pub(super) fn decode(message: Message, max_len: usize) -> Result<Self, WarningCode> {
        let malformed = |_: DecodeError| WarningCode::MalformedMessage;
        let decoded = match message.message_type {
            MessageType::COMMAND_AMF0 | MessageType::COMMAND_AMF3 => {
                check_len(&message, max_len)?;
                let command = Command::from_message(&message).map_err(malformed)?;
                command.map(Self::Command)
            }
            MessageType::SHARED_OBJECT_AMF0 | MessageType::SHARED_OBJECT_AMF3 => {
                check_len(&message, max_len)?;
                let object = SharedObjectMessage::from_message(&message).map_err(malformed)?;
                object.map(|object| Self::SharedObject(Box::new(object)))
            }
            MessageType::DATA_AMF0 | MessageType::DATA_AMF3 => {
                let data = Data::from_message(&message).map_err(malformed)?;
                data.map(|data| Self::Data(Box::new(data)))
            }
            MessageType::USER_CONTROL => {
                let event = UserControl::decode(&message.payload).map_err(malformed)?;
                Some(Self::UserControl(event))
            }
            MessageType::AGGREGATE => return Ok(Self::Aggregate(Aggregate::new(message))),
            _ => None,
        };
        Ok(decoded.unwrap_or_else(|| Self::Unknown(Box::new(message))))
    }
}

fn check_len(message: &Message, max_len: usize) -> Result<(), WarningCode> {
    match message.payload.len() > max_len {
        true => Err(WarningCode::CommandTooLong),
        false => Ok(()),
    }
}
