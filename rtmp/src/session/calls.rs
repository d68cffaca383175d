//! What waits for an answer: requests of the peer, and our own calls.

use std::collections::VecDeque;

use super::{CallId, CommandError, RequestId};
use crate::{StreamName, chunk::MessageStreamId, message::TransactionId};

/// A request of the peer that the application has to answer.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) kind: RequestKind,
    pub(super) stream: MessageStreamId,
    pub(super) transaction: TransactionId,
    /// Whether the request came in an AMF3 message, so that the answer does as well.
    pub(super) amf3: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum RequestKind {
    Connect,
    Publish { name: StreamName },
    Play { name: StreamName, reset: bool },
    Play2 { name: StreamName },
    Seek { millis: f64 },
    Pause { pause: bool },
    StreamLength,
    Call,
}

/// The requests that wait, oldest first, bounded.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    waiting: VecDeque<(RequestId, Request)>,
    next: u64,
    limit: usize,
}

impl Requests {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            next: 1,
            limit,
        }
    }

    /// Keeps a request, unless too many wait.
    pub(super) fn push(&mut self, request: Request) -> Option<RequestId> {
        if self.waiting.len() >= self.limit {
            return None;
        }
        let id = RequestId::new(self.next);
        self.next += 1;
        self.waiting.push_back((id, request));
        Some(id)
    }

    /// Takes a request out if it is of the kind that the answer is for.
    pub(super) fn take(
        &mut self,
        id: RequestId,
        fits: impl Fn(&RequestKind) -> bool,
    ) -> Result<Request, CommandError> {
        // Ids grow, so the list is sorted.
        let at = self
            .waiting
            .binary_search_by_key(&id, |(id, _)| *id)
            .map_err(|_| CommandError::UnknownRequest { id })?;
        match self.waiting.get(at) {
            Some((_, request)) if fits(&request.kind) => {}
            _ => return Err(CommandError::WrongAnswer { id }),
        }
        let taken = self.waiting.remove(at);
        taken
            .map(|(_, request)| request)
            .ok_or(CommandError::UnknownRequest { id })
    }

    /// Forgets the requests on a stream that is gone.
    pub(super) fn forget(&mut self, stream: MessageStreamId) {
        self.waiting.retain(|(_, request)| {
            request.stream != stream
                || matches!(request.kind, RequestKind::StreamLength | RequestKind::Call)
        });
    }
}

/// Our own calls, oldest first, bounded. `T` is what has to be known when the answer comes.
#[derive(Clone, Debug)]
pub(super) struct Calls<T> {
    waiting: VecDeque<(CallId, T)>,
    last: u32,
    limit: usize,
}

impl<T> Calls<T> {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            last: 0,
            limit,
        }
    }

    /// Gives a call its number, unless too many wait.
    pub(super) fn push(&mut self, call: T) -> Result<CallId, CommandError> {
        if self.waiting.len() >= self.limit {
            return Err(CommandError::TooManyCalls { limit: self.limit });
        }
        let id = self.number();
        self.waiting.push_back((id, call));
        Ok(id)
    }

    /// Gives a number to a call whose answer is of no interest.
    pub(super) fn number(&mut self) -> CallId {
        // 4,294,967,295 is exact in a double; 0 wants no answer and is skipped.
        self.last = self.last.checked_add(1).unwrap_or(1);
        CallId::new(self.last)
    }

    /// Whether a call of this number was made, answered or not.
    pub(super) fn was_made(&self, transaction: TransactionId) -> bool {
        (1.0..=f64::from(self.last)).contains(&transaction.get())
    }

    /// Takes out the call that an answer is for.
    pub(super) fn take(&mut self, transaction: TransactionId) -> Option<(CallId, T)> {
        let at = self
            .waiting
            .iter()
            .position(|(id, _)| id.transaction() == transaction)?;
        self.waiting.remove(at)
    }
}
