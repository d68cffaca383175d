//! What both roles share: the connection, the tracks, the warnings, the timers of RTCP.

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use std::time::Instant;

use bytes::Bytes;

use crate::{
    Class, Error, LimitExceeded, Limits, Quirks, SendQueue, Warning, WarningCode,
    message::{Item, Reader, Request, Response},
    quirks::Latching,
    rtcp::{IntervalInput, RtcpScheduler},
    rtp::{ClockAnchor, Ssrc, is_rtcp},
    session::{
        Channel, ChannelKind, CommandError, TrackId,
        track::{Route, Track},
    },
    warning::Warnings,
};

#[derive(Debug)]
pub(super) struct Link {
    pub(super) limits: Limits,
    pub(super) queue: SendQueue,
    pub(super) tracks: Vec<Track>,
    pub(super) eof: bool,
    /// When the peer gave its last sign of life.
    pub(super) alive: Instant,
    /// `$` frames on channels no SETUP assigned.
    pub(super) unassigned: u64,
    reader: Reader,
    latching: Latching,
    warnings: Warnings,
    overflow: bool,
    error: Option<Error>,
    /// Packets out of datagrams, waiting for `poll_event`.
    media: VecDeque<(Channel, Bytes)>,
    media_len: usize,
    datagrams: VecDeque<(Channel, SocketAddr, Bytes)>,
    datagrams_len: usize,
    started: Instant,
    last_input: Instant,
    clock: ClockAnchor,
    cname: alloc::string::String,
    reports: Option<RtcpScheduler>,
    random: u64,
}

/// Something the peer sent.
#[derive(Debug)]
pub(super) enum Arrival {
    Request(Box<Request>),
    Response(Box<Response>),
    Packet(Channel, Bytes),
}

impl Link {
    pub(super) fn new(
        limits: &Limits,
        quirks: &Quirks,
        cname: &str,
        clock: ClockAnchor,
        seed: [u8; 32],
        now: Instant,
    ) -> Self {
        let (_, tail) = seed.split_at(24);
        let random = tail.try_into().map_or(0, u64::from_be_bytes);
        Self {
            limits: limits.clone(),
            queue: SendQueue::default(),
            tracks: Vec::new(),
            eof: false,
            alive: now,
            unassigned: 0,
            reader: Reader::new(limits.clone(), quirks.resync),
            latching: quirks.latching,
            warnings: Warnings::default(),
            overflow: false,
            error: None,
            media: VecDeque::new(),
            media_len: 0,
            datagrams: VecDeque::new(),
            datagrams_len: 0,
            started: now,
            last_input: now,
            clock,
            cname: cname.into(),
            reports: None,
            random,
        }
    }

    /// The next number of a sequence that only the seed determines (SplitMix64).
    pub(super) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn random_ssrc(&mut self) -> Ssrc {
        let [a, b, c, d, ..] = self.random().to_be_bytes();
        Ssrc::new(u32::from_be_bytes([a, b, c, d]))
    }

    pub(super) fn set_clock(&mut self, clock: ClockAnchor) {
        self.clock = clock;
    }

    /// Time since the session began: the clock of all statistics.
    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    pub(super) fn handle_input(&mut self, bytes: Bytes, now: Instant) {
        self.last_input = now;
        if self.error.is_some() || bytes.is_empty() {
            return;
        }
        if self.reader.buffered() + bytes.len() + READ_COST > self.limits.max_buffered_input {
            self.overflow = true;
            return;
        }
        self.reader.push(bytes);
    }

    /// Takes a datagram; whether it may be the peer's.
    pub(super) fn handle_datagram(
        &mut self,
        channel: Channel,
        from: SocketAddr,
        bytes: Bytes,
        now: Instant,
    ) {
        if !self.latch(channel, from) {
            self.warnings
                .push(WarningCode::UnknownAddress, self.reader.offset());
            return;
        }
        // Empty and tiny datagrams open firewalls: live555 and others send them.
        let room = self
            .limits
            .max_buffered_input
            .saturating_sub(self.media_len);
        if bytes.len() < 8 || bytes.len() + READ_COST > room {
            return;
        }
        let kind = if is_rtcp(&bytes) {
            ChannelKind::Rtcp
        } else {
            channel.kind
        };
        let channel = Channel { kind, ..channel };
        self.receive(channel, &bytes, now);
        self.media_len += bytes.len() + READ_COST;
        self.media.push_back((channel, bytes));
    }

    /// Whether a datagram may come from this address, which becomes the one to answer to.
    fn latch(&mut self, channel: Channel, from: SocketAddr) -> bool {
        let latching = self.latching;
        let Some(track) = self.track_mut(channel.track) else {
            return false;
        };
        let known = match (&mut track.route, channel.kind) {
            (Route::Udp { rtp, .. }, ChannelKind::Rtp) => rtp,
            (Route::Udp { rtcp, .. }, ChannelKind::Rtcp) => rtcp,
            (Route::Multicast { .. }, _) => return true,
            _ => return false,
        };
        match (latching, *known) {
            (_, Some(known)) if known == from => true,
            (Latching::Never, Some(known)) => known.port() == 0 && known.ip() == from.ip(),
            (Latching::Port, Some(address)) if address.ip() == from.ip() => {
                *known = Some(from);
                true
            }
            (Latching::Port, Some(_)) => false,
            (Latching::Never, None) => false,
            (Latching::Anyone, Some(address)) if address.port() != 0 => address.ip() == from.ip(),
            (Latching::Port, None) | (Latching::Anyone, _) => {
                *known = Some(from);
                true
            }
        }
    }

    fn receive(&mut self, channel: Channel, packet: &Bytes, now: Instant) {
        self.alive = now;
        let at = self.elapsed(now);
        if let Some(track) = self.track_mut(channel.track) {
            match channel.kind {
                ChannelKind::Rtp => track.receive(packet, at),
                ChannelKind::Rtcp => track.receive_reports(packet, at),
            }
        }
    }

    /// The next thing the peer sent.
    pub(super) fn poll(&mut self) -> Result<Option<Arrival>, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if let Some((channel, packet)) = self.media.pop_front() {
            self.media_len -= packet.len() + READ_COST;
            return Ok(Some(Arrival::Packet(channel, packet)));
        }
        if self.overflow {
            let limit = self.limits.max_buffered_input;
            return self.fail(LimitExceeded::BufferedInput { limit });
        }
        if self.queue.replies() > self.limits.max_queued_output {
            let (got, limit) = (self.queue.replies(), self.limits.max_queued_output);
            return self.fail(LimitExceeded::QueuedOutput { got, limit });
        }
        loop {
            let item = self.reader.read();
            while let Some(Warning { code, offset }) = self.reader.next_warning() {
                self.warnings.push(code, offset);
            }
            let item = match item {
                Ok(item) => item,
                Err(error) => return self.fail(error),
            };
            match item {
                None => return Ok(None),
                Some(Item::Request(request)) => return Ok(Some(Arrival::Request(request))),
                Some(Item::Response(response)) => return Ok(Some(Arrival::Response(response))),
                Some(Item::Data(frame)) => {
                    if let Some(channel) = self.channel_of(frame.channel, &frame.payload) {
                        self.receive(channel, &frame.payload, self.last_input);
                        return Ok(Some(Arrival::Packet(channel, frame.payload)));
                    }
                    self.unassigned += 1;
                    self.warnings
                        .push(WarningCode::UnassignedChannel, self.reader.offset());
                }
                Some(Item::Skipped { .. }) => {}
            }
        }
    }

    pub(super) fn fail<T>(&mut self, error: impl Into<Error>) -> Result<T, Error> {
        let error = error.into();
        self.error = Some(error);
        Err(error)
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    pub(super) fn warn(&mut self, code: WarningCode) {
        self.warnings.push(code, self.reader.offset());
    }

    pub(super) fn next_warning(&mut self) -> Option<Warning> {
        self.warnings.pop()
    }

    /// Bytes wait that were not looked at.
    pub(super) fn has_input(&self) -> bool {
        self.reader.buffered() > 0
    }

    /// RTCP comes on the RTP channel too (Hikvision), so the second byte counts.
    fn channel_of(&self, number: u8, payload: &[u8]) -> Option<Channel> {
        self.tracks.iter().find_map(|track| {
            let Route::Interleaved { rtp, rtcp } = track.route else {
                return None;
            };
            let kind = match number {
                _ if number == rtcp && rtcp != rtp => ChannelKind::Rtcp,
                _ if number != rtp => return None,
                _ if is_rtcp(payload) => ChannelKind::Rtcp,
                _ => ChannelKind::Rtp,
            };
            Some(Channel {
                track: track.id,
                kind,
            })
        })
    }

    pub(super) fn track_mut(&mut self, id: TrackId) -> Option<&mut Track> {
        self.tracks.get_mut(id.index())
    }

    /// Gives a track its way.
    pub(super) fn set_route(&mut self, id: TrackId, route: Route) {
        if let Route::Interleaved { rtp, rtcp } = route {
            self.reader.expect_channel(rtp);
            self.reader.expect_channel(rtcp);
        }
        if let Some(track) = self.track_mut(id) {
            track.route = route;
        }
    }

    /// Whether a channel of the connection is taken.
    pub(super) fn is_taken(&self, number: u8) -> bool {
        self.tracks.iter().any(|track| {
            matches!(track.route, Route::Interleaved { rtp, rtcp } if rtp == number || rtcp == number)
        })
    }

    /// Sends an RTP packet.
    pub(super) fn send_rtp(
        &mut self,
        id: TrackId,
        packet: Bytes,
        class: Class,
        now: Instant,
    ) -> Result<(), CommandError> {
        let len = packet.len();
        let track = self.track_mut(id).ok_or(CommandError::NoSuchTrack(id))?;
        let report_first = track.send(&packet).ok_or(CommandError::BadPacket(len))?;
        if report_first {
            self.send_report(id, false, now);
        }
        self.send(
            Channel {
                track: id,
                kind: ChannelKind::Rtp,
            },
            packet,
            class,
            now,
        )
    }

    pub(super) fn send(
        &mut self,
        channel: Channel,
        packet: Bytes,
        class: Class,
        now: Instant,
    ) -> Result<(), CommandError> {
        if u16::try_from(packet.len()).is_err() {
            return Err(CommandError::BadPacket(packet.len()));
        }
        let track = self
            .track_mut(channel.track)
            .ok_or(CommandError::NoSuchTrack(channel.track))?;
        match (track.route, channel.kind) {
            (Route::None, _) => return Err(CommandError::WrongState),
            (Route::Interleaved { rtp: number, .. }, ChannelKind::Rtp)
            | (Route::Interleaved { rtcp: number, .. }, ChannelKind::Rtcp) => {
                self.queue.push_packet(number, packet, class, now);
            }
            (Route::Udp { rtp: to, .. }, ChannelKind::Rtp)
            | (Route::Udp { rtcp: to, .. }, ChannelKind::Rtcp) => {
                if let Some(to) = to.filter(|to| to.port() != 0) {
                    self.push_datagram(channel, to, packet);
                }
            }
            (Route::Multicast { rtcp }, ChannelKind::Rtcp) => {
                self.push_datagram(channel, rtcp, packet);
            }
            // The group hears the one who feeds it, not every session that joined.
            (Route::Multicast { .. }, ChannelKind::Rtp) => {}
        }
        Ok(())
    }

    /// Queues a datagram; what a driver does not fetch in time is lost, as datagrams are.
    fn push_datagram(&mut self, channel: Channel, to: SocketAddr, packet: Bytes) {
        while self.datagrams_len + packet.len() + READ_COST > self.limits.max_queued_output {
            let Some((_, _, oldest)) = self.datagrams.pop_front() else {
                return;
            };
            self.datagrams_len -= oldest.len() + READ_COST;
        }
        self.datagrams_len += packet.len() + READ_COST;
        self.datagrams.push_back((channel, to, packet));
    }

    pub(super) fn poll_datagram(&mut self) -> Option<(Channel, SocketAddr, Bytes)> {
        let datagram = self.datagrams.pop_front()?;
        self.datagrams_len -= datagram.2.len() + READ_COST;
        Some(datagram)
    }

    /// Starts the timer of RTCP.
    pub(super) fn start_reports(&mut self, now: Instant) {
        let seed = self.random();
        let at = self.elapsed(now);
        self.reports = Some(RtcpScheduler::new(IntervalInput::default(), seed, at));
    }

    pub(super) fn stop_reports(&mut self) {
        self.reports = None;
    }

    pub(super) fn reports_due(&self) -> Option<Instant> {
        Some(self.started + self.reports.as_ref()?.poll_timeout())
    }

    /// Sends the reports that are due. `always`: as a receiver of nothing too.
    pub(super) fn handle_report_timer(&mut self, always: bool, now: Instant) {
        let at = self.elapsed(now);
        if !self
            .reports
            .as_mut()
            .is_some_and(|reports| reports.is_due(at))
        {
            return;
        }
        let ids: Vec<_> = self.tracks.iter().map(|track| track.id).collect();
        let sent: usize = ids
            .into_iter()
            .map(|id| self.send_report(id, always, now))
            .sum();
        if let Some(reports) = &mut self.reports {
            reports.sent(sent.max(MIN_REPORT), at);
        }
    }

    /// Sends the report of one track; its length.
    fn send_report(&mut self, id: TrackId, always: bool, now: Instant) -> usize {
        let (clock, at) = (self.clock, self.elapsed(now));
        let cname = core::mem::take(&mut self.cname);
        let report = self
            .track_mut(id)
            .and_then(|track| track.report(&cname, always, &clock, now, at));
        self.cname = cname;
        let Some(report) = report else { return 0 };
        let len = report.len();
        // A track without a way has nobody to report to.
        let _ = self.send(
            Channel {
                track: id,
                kind: ChannelKind::Rtcp,
            },
            report,
            Class::Essential,
            now,
        );
        len
    }

    /// Says farewell on every track.
    pub(super) fn send_goodbyes(&mut self, now: Instant) {
        let at = self.elapsed(now);
        let cname = core::mem::take(&mut self.cname);
        let farewells: Vec<_> = self
            .tracks
            .iter_mut()
            .map(|track| (track.id, track.goodbye(&cname, at)))
            .collect();
        self.cname = cname;
        for (track, packet) in farewells {
            // As above.
            let _ = self.send(
                Channel {
                    track,
                    kind: ChannelKind::Rtcp,
                },
                packet,
                Class::Essential,
                now,
            );
        }
    }

    /// Whether every track heard a BYE, and there is one.
    pub(super) fn all_ended(&self) -> bool {
        !self.tracks.is_empty() && self.tracks.iter().all(|track| track.ended)
    }
}

/// Addresses of both flows of a track on a host; port 0 is unknown.
pub(super) fn udp_route(host: IpAddr, ports: (u16, Option<u16>)) -> Route {
    let (rtp, rtcp) = (
        ports.0,
        ports.1.unwrap_or_else(|| ports.0.saturating_add(1)),
    );
    // 0-1 is what servers write that do not know their ports.
    let rtcp = if rtp == 0 { 0 } else { rtcp };
    Route::Udp {
        rtp: Some(SocketAddr::new(host, rtp)),
        rtcp: Some(SocketAddr::new(host, rtcp)),
    }
}

/// What a stored read or datagram counts beside its bytes.
const READ_COST: usize = 64;
/// The scheduler averages sizes; a round without a report counts as the smallest one.
const MIN_REPORT: usize = 28;
