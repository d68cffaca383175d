//! All transitions of a message stream, and of the connection. What is not in a table is refused.

/// What a message stream is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum StreamState {
    #[default]
    Idle,
    /// `publish` waits for its answer.
    PublishAsked,
    Publishing,
    /// `play` waits for its answer.
    PlayAsked,
    Playing,
}

/// What happens to a message stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamStep {
    AskPublish,
    AskPlay,
    Accept,
    /// The answer was no, or what was going on ended.
    End,
}

impl StreamState {
    /// The state behind a step, if it may be taken.
    pub(super) const fn after(self, step: StreamStep) -> Option<Self> {
        use StreamStep as Step;
        Some(match (self, step) {
            (Self::Idle, Step::AskPublish) => Self::PublishAsked,
            (Self::PublishAsked, Step::Accept) => Self::Publishing,
            // `play` while playing goes on in a playlist, or begins a new one.
            (Self::Idle | Self::Playing, Step::AskPlay) => Self::PlayAsked,
            (Self::PlayAsked, Step::Accept) => Self::Playing,
            (_, Step::End) => Self::Idle,
            _ => return None,
        })
    }
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ConnectionState {
    /// Handshake, or waiting for `connect`.
    #[default]
    New,
    /// `connect` waits for its answer.
    ConnectAsked,
    Connected,
    /// Refused, closed, or the peer is gone: nothing more is read.
    Ended,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionStep {
    AskConnect,
    Accept,
    End,
}

impl ConnectionState {
    /// The state behind a step, if it may be taken.
    pub(super) const fn after(self, step: ConnectionStep) -> Option<Self> {
        use ConnectionStep as Step;
        Some(match (self, step) {
            (Self::New, Step::AskConnect) => Self::ConnectAsked,
            (Self::ConnectAsked, Step::Accept) => Self::Connected,
            (_, Step::End) => Self::Ended,
            _ => return None,
        })
    }
}
