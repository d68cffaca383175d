//! When a client tells the server that it is still there.

use core::time::Duration;
use std::time::Instant;

/// The timer of keep-alive requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeepAlive {
    period: Duration,
    pub(super) next: Instant,
}

impl KeepAlive {
    /// A timer for a session with this timeout, 60 s where the server names none.
    pub(super) fn new(timeout: Option<Duration>, now: Instant) -> Self {
        let period = period(timeout.unwrap_or(DEFAULT_TIMEOUT));
        Self {
            period,
            next: now + period,
        }
    }

    /// Begins the period anew: any request of the session is a sign of life.
    pub(super) fn reset(&mut self, now: Instant) {
        self.next = now + self.period;
    }
}

/// Half the timeout or five seconds less than it, whichever comes first, but never less than a
/// second: a timeout of 0 must not spin.
fn period(timeout: Duration) -> Duration {
    (timeout / 2)
        .min(timeout.saturating_sub(MARGIN))
        .max(SHORTEST)
}

/// RFC 2326, section 12.37.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
const MARGIN: Duration = Duration::from_secs(5);
const SHORTEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_leaves_a_margin_and_never_spins() {
        let seconds = |timeout| period(Duration::from_secs(timeout)).as_secs();
        assert_eq!([60, 30, 8, 5, 0].map(seconds), [30, 15, 3, 1, 1]);
    }
}
