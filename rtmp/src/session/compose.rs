//! The messages that sessions make of commands and statuses.

use bytes::Bytes;
use weir_amf::{EncodeError, NewValue};

use super::status_chunk_stream;
use crate::{
    Name, Status, StatusCode,
    chunk::{ChunkStreamId, Message, MessageStreamId},
    message::{Command, TransactionId, Values},
};

/// `onStatus` with a status.
pub(super) fn status_command(status: &Status) -> Result<Command, EncodeError> {
    status_as(Name::ON_STATUS, status)
}

/// A command without transaction that carries a status.
pub(super) fn status_as(name: Name, status: &Status) -> Result<Command, EncodeError> {
    let args = Values::of(&[NewValue::Null, status.info().into()])?;
    Ok(Command::new(name, TransactionId::NONE, args))
}

/// The same for a status that the session makes itself, of which nobody needs a document.
pub(super) fn code_as(
    name: Name,
    code: &StatusCode,
    description: Option<&str>,
) -> Result<Command, EncodeError> {
    let args = Values::write(|writer| {
        writer.null();
        writer.begin_object();
        writer.properties(code.properties(description))?;
        writer.end_object();
        Ok(())
    })?;
    Ok(Command::new(name, TransactionId::NONE, args))
}

/// A command without transaction and arguments.
pub(super) fn bare(name: Name) -> Command {
    Command::new(name, TransactionId::NONE, null())
}

/// The arguments of a command that has none: the command object, null.
pub(super) const fn null() -> Values {
    Values::from_amf0(Bytes::from_static(&[AMF0_NULL]))
}

/// The command as a message of the connection.
pub(super) fn on_connection(command: &Command) -> Message {
    command.to_message(ChunkStreamId::COMMAND, MessageStreamId::CONNECTION)
}

/// The command as a message of a stream.
pub(super) fn on_stream(command: &Command, stream: MessageStreamId) -> Message {
    command.to_message(status_chunk_stream(), stream)
}

const AMF0_NULL: u8 = 5;
