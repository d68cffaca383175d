//! What a peer can make the server hold, counted by the allocator. A test binary of its own, because the
//! allocator counts for the whole process.
#![cfg(test)]

use std::alloc::System;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use weir_auth::http::{HttpAnswer, HttpClient, HttpRequest};
use weir_auth::rtmp::{RtmpAnswer, RtmpClient, RtmpConnect, RtmpMechanism};
use weir_auth::{Authenticator, Config, Refusal, Secret, ServerKeys, UnixTime, UsersFile};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const T0: UnixTime = UnixTime::from_secs(1_700_000_000);

/// Bytes allocated and not freed; what a reallocation adds or takes is in both sums.
fn held() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

fn server(change: impl FnOnce(&mut Config)) -> Authenticator {
    let mut config = Config::default();
    config
        .offer("adobe,llnw,red5,cram-md5,cram-sha256")
        .unwrap();
    change(&mut config);
    Authenticator::new(
        config,
        ServerKeys::new(&Secret::from_bytes(&[1; 32])),
        [2; 32],
    )
}

/// One test, because the others would count here too.
#[test]
fn memory_stays_within_the_formula() {
    a_million_challenges_leave_memory_flat();
    wrong_answers_fill_the_throttle_only_and_no_further_than_its_limit();
    logins_are_remembered_within_the_limit();
    digest_counters_are_remembered_within_the_limit();
}

fn a_million_challenges_leave_memory_flat() {
    let users = UsersFile::parse("alice=s3cr3t,ROLE_USER").unwrap();
    let mut server = server(|_| ());
    let before = held();
    for round in 0..1_000_000_u32 {
        let peer = std::net::Ipv4Addr::from_bits(round.wrapping_mul(2_654_435_761)).into();
        let app = format!("live?authmod=adobe&user=user{round}");
        let connect = RtmpConnect::new(&app, peer);
        let now = T0 + Duration::from_millis(round.into());
        let RtmpAnswer::Reject(reject) = server.rtmp_connect(&users, &connect, now) else {
            panic!()
        };
        assert_eq!(reject.cause, Refusal::ChallengeSent);
    }
    assert_eq!(held(), before);
}

/// The `app` of a third step.
fn third_step(
    server: &mut Authenticator,
    users: &UsersFile,
    user: &str,
    password: &str,
    seed: u32,
) -> String {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_be_bytes());
    let client = RtmpClient::new("live", user, &password.into(), bytes);
    let mut client = client.begin_with(RtmpMechanism::Llnw).unwrap();
    let app = client.app();
    let connect = RtmpConnect::new(&app, [192, 0, 2, 1].into());
    let RtmpAnswer::Reject(reject) = server.rtmp_connect(users, &connect, T0) else {
        panic!()
    };
    client.handle_reject(&reject.description).unwrap();
    client.app()
}

fn wrong_answers_fill_the_throttle_only_and_no_further_than_its_limit() {
    let users = UsersFile::parse("alice=s3cr3t,ROLE_USER").unwrap();
    let mut server = server(|config| config.throttle.max_entries = 1000);
    let before = held();
    for round in 0..5000_u32 {
        let user = format!("user{round}");
        let app = third_step(&mut server, &users, &user, "wrong", round);
        let peer = std::net::Ipv4Addr::from_bits(round << 8).into();
        server.rtmp_connect(&users, &RtmpConnect::new(&app, peer), T0);
    }
    let grown = held() - before;
    assert!(grown <= 300 * 1000, "{grown} bytes");
    assert!(
        grown > 50 * 1000,
        "{grown} bytes: the throttle counts nothing"
    );
}

fn logins_are_remembered_within_the_limit() {
    let users = UsersFile::parse("alice=s3cr3t,ROLE_USER").unwrap();
    let mut server = server(|config| config.limits.max_used_nonces = 1000);
    let before = held();
    let mut full = 0;
    for round in 0..1100 {
        let app = third_step(&mut server, &users, "alice", "s3cr3t", round);
        let connect = RtmpConnect::new(&app, [192, 0, 2, 1].into());
        match server.rtmp_connect(&users, &connect, T0) {
            RtmpAnswer::Accept(_) => {}
            RtmpAnswer::Reject(reject) => {
                assert_eq!(reject.cause, Refusal::ReplayMemoryFull);
                full += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(full, 100);
    let grown = held() - before;
    assert!(grown <= 64 * 1000, "{grown} bytes");
}

fn digest_counters_are_remembered_within_the_limit() {
    let users = UsersFile::parse("alice=s3cr3t,ROLE_USER").unwrap();
    let mut server = server(|config| {
        config.offer("digest").unwrap();
        config.limits.max_counted_nonces = 1000;
    });
    let before = held();
    let mut full = 0;
    for _ in 0..1100 {
        let mut ask = |header: Option<&str>| {
            let request = HttpRequest::new("PLAY", "rtsp://h/s", header, [192, 0, 2, 1].into());
            server.http_request(&users, &request, T0)
        };
        let HttpAnswer::Unauthorized {
            www_authenticate, ..
        } = ask(None)
        else {
            panic!()
        };
        let mut client = HttpClient::new("alice", &"s3cr3t".into(), [3; 32]);
        client
            .handle_unauthorized(www_authenticate.iter().map(String::as_str))
            .unwrap();
        let header = client.authorization("PLAY", "rtsp://h/s", b"").unwrap();
        match ask(Some(&header)) {
            HttpAnswer::Accept(_) => {}
            HttpAnswer::Unauthorized { cause, .. } => {
                assert_eq!(cause, Refusal::ReplayMemoryFull);
                full += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(full, 100);
    let grown = held() - before;
    assert!(grown <= 96 * 1000, "{grown} bytes");
}
