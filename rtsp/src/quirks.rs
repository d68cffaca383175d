//! Which habits of real peers are accepted.

use crate::message::Resync;

/// What to do with a habit that the specification does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: a habit is accepted or not"
)]
pub enum Tolerance {
    /// Accept it, and report it once as a [`Warning`](crate::Warning).
    Accept,
    /// Refuse it: the message, packet or session that has it, as the field says.
    Refuse,
}

/// Which addresses datagrams of a track may come from and go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: the three policies there are"
)]
pub enum Latching {
    /// The peer's host, the ports of SETUP.
    Never,
    /// The peer's host. The first datagram tells the port to answer to, which is what gets
    /// through the address translation of a home router.
    Port,
    /// Any host: the first datagram tells it. Whoever is first gets the stream.
    Anyone,
}

/// Which habits of real peers are accepted; each field names the peers that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// Rubbish between frames is skipped: Canon VB-H47, Axis (gortsplib#653).
    pub resync: Resync,
    /// A response without CSeq, or with a wrong one, answers the oldest open request: Tapo,
    /// AirTunes. Refused, it is dropped.
    pub response_without_cseq: Tolerance,
    /// The session id changes between responses; the first one is kept: H264DVR (retina#85).
    /// Refused, the session ends.
    pub changing_session_id: Tolerance,
    /// SETUP over TCP names no channels; the next free pair is taken: Genetec, QuickTime
    /// (mediamtx#1650). Refused, it is answered with 461.
    pub setup_without_channels: Tolerance,
    /// Where datagrams come from and go to.
    pub latching: Latching,
}

impl Quirks {
    /// Accepts everything that is known to work.
    pub const fn tolerant() -> Self {
        Self {
            resync: Resync::Skip,
            response_without_cseq: Tolerance::Accept,
            changing_session_id: Tolerance::Accept,
            setup_without_channels: Tolerance::Accept,
            latching: Latching::Port,
        }
    }

    /// Keeps to the specifications.
    pub const fn strict() -> Self {
        Self {
            resync: Resync::Never,
            response_without_cseq: Tolerance::Refuse,
            changing_session_id: Tolerance::Refuse,
            setup_without_channels: Tolerance::Refuse,
            latching: Latching::Never,
        }
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self::tolerant()
    }
}
