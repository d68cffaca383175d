//! Brute force: token buckets per address prefix and per user, as pure state.

use alloc::collections::{BTreeMap, BTreeSet};
use core::net::IpAddr;
use core::time::Duration;

use crate::hash::sha256;
use crate::prefix::AddressPrefix;
use crate::time::UnixTime;

/// How many wrong answers are free, and how fast the allowance comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rate {
    /// Failures accepted at once before the bucket is empty. At least 1.
    pub burst: u32,
    /// Time after which one more failure is accepted. At least 1 ms.
    pub refill: Duration,
}

impl Rate {
    /// `burst` failures at once, then one every `refill`.
    pub const fn new(burst: u32, refill: Duration) -> Self {
        Self { burst, refill }
    }
}

/// The settings of a [`Throttle`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThrottleConfig {
    /// For each IPv4 /24 or IPv6 /64. Default: 10 at once, then one every 6 s.
    pub per_address: Rate,
    /// For each user name, from wherever the guesses come. Default: 30 at once, then one every 2 s.
    ///
    /// Who knows a user's name can keep this bucket empty and so delay that user's own logins; it is
    /// therefore the wider one, and what it costs is a wait of seconds, never a lock-out.
    pub per_user: Rate,
    /// Buckets that are not full, in each of the two tables. Default: 65,536.
    ///
    /// Costs at most 150 bytes each, 19 MiB for both tables. A table that is full forgets nobody: new
    /// names then share one bucket with 16 times the allowance, until others have refilled.
    pub max_entries: usize,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self {
            per_address: Rate::new(10, Duration::from_secs(6)),
            per_user: Rate::new(30, Duration::from_secs(2)),
            max_entries: 65_536,
        }
    }
}

/// Counts wrong answers; [`Authenticator`](crate::Authenticator) has one, API servers may use it alone.
///
/// ```
/// use weir_auth::{Throttle, ThrottleConfig, UnixTime};
///
/// let mut throttle = Throttle::new(ThrottleConfig::default());
/// let (peer, now) = ("203.0.113.7".parse().unwrap(), UnixTime::from_secs(1_700_000_000));
/// for _ in 0..10 {
///     assert_eq!(throttle.check(peer, "alice", now), None);
///     throttle.fail(peer, "alice", now);
/// }
/// let retry_after = throttle.check(peer, "alice", now).expect("ten failures are the allowance");
/// assert_eq!(retry_after.as_secs(), 6);
/// assert_eq!(throttle.check(peer, "alice", now + retry_after), None);
/// ```
#[derive(Debug)]
pub struct Throttle {
    addresses: Buckets,
    users: Buckets,
}

impl Throttle {
    /// All buckets full.
    pub fn new(config: ThrottleConfig) -> Self {
        Self {
            addresses: Buckets::new(config.per_address, config.max_entries),
            users: Buckets::new(config.per_user, config.max_entries),
        }
    }

    /// How long the peer has to wait before its next guess is looked at; `None` when it may guess now.
    pub fn check(&self, peer: IpAddr, user: &str, now: UnixTime) -> Option<Duration> {
        let address = self.addresses.wait(&address_key(peer), now);
        let user = self.users.wait(&user_key(user), now);
        Some(address.max(user)).filter(|wait| !wait.is_zero())
    }

    /// Counts one wrong answer.
    pub fn fail(&mut self, peer: IpAddr, user: &str, now: UnixTime) {
        self.addresses.fail(address_key(peer), now);
        self.users.fail(user_key(user), now);
    }
}

/// A user name of any length takes 16 bytes here.
fn user_key(user: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key.iter_mut()
        .zip(sha256(&[user.as_bytes()]))
        .for_each(|(to, from)| *to = from);
    key
}

/// One customer usually holds a whole IPv6 /64, and many an IPv4 address of one /24.
fn address_key(peer: IpAddr) -> [u8; 16] {
    let prefix = match peer.to_canonical() {
        v4 @ IpAddr::V4(_) => AddressPrefix::new(v4, 24),
        v6 @ IpAddr::V6(_) => AddressPrefix::new(v6, 64),
    };
    match prefix.address() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// Token buckets in the form of GCRA: a bucket is the time at which it will be full again.
#[derive(Debug)]
struct Buckets {
    refill: Duration,
    /// A bucket that is full later than this from now is empty.
    allowance: Duration,
    full_at: BTreeMap<[u8; 16], UnixTime>,
    /// The same buckets ordered by time, so that full ones are in front and can go.
    order: BTreeSet<(UnixTime, [u8; 16])>,
    max_entries: usize,
    /// Shared by everybody who finds no room.
    overflow: UnixTime,
}

impl Buckets {
    fn new(rate: Rate, max_entries: usize) -> Self {
        let refill = rate.refill.max(Duration::from_millis(1));
        Self {
            refill,
            allowance: refill.saturating_mul(rate.burst.max(1) - 1),
            full_at: BTreeMap::new(),
            order: BTreeSet::new(),
            max_entries,
            overflow: UnixTime::default(),
        }
    }

    fn wait(&self, key: &[u8; 16], now: UnixTime) -> Duration {
        let full_at = match self.full_at.get(key) {
            Some(full_at) => *full_at,
            None if self.has_room(now) => return Duration::ZERO,
            None => self.overflow,
        };
        full_at.since(now).saturating_sub(self.allowance)
    }

    fn fail(&mut self, key: [u8; 16], now: UnixTime) {
        while let Some((full_at, old)) = self.order.first().copied().filter(|(at, _)| *at <= now) {
            self.order.remove(&(full_at, old));
            self.full_at.remove(&old);
        }
        let before = match self.full_at.get(&key) {
            Some(full_at) => *full_at,
            None if self.full_at.len() < self.max_entries => now,
            None => {
                self.overflow = self.overflow.max(now) + self.refill / OVERFLOW_FACTOR;
                return;
            }
        };
        // The cap keeps a wait finite when a driver goes on asking in spite of `check`.
        let cap = now + self.allowance + self.refill.saturating_mul(2);
        let full_at = (before.max(now) + self.refill).min(cap);
        self.order.remove(&(before, key));
        self.order.insert((full_at, key));
        self.full_at.insert(key, full_at);
    }

    fn has_room(&self, now: UnixTime) -> bool {
        self.full_at.len() < self.max_entries
            || self
                .order
                .first()
                .is_some_and(|(full_at, _)| *full_at <= now)
    }
}

/// The shared bucket refills this much faster, which is the same as being this much bigger.
const OVERFLOW_FACTOR: u32 = 16;
