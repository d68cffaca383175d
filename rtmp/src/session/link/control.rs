//! Control messages: what is obeyed, answered and acknowledged without a decision.

use bytes::{Buf, Bytes};

use super::Link;
use crate::{
    WarningCode,
    chunk::{Message, MessageType},
    message::{BandwidthLimit, Control, UserControl},
};

/// Acknowledgements and bandwidths of both directions.
#[derive(Debug)]
pub(super) struct Acks {
    /// After how many bytes the peer wants an acknowledgement.
    pub(super) window: u32,
    /// Where the next acknowledgement is due, counted as the reader counts.
    pub(super) next: u64,
    /// Bytes of the handshake, which are not acknowledged, as FFmpeg and nginx-rtmp do it.
    pub(super) handshake_len: u64,
    /// What the peer acknowledged last.
    pub(super) acknowledged: u32,
    /// The window the peer set for this side, and whether that was a hard limit.
    pub(super) bandwidth: Option<(u32, bool)>,
    /// The window that was last told to the peer.
    pub(super) told_window: u32,
}

impl Acks {
    pub(super) fn new() -> Self {
        Self {
            window: DEFAULT_WINDOW,
            next: u64::from(DEFAULT_WINDOW / 2),
            handshake_len: 0,
            acknowledged: 0,
            bandwidth: None,
            told_window: 0,
        }
    }
}

impl Link {
    /// Acknowledges what was read, in the middle of a message as well: a peer that waits at its
    /// window would wait for ever otherwise.
    #[cold]
    pub(super) fn acknowledge(&mut self) {
        let offset = self.reader.offset();
        self.acks.next = offset + u64::from(self.acks.window / 2).max(1);
        // Modulo 2^32, as the number on the wire.
        #[expect(clippy::cast_possible_truncation, reason = "the number wraps")]
        let count = (offset - self.acks.handshake_len) as u32;
        self.reply(Control::Acknowledgement(count).to_message());
    }

    /// Handles what needs no decision; tells whether there is nothing left to do.
    #[inline(never)]
    pub(super) fn absorb(&mut self, message: &Message) -> bool {
        if message.message_type == MessageType::USER_CONTROL {
            return self.absorb_user_control(&message.payload);
        }
        match Control::decode(message.message_type, &message.payload) {
            Ok(None) => return false,
            Ok(Some(control)) => self.obey(control),
            Err(_) => self.warn(WarningCode::ControlTooShort),
        }
        true
    }

    fn obey(&mut self, control: Control) {
        match control {
            // The reader has obeyed already.
            Control::SetChunkSize(_) | Control::Abort(_) => {}
            Control::Acknowledgement(count) => self.acks.acknowledged = count,
            Control::WindowAckSize(window) => {
                self.acks.window = window.max(MIN_WINDOW);
                let due = self.reader.offset() + u64::from(self.acks.window / 2);
                self.acks.next = self.acks.next.min(due);
            }
            Control::SetPeerBandwidth { window, limit } => {
                let old = self.acks.bandwidth;
                let next = match (limit, old) {
                    (BandwidthLimit::Hard, _) => (window, true),
                    (BandwidthLimit::Soft, Some((old, hard))) => (window.min(old), hard),
                    (BandwidthLimit::Soft, None) => (window, false),
                    (BandwidthLimit::Dynamic, Some((_, true))) => (window, true),
                    // Ignored by the letter, but what nearly all servers send first.
                    (BandwidthLimit::Dynamic, None) => (window, false),
                    (BandwidthLimit::Dynamic, Some(old)) => old,
                };
                self.acks.bandwidth = Some(next);
                if next.0 != self.acks.told_window {
                    self.reply(Control::WindowAckSize(next.0).to_message());
                }
            }
        }
    }

    fn absorb_user_control(&mut self, payload: &Bytes) -> bool {
        match UserControl::decode(payload) {
            Ok(UserControl::PingRequest(data)) => {
                // Some peers send 8 or 12 bytes (a time and what it is about); all go back.
                let data = data.slice(..data.len().min(MAX_PING_LEN));
                self.reply(UserControl::PingResponse(data).to_message());
                true
            }
            Ok(UserControl::PingResponse(_)) => {
                let now = self.clock.now;
                let sent = self.clock.last_ping;
                self.clock.round_trip = sent.map(|sent| now.saturating_duration_since(sent));
                true
            }
            Ok(_) => false,
            Err(_) => {
                self.warn(WarningCode::ControlTooShort);
                true
            }
        }
    }

    /// Remembers what this side told about itself.
    pub(super) fn note(&mut self, message: &Message) {
        if message.message_type == MessageType::WINDOW_ACK_SIZE {
            if let Ok(window) = (&message.payload[..]).try_get_u32() {
                self.acks.told_window = window;
            }
        }
    }
}

/// Peers that never tell a window want acknowledgements all the same (Wirecast, arut#34).
const DEFAULT_WINDOW: u32 = 2_500_000;
/// A smaller window is taken for this one; every few bytes an acknowledgement would be a flood.
const MIN_WINDOW: u32 = 1024;
/// More bytes of a ping are not sent back.
const MAX_PING_LEN: usize = 64;
