//! One direction of a TCP connection, put in order. RFC 9293, section 3.4.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Puts the segments of one direction in order: late, repeated and overlapping ones.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    /// The sequence number of the first byte.
    first: Option<u32>,
    /// Bytes handed out.
    next: u64,
    /// Segments ahead of a gap, by the place of their first byte.
    early: BTreeMap<u64, Bytes>,
    early_bytes: usize,
}

impl Reassembly {
    /// The first byte has the number behind that of the SYN.
    pub(super) fn open(&mut self, sequence: u32) {
        self.first.get_or_insert_with(|| sequence.wrapping_add(1));
    }

    /// Takes a segment and returns what now stands in order.
    pub(super) fn add(&mut self, sequence: u32, payload: &[u8]) -> Vec<Bytes> {
        let mut ready = Vec::new();
        if payload.is_empty() {
            return ready;
        }
        // A capture that begins in the middle begins here.
        let first = *self.first.get_or_insert(sequence);
        let at = self.place(sequence.wrapping_sub(first));
        if at > self.next {
            if self.early_bytes + payload.len() <= MAX_EARLY_BYTES {
                self.early_bytes += payload.len();
                let old = self.early.insert(at, Bytes::copy_from_slice(payload));
                self.early_bytes -= old.map_or(0, |old| old.len());
            }
            return ready;
        }
        self.take(at, &Bytes::copy_from_slice(payload), &mut ready);
        while let Some(entry) = self.early.first_entry().filter(|e| *e.key() <= self.next) {
            let (at, payload) = entry.remove_entry();
            self.early_bytes -= payload.len();
            self.take(at, &payload, &mut ready);
        }
        ready
    }

    /// Bytes handed out.
    pub(super) const fn bytes(&self) -> u64 {
        self.next
    }

    /// How many bytes are missing before those that came early.
    pub(super) fn missing(&self) -> u64 {
        let next = self.early.keys().next();
        next.map_or(0, |next| next - self.next)
    }

    fn take(&mut self, at: u64, payload: &Bytes, ready: &mut Vec<Bytes>) {
        let known = usize::try_from(self.next.saturating_sub(at)).unwrap_or(usize::MAX);
        if known < payload.len() {
            let fresh = payload.slice(known..);
            self.next += fresh.len() as u64;
            ready.push(fresh);
        }
    }

    /// The place of a sequence number, which wraps: the one nearest to the next byte.
    fn place(&self, relative: u32) -> u64 {
        let epoch = self.next & !u64::from(u32::MAX);
        let near = epoch | u64::from(relative);
        let half = 1 << 31;
        if near > self.next + half {
            near.saturating_sub(1 << 32)
        } else if near + half < self.next {
            near + (1 << 32)
        } else {
            near
        }
    }
}

/// A receive window is not larger in practice.
const MAX_EARLY_BYTES: usize = 8 << 20;
