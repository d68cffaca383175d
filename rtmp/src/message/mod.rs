//! What the payload of a message says, role-free and without state.
//!
//! [`crate::chunk::Message`] is the raw form; the codecs here read and write its payload. Nothing
//! is decoded before somebody asks: AMF values stay the bytes they came as, in [`Values`].

mod aggregate;
mod command;
mod control;
mod data;
mod shared_object;
mod user_control;
mod values;

pub use aggregate::{Aggregate, AggregateBuilder};
pub use command::{Command, TransactionId};
pub use control::{BandwidthLimit, Control};
pub use data::{Data, DataAction};
pub use shared_object::{
    Persistence, SharedObjectEvent, SharedObjectMessage, SharedObjectProperty,
};
pub use user_control::UserControl;
pub use values::Values;

use crate::chunk::MessageType;

/// Why the payload of a message makes no sense. It costs that message and nothing else.
///
/// Offsets count from the beginning of the payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A message of fixed form has too few bytes.
    #[error("{message_type:?} of {got} bytes, at least {expected} are needed")]
    TooShort {
        /// What the message is.
        message_type: MessageType,
        /// The bytes needed.
        expected: usize,
        /// The bytes there are.
        got: usize,
    },
    /// A command or data message does not begin with a name.
    #[error("no name at byte {offset} of a message of {len} bytes")]
    NoName {
        /// Where the name was expected.
        offset: usize,
        /// The length of the payload.
        len: usize,
    },
    /// A slot of a shared object has a name and no value.
    #[error("no value at byte {offset} of a message of {len} bytes")]
    NoValue {
        /// Where the value was expected.
        offset: usize,
        /// The length of the payload.
        len: usize,
    },
    /// An event of a shared object has more or fewer bytes than its content takes.
    #[error(
        "shared object event {event} at byte {offset}: {announced} bytes announced, {left} left"
    )]
    EventLen {
        /// The number of the event.
        event: u8,
        /// Where the event begins.
        offset: usize,
        /// The length the event says it has.
        announced: usize,
        /// What is left of the message, or of the event.
        left: usize,
    },
    /// A value is not AMF.
    #[error(transparent)]
    Amf(#[from] weir_amf::DecodeError),
}
