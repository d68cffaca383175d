//! The states of a server session, and what a request does to them.

use crate::message::{Method, StatusCode};

/// Where a presentation stands. RFC 2326, appendix A.2, with ANNOUNCE as its own state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No presentation.
    Init,
    /// The client described what it will send.
    Announced,
    /// Tracks to be played are set up.
    Ready,
    /// Tracks to be recorded are set up.
    ReadyToRecord,
    /// Media flows to the client.
    Playing,
    /// Media flows from the client.
    Recording,
}

use State::{Announced, Init, Playing, Ready, ReadyToRecord, Recording};

impl State {
    /// The state after a method succeeded, or the status that refuses it. `recording` says what a
    /// SETUP is for. Methods without an effect are allowed everywhere.
    pub(super) fn after(self, method: &Method, recording: bool) -> Result<Self, StatusCode> {
        let next = match (method.as_str(), self) {
            ("ANNOUNCE", Init | Announced) => Announced,
            // RFC 2326, section 10.4: transports cannot change while media flows.
            ("SETUP", Init | Ready) if !recording => Ready,
            ("SETUP", Announced | ReadyToRecord) => ReadyToRecord,
            ("PLAY", Ready | Playing) => Playing,
            ("RECORD", ReadyToRecord | Recording) => Recording,
            // rtspsrc pauses before every TEARDOWN, playing or not.
            ("PAUSE", Ready | Playing) => Ready,
            ("PAUSE", ReadyToRecord | Recording) => ReadyToRecord,
            ("TEARDOWN", _) => Init,
            ("ANNOUNCE" | "SETUP" | "PLAY" | "RECORD" | "PAUSE", _) => {
                return Err(StatusCode::METHOD_NOT_VALID_IN_THIS_STATE);
            }
            _ => self,
        };
        Ok(next)
    }
}
