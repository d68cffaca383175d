//! Sequence numbers of one source: what was expected, what came, what restarted.

use super::SequenceNumber;

/// What a packet's sequence number says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// The first packet of the source, or the first after it began anew.
    First,
    /// The packet that was expected.
    Next,
    /// Packets are missing before this one; they may still come late.
    Gap {
        /// How many are missing, 1 to 2999.
        missing: u16,
    },
    /// A packet older than the newest one, or the newest one again.
    Late,
    /// The number is far off. The packet is not counted; if its successor follows, that one is
    /// reported as [`Arrival::First`].
    Stray,
}

/// The sequence numbers of one source.
///
/// A jump of 3000 and more forward or 100 back is a stray packet; two of them in a row are a
/// source that began anew. No probation is asked for: behind RTSP a source is announced.
///
/// RFC 3550, appendix A.1.
#[derive(Debug, Clone, Default)]
pub struct SequenceTracker {
    begun: bool,
    base: u32,
    highest: u16,
    /// Wraps of the sequence number so far, each 2^16.
    cycles: u32,
    /// The number that would confirm a restart.
    restart_at: Option<u16>,
    received: u32,
}

impl SequenceTracker {
    /// Counts a packet and says where it stands.
    #[inline]
    pub fn update(&mut self, sequence: SequenceNumber) -> Arrival {
        let sequence = sequence.get();
        let ahead = sequence.wrapping_sub(self.highest);
        if ahead == 1 && self.begun {
            self.advance(sequence);
            return Arrival::Next;
        }
        self.update_rare(sequence, ahead)
    }

    fn update_rare(&mut self, sequence: u16, ahead: u16) -> Arrival {
        if !self.begun {
            return self.begin(sequence);
        }
        if (1..MAX_DROPOUT).contains(&ahead) {
            self.advance(sequence);
            return Arrival::Gap { missing: ahead - 1 };
        }
        if ahead == 0 || ahead > u16::MAX - MAX_MISORDER {
            self.received = self.received.wrapping_add(1);
            return Arrival::Late;
        }
        if self.restart_at == Some(sequence) {
            return self.begin(sequence);
        }
        self.restart_at = Some(sequence.wrapping_add(1));
        Arrival::Stray
    }

    fn begin(&mut self, sequence: u16) -> Arrival {
        *self = Self {
            begun: true,
            base: u32::from(sequence),
            highest: sequence,
            cycles: 0,
            restart_at: None,
            received: 1,
        };
        Arrival::First
    }

    #[inline]
    const fn advance(&mut self, sequence: u16) {
        if sequence < self.highest {
            self.cycles = self.cycles.wrapping_add(1 << 16);
        }
        self.highest = sequence;
        self.restart_at = None;
        self.received = self.received.wrapping_add(1);
    }

    /// The highest sequence number with the count of wraps above its 16 bits.
    pub const fn extended_highest(&self) -> u32 {
        self.cycles | (self.highest as u32)
    }

    /// Packets that should have come so far: the highest number minus the first, plus one.
    pub const fn expected(&self) -> u32 {
        if !self.begun {
            return 0;
        }
        self.extended_highest()
            .wrapping_sub(self.base)
            .wrapping_add(1)
    }

    /// Packets that came, duplicates and late ones included.
    pub const fn received(&self) -> u32 {
        self.received
    }

    /// Packets lost so far; negative when duplicates outnumber the lost ones.
    ///
    /// Clamped to the 24 bits of a report. RFC 3550, appendix A.3.
    pub fn cumulative_lost(&self) -> i32 {
        let lost = self.expected().wrapping_sub(self.received) as i32;
        lost.clamp(-0x80_0000, 0x7f_ffff)
    }
}

/// A step forward of this many packets or more is not a gap. RFC 3550, appendix A.1.
const MAX_DROPOUT: u16 = 3000;
/// A packet this far back is still late, further back it is a stray. RFC 3550, appendix A.1.
const MAX_MISORDER: u16 = 100;
