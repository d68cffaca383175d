//! One track of a presentation: how it travels, and what RTCP says about it.

use alloc::{string::String, vec::Vec};
use core::{net::SocketAddr, time::Duration};
use std::time::Instant;

use bytes::Bytes;

use crate::{
    rtcp::{Compound, CompoundWriter, RtcpPacket, SenderInfo},
    rtp::{ClockAnchor, ReceiverStatistics, RtpPacket, SenderClock, Ssrc},
};

/// A track of a presentation, counted from 0 in the order of the SETUP requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(pub(super) u8);

impl TrackId {
    /// The number.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One of the two flows of a track, each with a UDP port of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a track and one of its two flows"
)]
pub struct Channel {
    /// The track.
    pub track: TrackId,
    /// Which flow.
    pub kind: ChannelKind,
}

/// Media or reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by RFC 3550")]
pub enum ChannelKind {
    /// Media packets.
    Rtp,
    /// Reports.
    Rtcp,
}

/// How the packets of a track travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Not agreed on yet.
    None,
    /// On the connection.
    Interleaved { rtp: u8, rtcp: u8 },
    /// In datagrams to and from these addresses; `None` until the peer is heard.
    Udp {
        rtp: Option<SocketAddr>,
        rtcp: Option<SocketAddr>,
    },
    /// To a group everybody hears.
    Multicast { rtcp: SocketAddr },
}

#[derive(Debug)]
pub(super) struct Track {
    pub(super) id: TrackId,
    /// The URI of its SETUP.
    pub(super) uri: String,
    pub(super) route: Route,
    /// Whether any RTP came.
    pub(super) heard: bool,
    /// Whether the peer said BYE.
    pub(super) ended: bool,
    statistics: ReceiverStatistics,
    /// This side as a receiver.
    receiver: Ssrc,
    /// This side as a sender: what its packets say.
    sender: Option<Ssrc>,
    clock: Option<SenderClock>,
    packets: u32,
    octets: u32,
    /// Whether a sender report went out.
    reported: bool,
}

impl Track {
    pub(super) fn new(id: TrackId, uri: String, clock_rate: u32, receiver: Ssrc) -> Self {
        Self {
            id,
            uri,
            route: Route::None,
            heard: false,
            ended: false,
            statistics: ReceiverStatistics::new(clock_rate),
            receiver,
            sender: None,
            clock: None,
            packets: 0,
            octets: 0,
            reported: false,
        }
    }

    pub(super) fn set_clock(&mut self, clock: SenderClock) {
        self.clock = Some(clock);
    }

    /// Counts a packet of the peer.
    pub(super) fn receive(&mut self, packet: &Bytes, at: Duration) {
        if let Ok(packet) = RtpPacket::decode(&packet[..]) {
            self.heard = true;
            self.statistics.receive(&packet, at);
        }
    }

    /// Uses what the peer reports.
    pub(super) fn receive_reports(&mut self, packet: &Bytes, at: Duration) {
        let Ok(compound) = Compound::decode(packet) else {
            return;
        };
        for report in compound.packets() {
            match report {
                RtcpPacket::SenderReport(report) => {
                    self.statistics.sender_report(report.info().ntp, at);
                }
                RtcpPacket::Goodbye(_) => self.ended = true,
                _ => {}
            }
        }
    }

    /// Counts a packet of this side. Whether a sender report is due before it.
    pub(super) fn send(&mut self, packet: &[u8]) -> Option<bool> {
        let packet = RtpPacket::decode(packet).ok()?;
        self.sender = Some(packet.ssrc());
        self.packets = self.packets.wrapping_add(1);
        let len = u32::try_from(packet.payload().len()).unwrap_or_default();
        self.octets = self.octets.wrapping_add(len);
        Some(!self.reported && self.clock.is_some())
    }

    /// The reports due now: as a sender where the capture clock is known, as a receiver where
    /// something was heard or `always`.
    pub(super) fn report(
        &mut self,
        cname: &str,
        always: bool,
        anchor: &ClockAnchor,
        now: Instant,
        at: Duration,
    ) -> Option<Bytes> {
        let block = self.statistics.report(at);
        let blocks: &[_] = block.as_slice();
        let mut out = Vec::new();
        let mut writer = CompoundWriter::new(&mut out);
        let source = match (self.clock, self.sender) {
            (Some(clock), Some(sender)) => {
                self.reported = true;
                let (ntp, rtp) = (anchor.ntp_at(now), clock.timestamp_at(now));
                let info = SenderInfo::new(sender, ntp, rtp).counts(self.packets, self.octets);
                writer.sender_report(&info, blocks);
                sender
            }
            _ if always || !blocks.is_empty() => {
                writer.receiver_report(self.receiver, blocks);
                self.receiver
            }
            _ => return None,
        };
        writer.cname(source, cname);
        Some(Bytes::from(out))
    }

    /// The farewell of this side.
    pub(super) fn goodbye(&mut self, cname: &str, at: Duration) -> Bytes {
        let block = self.statistics.report(at);
        let source = self.sender.unwrap_or(self.receiver);
        let mut out = Vec::new();
        CompoundWriter::new(&mut out)
            .receiver_report(source, block.as_slice())
            .cname(source, cname)
            .goodbye(&[source], "");
        Bytes::from(out)
    }
}
