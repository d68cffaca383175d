//! The message streams of one connection.

use std::vec::Vec;

use super::{
    CallId,
    state::{StreamState, StreamStep},
};
use crate::{StreamName, chunk::MessageStreamId};

/// One message stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) id: MessageStreamId,
    pub(super) state: StreamState,
    /// What is published or played.
    pub(super) name: StreamName,
    /// What `publish` or `play` returned to the application of a client.
    pub(super) request: Option<CallId>,
    /// Whether the player wants audio and video: `receiveAudio`, `receiveVideo`.
    pub(super) wants_audio: bool,
    pub(super) wants_video: bool,
}

impl Stream {
    const fn new(id: MessageStreamId) -> Self {
        let name = StreamName::empty();
        Self {
            id,
            state: StreamState::Idle,
            name,
            request: None,
            wants_audio: true,
            wants_video: true,
        }
    }

    /// Takes a step if the table has it.
    pub(super) fn step(&mut self, step: StreamStep) -> bool {
        let next = self.state.after(step);
        self.state = next.unwrap_or(self.state);
        next.is_some()
    }
}

/// The message streams of one connection, bounded, in the order they were made.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    streams: Vec<Stream>,
    limit: usize,
    /// Whether media of `current` go straight to the application. The session sets it when nothing
    /// else can come before them; it is cleared before anything changes.
    pub(super) direct: bool,
    /// The stream of the last media.
    pub(super) current: MessageStreamId,
}

impl Streams {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            streams: Vec::new(),
            limit,
            direct: false,
            current: MessageStreamId::CONNECTION,
        }
    }

    /// Makes a stream with the lowest free id, unless there are too many.
    pub(super) fn create(&mut self) -> Option<MessageStreamId> {
        let id = (1..)
            .map(MessageStreamId::new)
            .find(|id| self.get(*id).is_none())?;
        self.open(id).map(|stream| stream.id)
    }

    /// Makes a stream with a certain id, unless it is there or there are too many.
    pub(super) fn open(&mut self, id: MessageStreamId) -> Option<&mut Stream> {
        self.direct = false;
        if self.streams.len() >= self.limit || self.get(id).is_some() {
            return None;
        }
        self.streams.push(Stream::new(id));
        self.streams.last_mut()
    }

    pub(super) fn get(&self, id: MessageStreamId) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.id == id)
    }

    pub(super) fn get_mut(&mut self, id: MessageStreamId) -> Option<&mut Stream> {
        self.direct = false;
        self.streams.iter_mut().find(|stream| stream.id == id)
    }

    /// Whether the peer may send media on a stream, on a server.
    pub(super) fn is_publishing(&self, id: MessageStreamId) -> bool {
        self.get(id)
            .is_some_and(|stream| stream.state == StreamState::Publishing)
    }

    /// The same on a client: media may come before the answer to `play`.
    pub(super) fn is_playing(&self, id: MessageStreamId) -> bool {
        self.get(id).is_some_and(|stream| {
            matches!(stream.state, StreamState::Playing | StreamState::PlayAsked)
        })
    }

    /// The stream that is used for a name.
    pub(super) fn named(&self, name: &StreamName) -> Option<MessageStreamId> {
        let used = |stream: &&Stream| stream.state != StreamState::Idle && stream.name == *name;
        self.streams.iter().find(used).map(|stream| stream.id)
    }

    pub(super) fn remove(&mut self, id: MessageStreamId) -> Option<Stream> {
        self.direct = false;
        let at = self.streams.iter().position(|stream| stream.id == id)?;
        Some(self.streams.remove(at))
    }
}
