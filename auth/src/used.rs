//! What was used once and must not be used again, until it would have expired anyway.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::time::UnixTime;

/// Remembers ids until they expire; full means no, never "forget one".
///
/// Holds one entry per id that was spent and has not expired: 24 bytes, about 45 with the tree around
/// them, so at most some 3 MiB for the default of 65,536.
///
/// ```
/// use weir_auth::{OneUse, SpendError, UnixTime};
///
/// let mut used = OneUse::new(65_536);
/// let (now, later) = (UnixTime::from_secs(100), UnixTime::from_secs(160));
/// assert_eq!(used.spend([7; 16], later, now), Ok(()));
/// assert_eq!(used.spend([7; 16], later, now), Err(SpendError::Spent));
/// ```
#[derive(Debug)]
pub struct OneUse {
    /// Ordered by expiry, so that what may be forgotten is in front.
    /// An id has one expiry, sealed or signed with it, so the pair is as unique as the id.
    spent: BTreeSet<(UnixTime, [u8; 16])>,
    max_entries: usize,
}

impl OneUse {
    /// An empty memory of at most `max_entries` ids.
    pub const fn new(max_entries: usize) -> Self {
        Self {
            spent: BTreeSet::new(),
            max_entries,
        }
    }

    /// Spends `id`, which is valid until `expires`.
    ///
    /// Call it with ids whose signature is verified, or a peer fills the memory with ids of its own.
    /// # Errors
    /// [`SpendError::Spent`] and [`SpendError::Full`]; in both cases the answer to the peer is no.
    pub fn spend(
        &mut self,
        id: [u8; 16],
        expires: UnixTime,
        now: UnixTime,
    ) -> Result<(), SpendError> {
        while self.spent.first().is_some_and(|(expiry, _)| *expiry <= now) {
            self.spent.pop_first();
        }
        if self.spent.contains(&(expires, id)) {
            return Err(SpendError::Spent);
        }
        if self.spent.len() >= self.max_entries {
            return Err(SpendError::Full);
        }
        self.spent.insert((expires, id));
        Ok(())
    }

    /// Ids remembered now, expired ones included that no call has met yet.
    pub fn len(&self) -> usize {
        self.spent.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.spent.is_empty()
    }
}

/// Why an id could not be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "closed by what a set can answer")]
pub enum SpendError {
    /// It was spent before.
    #[error("spent before")]
    Spent,
    /// The memory is full.
    #[error("the memory of used ids is full")]
    Full,
}

/// The counters (`nc`) seen for each nonce that several requests share (RFC 7616, section 3.4).
#[derive(Debug)]
pub(crate) struct NonceCounts {
    counts: BTreeMap<(UnixTime, [u8; 16]), Window>,
    max_entries: usize,
}

impl NonceCounts {
    pub(crate) const fn new(max_entries: usize) -> Self {
        Self {
            counts: BTreeMap::new(),
            max_entries,
        }
    }

    /// Takes `count` of the nonce; each value passes once, and up to 63 behind the highest.
    pub(crate) fn take(
        &mut self,
        id: [u8; 16],
        expires: UnixTime,
        count: u32,
        now: UnixTime,
    ) -> Result<(), SpendError> {
        while self
            .counts
            .first_key_value()
            .is_some_and(|((expiry, _), _)| *expiry <= now)
        {
            self.counts.pop_first();
        }
        if let Some(window) = self.counts.get_mut(&(expires, id)) {
            return window.take(count);
        }
        if self.counts.len() >= self.max_entries {
            return Err(SpendError::Full);
        }
        let mut window = Window {
            highest: 0,
            seen: 0,
        };
        let first = window.take(count);
        self.counts.insert((expires, id), window);
        first
    }
}

/// A client may run requests in parallel, so the order is not strict.
#[derive(Debug)]
struct Window {
    highest: u32,
    /// Bit n: `highest - n` was taken.
    seen: u64,
}

impl Window {
    fn take(&mut self, count: u32) -> Result<(), SpendError> {
        if count > self.highest {
            self.seen = self.seen.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return Ok(());
        }
        let bit = 1_u64.checked_shl(self.highest - count).unwrap_or(0);
        // Too far behind to be remembered is as good as taken; so is 0, which no client sends.
        if count == 0 || bit == 0 || self.seen & bit != 0 {
            return Err(SpendError::Spent);
        }
        self.seen |= bit;
        Ok(())
    }
}
