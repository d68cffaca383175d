//! Server and client sessions in the shape all sessions of weir share.
//!
//! | call | meaning |
//! | --- | --- |
//! | `handle_input`, `handle_datagram` | bytes came |
//! | `handle_eof` | the peer's bytes ended |
//! | `handle_timeout` | time passed |
//! | `poll_event` | what happened, until `None` |
//! | `poll_timeout` | when to call `handle_timeout` next |
//! | `output`, `poll_datagram` | what to write |

mod client;
mod config;
mod event;
mod keepalive;
mod link;
mod server;
mod state;
mod track;

pub use client::{ClientSession, TrackSetup};
pub use config::{ClientConfig, ServerConfig, TransportPolicy};
pub use event::{ClientEvent, EndReason, RequestId, ServerEvent};
pub use server::{MulticastGroup, PlayAnswer, ServerSession, SetupAnswer};
pub use track::{Channel, ChannelKind, TrackId};

use thiserror::Error as ThisError;

/// A command was used where it cannot be: the caller's mistake, which never ends a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum CommandError {
    /// The session is over.
    #[error("the session is over")]
    Closed,
    /// No request with this id waits for an answer of this kind.
    #[error("no such request waits for this answer")]
    NoSuchRequest,
    /// There is no such track.
    #[error("there is no track {0:?}")]
    NoSuchTrack(TrackId),
    /// The track was not set up, or media does not flow in this state.
    #[error("not possible in this state")]
    WrongState,
    /// A UDP track needs the ports the driver bound for it.
    #[error("a track over UDP needs local ports")]
    PortsMissing,
    /// A packet is longer than 65535 bytes, or is not RTP.
    #[error("a packet of {0} bytes cannot be sent")]
    BadPacket(usize),
}
