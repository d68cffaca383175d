//! The only time this crate knows: Unix time in milliseconds, always an argument.

use core::fmt;
use core::time::Duration;

/// A point in wall-clock time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Expiry dates in nonces and signed URLs have to mean the same in every process, so wall-clock time it
/// is. The crate never asks a clock; the driver passes `now`.
///
/// ```
/// use core::time::Duration;
/// use weir_auth::UnixTime;
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// assert_eq!((now + Duration::from_millis(1500)).as_millis(), 1_700_000_001_500);
/// # #[cfg(feature = "std")]
/// let now = UnixTime::from(std::time::SystemTime::now());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The time `secs` seconds after 1970; stays at the last representable time above it.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// The time `millis` milliseconds after 1970.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Whole seconds since 1970.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`; zero when `earlier` is the later one.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl core::ops::Add<Duration> for UnixTime {
    type Output = Self;

    /// Saturates at the last representable time.
    fn add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
        )
    }
}

impl core::ops::Sub<Duration> for UnixTime {
    type Output = Self;

    /// Saturates at 1970.
    fn sub(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
        )
    }
}

impl fmt::Debug for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnixTime({}.{:03})", self.0 / 1000, self.0 % 1000)
    }
}

#[cfg(feature = "std")]
impl From<std::time::SystemTime> for UnixTime {
    /// Times before 1970 become 1970.
    fn from(time: std::time::SystemTime) -> Self {
        let since = time
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Self::default() + since
    }
}
