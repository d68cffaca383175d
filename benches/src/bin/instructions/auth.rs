//! Workloads of weir-auth.

use std::hint::black_box;
use std::time::Duration;

use weir_auth::http::Authorization;
use weir_auth::{Secret, ServerKeys};
use weir_benches::auth::{self, NOW, Server};

use crate::Workload;

pub(crate) const WORKLOADS: &[Workload] = &[
    ("auth/nonce/seal_open", nonce),
    ("auth/rtmp/challenge", challenge),
    ("auth/rtmp/login", login),
    ("auth/digest/parse", digest_parse),
    ("auth/digest/verify", digest_verify),
    ("auth/token/own", own_token),
    ("auth/token/jwt", jwt),
];

fn nonce(count: usize) {
    let keys = ServerKeys::new(&Secret::from_bytes(&[1; 32]));
    for _ in 0..count {
        let sealed = keys.seal("adobe", &[b"alice"], NOW + Duration::from_secs(60), [7; 8]);
        assert!(
            keys.open(black_box(&sealed), "adobe", &[b"alice"], NOW)
                .is_ok()
        );
    }
}

fn challenge(count: usize) {
    let mut server = Server::default();
    for _ in 0..count {
        black_box(server.challenge());
    }
}

/// Challenge, the client's answer, and its verification.
fn login(count: usize) {
    let mut server = Server::default();
    for _ in 0..count {
        let app = server.answer();
        assert!(server.accepts(&app));
    }
}

fn digest_parse(count: usize) {
    for _ in 0..count {
        assert!(Authorization::parse(black_box(auth::FFMPEG_DIGEST)).is_ok());
    }
}

/// The client's answer and its verification.
fn digest_verify(count: usize) {
    let mut server = Server::default();
    let mut client = server.digest_client();
    for _ in 0..count {
        let header = client
            .authorization("DESCRIBE", auth::URI, b"")
            .expect("challenged");
        assert!(server.accepts_request(&header));
    }
}

fn own_token(count: usize) {
    let (tokens, token) = auth::stream_token();
    for _ in 0..count {
        assert!(auth::permits(&tokens, black_box(&token)));
    }
}

fn jwt(count: usize) {
    let (jwt, token) = auth::jwt();
    for _ in 0..count {
        assert!(jwt.verify(black_box(&token), NOW).is_ok());
    }
}
