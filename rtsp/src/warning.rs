//! Tolerances taken, reported so that a bug in the field is visible.

use alloc::vec::Vec;

/// A tolerance that was taken. Each code is reported once per connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// What was tolerated.
    pub code: WarningCode,
    /// Where, in bytes from the start of the stream.
    pub offset: u64,
}

impl core::fmt::Display for Warning {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "byte {}: {:?}", self.offset, self.code)
    }
}

/// What was tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningCode {
    /// A line of a head has no colon and was left out.
    HeaderLineIgnored,
    /// A head is not UTF-8 and was read as Latin-1.
    HeadNotUtf8,
    /// Bytes that belong to no message were skipped (Canon VB-H47, gortsplib#653).
    BytesSkipped,
    /// A response has no CSeq, or that of another request; it was taken for the oldest open one.
    CSeqMismatch,
    /// A `$` frame came on a channel no SETUP assigned; it was dropped.
    UnassignedChannel,
    /// The Session id of a response differs from the first one, which is kept (H264DVR, retina#85).
    SessionIdChanged,
    /// Media came before the response to PLAY (live555, v4l2rtspserver, Reolink).
    EarlyData,
    /// The server chose other interleaved channels than were asked for.
    ChannelsMoved,
    /// A datagram came from an address that is not the peer's; it was dropped.
    UnknownAddress,
    /// `Transport` could not be read in part.
    TransportIgnored,
    /// An SDP line could not be read, or was one too many.
    SdpLineIgnored,
}

/// Warnings not yet handed out, each code once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings {
    /// One bit per code.
    reported: u32,
    pending: Vec<Warning>,
}

impl Warnings {
    pub(crate) fn push(&mut self, code: WarningCode, offset: u64) {
        let bit = 1 << code as u32;
        if self.reported & bit == 0 {
            self.reported |= bit;
            self.pending.push(Warning { code, offset });
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Warning> {
        if self.pending.is_empty() {
            None
        } else {
            Some(self.pending.remove(0))
        }
    }
}
