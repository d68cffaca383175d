//! Token buckets: what guessing costs, and that nobody can wash a bucket away.

use core::net::IpAddr;
use core::time::Duration;

use weir_auth::{OneUse, Rate, SpendError, Throttle, ThrottleConfig, UnixTime};

const T0: UnixTime = UnixTime::from_secs(1_700_000_000);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn small(max_entries: usize) -> Throttle {
    let mut config = ThrottleConfig::default();
    config.per_address = Rate::new(2, Duration::from_secs(1));
    config.per_user = Rate::new(4, Duration::from_secs(1));
    config.max_entries = max_entries;
    Throttle::new(config)
}

#[test]
fn neighbours_of_a_network_share_a_bucket_and_others_do_not() {
    for (guesser, neighbour, other) in [
        ("203.0.113.7", "203.0.113.99", "203.0.114.7"),
        ("2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1"),
        ("203.0.113.7", "::ffff:203.0.113.8", "::ffff:203.0.112.7"),
    ] {
        let mut throttle = small(100);
        for name in ["a", "b"] {
            throttle.fail(ip(guesser), name, T0);
        }
        assert!(
            throttle.check(ip(neighbour), "c", T0).is_some(),
            "{neighbour}"
        );
        assert!(throttle.check(ip(other), "c", T0).is_none(), "{other}");
    }
}

#[test]
fn guesses_at_one_user_from_many_networks_share_that_users_bucket() {
    let mut throttle = small(100);
    for net in 0..4 {
        let peer = ip(&format!("198.51.{net}.1"));
        assert_eq!(throttle.check(peer, "alice", T0), None);
        throttle.fail(peer, "alice", T0);
    }
    let wait = throttle.check(ip("198.51.99.1"), "alice", T0);
    assert_eq!(wait, Some(Duration::from_secs(1)));
    assert_eq!(throttle.check(ip("198.51.99.1"), "bob", T0), None);
}

#[test]
fn a_bucket_refills_with_time_and_no_further_than_full() {
    let mut throttle = small(100);
    for _ in 0..2 {
        throttle.fail(ip("198.51.100.1"), "a", T0);
    }
    let second = T0 + Duration::from_secs(1);
    assert_eq!(throttle.check(ip("198.51.100.1"), "x", second), None);
    let day = T0 + Duration::from_secs(86_400);
    throttle.fail(ip("198.51.100.1"), "b", day);
    assert_eq!(throttle.check(ip("198.51.100.1"), "x", day), None);
    throttle.fail(ip("198.51.100.1"), "c", day);
    assert!(throttle.check(ip("198.51.100.1"), "x", day).is_some());
}

#[test]
fn a_full_table_forgets_nobody_and_the_rest_share_a_wide_bucket() {
    let mut throttle = small(8);
    let guesser = ip("198.51.0.1");
    for _ in 0..2 {
        throttle.fail(guesser, "victim", T0);
    }
    for net in 1..=255 {
        throttle.fail(ip(&format!("198.51.{net}.1")), &format!("user{net}"), T0);
    }
    assert!(throttle.check(guesser, "x", T0).is_some());
    // 248 failures found no room; 32 of them were the shared allowance.
    assert!(
        throttle
            .check(ip("192.0.2.1"), "somebody new", T0)
            .is_some()
    );
    let later = T0 + Duration::from_secs(20);
    assert_eq!(throttle.check(ip("192.0.2.1"), "somebody new", later), None);
    assert_eq!(throttle.check(guesser, "x", later), None);
}

#[test]
fn waiting_is_bounded_even_when_failures_go_on() {
    let mut throttle = small(8);
    for _ in 0..1000 {
        throttle.fail(ip("198.51.0.1"), "a", T0);
    }
    let wait = throttle.check(ip("198.51.0.1"), "a", T0).unwrap();
    assert!(wait <= Duration::from_secs(2), "{wait:?}");
}

#[test]
fn used_ids_are_kept_until_they_expire_and_no_longer() {
    let mut used = OneUse::new(2);
    let (soon, late) = (T0 + Duration::from_secs(1), T0 + Duration::from_secs(9));
    assert_eq!(used.spend([1; 16], soon, T0), Ok(()));
    assert_eq!(used.spend([2; 16], late, T0), Ok(()));
    assert_eq!(used.spend([3; 16], late, T0), Err(SpendError::Full));
    assert_eq!(used.spend([2; 16], late, T0), Err(SpendError::Spent));
    assert_eq!(used.spend([3; 16], late, soon), Ok(()));
    assert_eq!(used.spend([2; 16], late, soon), Err(SpendError::Spent));
    assert_eq!(used.len(), 2);
    assert_eq!(
        used.spend([4; 16], late + Duration::from_secs(1), late),
        Ok(())
    );
    assert_eq!(used.len(), 1);
}
