//! Local misuse of a session.

use super::RequestId;
use crate::{EncodeError, chunk::MessageStreamId};

/// Why a session refused a command of its own application.
///
/// It never ends the session and is never caused by what the peer sends alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The session is over.
    #[error("the session is over")]
    Ended,
    /// `connect` has not been accepted yet.
    #[error("not connected yet")]
    NotConnected,
    /// `connect` was called already.
    #[error("connect was called already")]
    AlreadyConnected,
    /// There is no such request, or it was answered already, or its stream is gone.
    #[error("no request {id} waits for an answer")]
    UnknownRequest {
        /// The request.
        id: RequestId,
    },
    /// The request is of another kind than the answer.
    #[error("request {id} cannot be answered like that")]
    WrongAnswer {
        /// The request.
        id: RequestId,
    },
    /// The peer has no such message stream.
    #[error("there is no message stream {stream}")]
    UnknownStream {
        /// The stream.
        stream: MessageStreamId,
    },
    /// The message stream is not played or published, or the other way round.
    #[error("message stream {stream} is not in the state for that")]
    StreamState {
        /// The stream.
        stream: MessageStreamId,
    },
    /// Too many calls wait for their answer.
    #[error("{limit} calls wait for their answer already")]
    TooManyCalls {
        /// [`Limits::max_pending_calls`](crate::Limits::max_pending_calls).
        limit: usize,
    },
    /// A value cannot be written as AMF.
    #[error(transparent)]
    Amf(#[from] weir_amf::EncodeError),
    /// A message cannot be written.
    #[error(transparent)]
    Message(#[from] EncodeError),
}
