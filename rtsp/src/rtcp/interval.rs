//! When RTCP is sent.

use core::time::Duration;

/// What the RTCP transmission interval depends on.
///
/// RFC 3550, sections 6.2, 6.3 and A.7.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct IntervalInput {
    /// Members of the session, ourselves included.
    pub members: u32,
    /// Members that sent media lately.
    pub senders: u32,
    /// Bandwidth for RTCP of all members, in bytes per second.
    pub bandwidth: f64,
    /// Whether we sent media lately.
    pub we_sent: bool,
    /// Average size of compound packets, with UDP and IP headers, in bytes.
    pub average_size: f64,
    /// Whether nothing was sent yet.
    pub initial: bool,
    /// The shortest interval. Default: 5 s; half of it for the first packet.
    pub minimum: Duration,
}

impl Default for IntervalInput {
    /// One receiver and one sender at 5 kB/s, the 5 % of an 800 kbit/s stream.
    fn default() -> Self {
        Self {
            members: 2,
            senders: 1,
            bandwidth: 5000.0,
            we_sent: false,
            average_size: 100.0,
            initial: true,
            minimum: Duration::from_secs(5),
        }
    }
}

impl IntervalInput {
    /// The interval before randomisation, Td.
    ///
    /// While senders are at most a quarter of the members they share a quarter of the bandwidth
    /// and the receivers the rest.
    pub fn deterministic(&self) -> Duration {
        let (members, senders) = (f64::from(self.members), f64::from(self.senders));
        let (share, bandwidth) = match (senders <= members * SENDER_SHARE, self.we_sent) {
            (true, true) => (senders, self.bandwidth * SENDER_SHARE),
            (true, false) => (members - senders, self.bandwidth * (1.0 - SENDER_SHARE)),
            (false, _) => (members, self.bandwidth),
        };
        let minimum = if self.initial {
            self.minimum / 2
        } else {
            self.minimum
        };
        Duration::try_from_secs_f64(self.average_size * share / bandwidth)
            .map_or(MAX_INTERVAL, |time| {
                time.clamp(minimum, MAX_INTERVAL.max(minimum))
            })
    }

    /// The interval T for a random number of 0 to 1: half to one and a half of Td, divided by
    /// e - 3/2 to make up for the reconsideration of timers.
    pub fn randomised(&self, random: f64) -> Duration {
        let factor = (random.clamp(0.0, 1.0) + 0.5) / COMPENSATION;
        self.deterministic().mul_f64(factor)
    }
}

/// Decides when to send RTCP, with timer and reverse reconsideration.
///
/// All times are since any fixed moment.
///
/// RFC 3550, sections 6.3.1 to 6.3.6.
#[derive(Debug, Clone)]
pub struct RtcpScheduler {
    input: IntervalInput,
    previous: Duration,
    next: Duration,
    members_before: u32,
    random: u64,
}

impl RtcpScheduler {
    /// Schedules the first packet. `seed` spreads the timers of many sessions.
    pub fn new(input: IntervalInput, seed: u64, now: Duration) -> Self {
        let mut scheduler = Self {
            input,
            previous: now,
            next: now,
            members_before: input.members,
            random: seed,
        };
        scheduler.next = now.saturating_add(scheduler.interval());
        scheduler
    }

    /// When [`RtcpScheduler::is_due`] wants to be asked next.
    pub const fn poll_timeout(&self) -> Duration {
        self.next
    }

    /// Whether a packet is to be sent now. When it is not, the timer was reconsidered: members
    /// joined since it was set. Call [`RtcpScheduler::sent`] after sending.
    pub fn is_due(&mut self, now: Duration) -> bool {
        if now < self.next {
            return false;
        }
        let due = self.previous.saturating_add(self.interval());
        self.members_before = self.input.members;
        if due > now {
            self.next = due;
            return false;
        }
        true
    }

    /// Counts a compound packet that was sent and sets the timer anew.
    pub fn sent(&mut self, len: usize, now: Duration) {
        self.count(len);
        self.input.initial = false;
        self.previous = now;
        self.next = now.saturating_add(self.interval());
        self.members_before = self.input.members;
    }

    /// Counts a compound packet that came.
    pub fn received(&mut self, len: usize) {
        self.count(len);
    }

    /// Sets how many members and senders there are and whether we send. When members left, the
    /// timer comes nearer in proportion.
    pub fn set_members(&mut self, members: u32, senders: u32, we_sent: bool, now: Duration) {
        self.input.members = members;
        self.input.senders = senders;
        self.input.we_sent = we_sent;
        if members < self.members_before {
            let share = f64::from(members) / f64::from(self.members_before);
            let ahead = self.next.saturating_sub(now).mul_f64(share);
            let behind = now.saturating_sub(self.previous).mul_f64(share);
            self.next = now.saturating_add(ahead);
            self.previous = now.saturating_sub(behind);
            self.members_before = members;
        }
    }

    fn count(&mut self, len: usize) {
        let len = u32::try_from(len + UDP_AND_IP).unwrap_or(u32::MAX);
        let average = &mut self.input.average_size;
        *average += (f64::from(len) - *average) / 16.0;
    }

    fn interval(&mut self) -> Duration {
        // SplitMix64: enough to spread timers, which is all the random number is for.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [.., a, b, c, d] = (z ^ (z >> 31)).to_be_bytes();
        let random = f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX);
        self.input.randomised(random)
    }
}

const SENDER_SHARE: f64 = 0.25;
/// e - 3/2. RFC 3550, section 6.3.1.
const COMPENSATION: f64 = core::f64::consts::E - 1.5;
/// No interval is longer, however little bandwidth there is.
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 3600);
const UDP_AND_IP: usize = 28;
