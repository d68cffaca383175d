//! What sessions report.

use core::{fmt, time::Duration};
use std::{boxed::Box, string::String};

use super::{ConnectReply, ConnectRequest, Play2Request, PlayRequest, PublishKind};
use crate::{
    Status, StreamName, Warning,
    chunk::{Message, MessageStreamId, Timestamp},
    media::MediaPacket,
    message::{Command, Data, SharedObjectMessage, TransactionId, UserControl, Values},
};

/// A request of the peer that waits for the application's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(u64);

impl RequestId {
    pub(super) const fn new(id: u64) -> Self {
        Self(id)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A call of this side that waits for the peer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(u32);

impl CallId {
    pub(super) const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The transaction id on the wire.
    pub fn transaction(self) -> TransactionId {
        TransactionId::new(self.0.into())
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What happened to a server session.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client wants to connect. Answer with `accept_connect` or `reject`; nothing more is read
    /// until then.
    ConnectRequested {
        /// What the answer is for.
        id: RequestId,
        /// What the client said.
        request: Box<ConnectRequest>,
    },
    /// The client wants to publish. Answer with `accept_publish` or `reject`; nothing more is read
    /// until then. Decide now: OBS and FFmpeg ignore an error that comes later.
    PublishRequested {
        /// What the answer is for.
        id: RequestId,
        /// Where the media will come.
        stream: MessageStreamId,
        /// The name, with its prefix and query.
        name: StreamName,
        /// Whether it is to be recorded.
        kind: PublishKind,
    },
    /// The client wants to play. Answer with `accept_play` or `reject`; nothing more is read until
    /// then.
    PlayRequested {
        /// What the answer is for.
        id: RequestId,
        /// Where the media should go.
        stream: MessageStreamId,
        /// What is wanted.
        request: Box<PlayRequest>,
    },
    /// A player wants another stream in the place of the one it plays. Answer with `accept_play2`
    /// or `reject`; without an answer it waits.
    Play2Requested {
        /// What the answer is for.
        id: RequestId,
        /// The stream that is played.
        stream: MessageStreamId,
        /// What is wanted.
        request: Box<Play2Request>,
    },
    /// A player wants to go on at another time. Answer with `accept_seek` or `reject`; without an
    /// answer it waits.
    SeekRequested {
        /// What the answer is for.
        id: RequestId,
        /// The stream that is played.
        stream: MessageStreamId,
        /// The time in the recording.
        position: Duration,
    },
    /// A player wants to pause or to go on. Answer with `accept_pause` or `reject`; without an
    /// answer it waits.
    PauseRequested {
        /// What the answer is for.
        id: RequestId,
        /// The stream that is played.
        stream: MessageStreamId,
        /// True to pause, false to go on.
        pause: bool,
        /// Where the player is in the recording.
        position: Duration,
    },
    /// A client wants to know how long a recording is. Answer with `accept_stream_length` or
    /// `reject`; players do not wait for it.
    StreamLengthRequested {
        /// What the answer is for.
        id: RequestId,
        /// The recording.
        name: StreamName,
    },
    /// The client calls a method of the application. Answer with `accept_call` or `reject` if
    /// there is an id; without one no answer is wanted.
    CallRequested {
        /// What the answer is for.
        id: Option<RequestId>,
        /// The stream of the call, mostly that of the connection.
        stream: MessageStreamId,
        /// The method and its arguments.
        command: Box<Command>,
    },
    /// The client answered a call of this side.
    CallAnswered {
        /// The call.
        call: CallId,
        /// The values behind the transaction id: of `_result`, or of `_error`.
        answer: Result<Values, Values>,
    },
    /// The client made a message stream; it was answered already.
    StreamCreated {
        /// The stream.
        stream: MessageStreamId,
    },
    /// The client will publish under this name and asks to free it (FMLE, FFmpeg, OBS). A publisher
    /// that vanished without a word should give way now.
    ReleaseRequested {
        /// The name.
        name: StreamName,
    },
    /// Audio or video of a stream that is published.
    Media {
        /// The stream.
        stream: MessageStreamId,
        /// What came.
        packet: MediaPacket,
    },
    /// Data of a stream that is published, such as its metadata.
    Data {
        /// The stream.
        stream: MessageStreamId,
        /// Its time.
        timestamp: Timestamp,
        /// What came.
        data: Box<Data>,
    },
    /// The client published the stream no longer: `deleteStream`, `closeStream`.
    PublishEnded {
        /// The stream.
        stream: MessageStreamId,
    },
    /// The client plays the stream no longer: `deleteStream`, `closeStream`.
    PlayEnded {
        /// The stream.
        stream: MessageStreamId,
    },
    /// The player turned audio on or off; the session drops it meanwhile.
    AudioWanted {
        /// The stream.
        stream: MessageStreamId,
        /// On or off.
        wanted: bool,
    },
    /// The player turned video on or off; the session drops it meanwhile. A key frame is the right
    /// thing to go on with.
    VideoWanted {
        /// The stream.
        stream: MessageStreamId,
        /// On or off.
        wanted: bool,
    },
    /// The player told how much it buffers.
    BufferLength {
        /// The stream.
        stream: MessageStreamId,
        /// How much.
        length: Duration,
    },
    /// The client sent something about a shared object. Give it to the
    /// [`Owner`](crate::shared_object::Owner) of that name.
    SharedObject(Box<SharedObjectMessage>),
    /// A user control event that the session does not answer by itself.
    UserControl(UserControl),
    /// A message of a type that has no meaning.
    Unknown(Box<Message>),
    /// The client did something that the specification does not allow, and it was accepted; each
    /// kind is told once.
    Warning(Warning),
    /// The session is over: the client closed the connection, or this side ended it. No event
    /// follows; write what is left in `output` and close the connection.
    Closed,
}

/// What happened to a client session.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server accepted `connect`.
    Connected {
        /// What the server said.
        reply: Box<ConnectReply>,
    },
    /// The server refused `connect`; the description says why, and what it wants to know if it is
    /// about authentication: connect again with another query then.
    ConnectRejected {
        /// What the server said.
        status: Box<Status>,
        /// Where to connect in place of this server (`ex.redirect`).
        redirect: Option<String>,
    },
    /// The server is ready for the media of a stream.
    PublishStarted {
        /// What `publish` returned.
        request: CallId,
        /// Where the media go.
        stream: MessageStreamId,
        /// What the server said.
        status: Box<Status>,
    },
    /// Media of a stream will follow.
    PlayStarted {
        /// What `play` returned.
        request: CallId,
        /// Where the media come.
        stream: MessageStreamId,
        /// What the server said.
        status: Box<Status>,
    },
    /// The server refused what `publish` or `play` asked for.
    RequestFailed {
        /// What that returned.
        request: CallId,
        /// What the server said.
        status: Box<Status>,
    },
    /// Any other state of a stream, or of the connection.
    Status {
        /// The stream, or that of the connection.
        stream: MessageStreamId,
        /// What the server said.
        status: Box<Status>,
    },
    /// Audio or video of a stream that is played.
    Media {
        /// The stream.
        stream: MessageStreamId,
        /// What came.
        packet: MediaPacket,
    },
    /// Data of a stream that is played: metadata, `onPlayStatus` and so on.
    Data {
        /// The stream.
        stream: MessageStreamId,
        /// Its time.
        timestamp: Timestamp,
        /// What came.
        data: Box<Data>,
    },
    /// The server calls a method of this side. Answer with `accept_call` or `reject` if there is
    /// an id; without one no answer is wanted.
    CallRequested {
        /// What the answer is for.
        id: Option<RequestId>,
        /// The stream of the call, mostly that of the connection.
        stream: MessageStreamId,
        /// The method and its arguments.
        command: Box<Command>,
    },
    /// The server answered a call of this side.
    CallAnswered {
        /// The call.
        call: CallId,
        /// The values behind the transaction id: of `_result`, or of `_error`.
        answer: Result<Values, Values>,
    },
    /// The server asks to connect again, and goes on serving meanwhile. E-RTMP v2.
    ReconnectRequested {
        /// Where to; the same address if there is none. May be relative to `tcUrl`.
        tc_url: Option<String>,
        /// Why.
        description: String,
    },
    /// The server sent something about a shared object. Give it to the
    /// [`Replica`](crate::shared_object::Replica) of that name.
    SharedObject(Box<SharedObjectMessage>),
    /// A user control event: stream begin, end, dry and so on. Pings are answered already.
    UserControl(UserControl),
    /// A message of a type that has no meaning.
    Unknown(Box<Message>),
    /// The server did something that the specification does not allow, and it was accepted; each
    /// kind is told once.
    Warning(Warning),
    /// The session is over. No event follows; write what is left in `output` and close the
    /// connection.
    Closed,
}
