//! Statistics of one source as a receiver reports them.

use core::time::Duration;

use super::{Arrival, Jitter, NtpTime, RtpPacket, SequenceTracker, Ssrc};
use crate::rtcp::ReportBlock;

/// What a receiver knows about one source: sequence numbers, jitter and the last sender report.
///
/// One value per track; a packet of another SSRC begins it anew.
///
/// RFC 3550, sections 6.4.1 and A.1, A.3, A.8.
#[derive(Debug, Clone)]
pub struct ReceiverStatistics {
    clock_rate: u32,
    source: Option<Ssrc>,
    sequence: SequenceTracker,
    jitter: Jitter,
    sender_report: Option<(NtpTime, Duration)>,
    expected_prior: u32,
    received_prior: u32,
}

impl ReceiverStatistics {
    /// Starts without a source. `clock_rate` is that of the payload format, in Hz.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            source: None,
            sequence: SequenceTracker::default(),
            jitter: Jitter::default(),
            sender_report: None,
            expected_prior: 0,
            received_prior: 0,
        }
    }

    /// Counts a packet. `arrival` is the time since any fixed moment.
    ///
    /// A new SSRC starts the statistics anew and is reported as [`Arrival::First`].
    pub fn receive<B>(&mut self, packet: &RtpPacket<B>, arrival: Duration) -> Arrival {
        if self.source != Some(packet.ssrc()) {
            let kept = self.sender_report.take_if(|_| self.source.is_none());
            *self = Self {
                source: Some(packet.ssrc()),
                sender_report: kept,
                ..Self::new(self.clock_rate)
            };
        }
        let verdict = self.sequence.update(packet.sequence());
        match verdict {
            Arrival::Stray => return verdict,
            Arrival::First => {
                self.expected_prior = 0;
                self.received_prior = 0;
                self.jitter = Jitter::default();
            }
            Arrival::Next | Arrival::Gap { .. } | Arrival::Late => {}
        }
        self.jitter
            .update(packet.timestamp(), arrival, self.clock_rate);
        verdict
    }

    /// Remembers the NTP time of a sender report, for the round trip of the next report block.
    pub const fn sender_report(&mut self, ntp: NtpTime, arrival: Duration) {
        self.sender_report = Some((ntp, arrival));
    }

    /// The source heard last, if any.
    pub const fn source(&self) -> Option<Ssrc> {
        self.source
    }

    /// The sequence numbers so far.
    pub const fn sequence(&self) -> &SequenceTracker {
        &self.sequence
    }

    /// The jitter in clock units.
    pub const fn jitter(&self) -> u32 {
        self.jitter.value()
    }

    /// Makes the report block of the interval since the last call, or none before any packet.
    pub fn report(&mut self, now: Duration) -> Option<ReportBlock> {
        let source = self.source?;
        let expected = self.sequence.expected();
        let received = self.sequence.received();
        let expected_interval = expected.wrapping_sub(self.expected_prior);
        let received_interval = received.wrapping_sub(self.received_prior);
        self.expected_prior = expected;
        self.received_prior = received;
        let lost = expected_interval.wrapping_sub(received_interval) as i32;
        let fraction = match (u64::try_from(lost), expected_interval) {
            (Ok(lost), 1..) => lost * 256 / u64::from(expected_interval),
            _ => 0,
        };
        let (last_sr, delay) = self.sender_report.map_or((0, 0), |(ntp, at)| {
            let waited = now.saturating_sub(at);
            (ntp.compact(), NtpTime::compact_duration(waited))
        });
        Some(ReportBlock {
            ssrc: source,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            cumulative_lost: self.sequence.cumulative_lost(),
            extended_highest_sequence: self.sequence.extended_highest(),
            jitter: self.jitter.value(),
            last_sr,
            delay_since_last_sr: delay,
        })
    }
}
