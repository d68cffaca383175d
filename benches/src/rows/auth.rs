//! What a login costs a server, and the answer to a challenge.

use std::hint::black_box;
use std::time::Duration;

use weir_auth::http::Authorization;
use weir_auth::{Secret, ServerKeys};

use super::{Amount, Row, run};
use crate::auth::{self as inputs, NOW, Server};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(nonce());
    rows.extend(rtmp());
    rows.extend(digest());
    rows.extend(tokens());
    rows
}

fn row(name: &str) -> Row {
    Row::new(format!("auth/{name}"), || Amount::Elements(1, "login"))
}

fn keys() -> ServerKeys {
    ServerKeys::new(&Secret::from_bytes(&[1; 32]))
}

fn seal(keys: &ServerKeys) -> String {
    keys.seal("adobe", &[b"alice"], NOW + Duration::from_secs(60), [7; 8])
}

fn opens(keys: &ServerKeys, sealed: &str) -> bool {
    keys.open(sealed, "adobe", &[b"alice"], NOW).is_ok()
}

fn nonce() -> [Row; 3] {
    [
        row("nonce/seal").weir(|| {
            let keys = keys();
            run(move || seal(&keys))
        }),
        row("nonce/open").weir(|| {
            let keys = keys();
            let sealed = seal(&keys);
            run(move || assert!(opens(&keys, black_box(&sealed))))
        }),
        row("nonce/seal_open").weir(|| {
            let keys = keys();
            run(move || assert!(opens(&keys, black_box(&seal(&keys)))))
        }),
    ]
}

fn rtmp() -> [Row; 2] {
    [
        row("rtmp/challenge").weir(|| {
            let mut server = Server::default();
            run(move || server.challenge())
        }),
        // Challenge, the client's answer, and its verification.
        row("rtmp/login").weir(|| {
            let mut server = Server::default();
            run(move || {
                let app = server.answer();
                assert!(server.accepts(&app));
            })
        }),
    ]
}

fn digest() -> [Row; 3] {
    let parse = row("digest/parse")
        .weir(|| run(|| Authorization::parse(black_box(inputs::FFMPEG_DIGEST)).is_ok()));
    #[cfg(feature = "peers")]
    let parse = parse.with("digest_auth", || {
        run(|| {
            digest_auth::AuthorizationHeader::parse(black_box(inputs::FFMPEG_DIGEST))
                .expect("an answer")
        })
    });
    // The client's answer and its verification.
    let verify = row("digest/verify").weir(|| {
        let mut server = Server::default();
        let mut client = server.digest_client();
        run(move || {
            let header = client.authorization("DESCRIBE", inputs::URI, b"");
            assert!(server.accepts_request(&header.expect("challenged")));
        })
    });
    let respond = row("digest/respond").weir(|| {
        let mut client = inputs::challenged_client();
        run(move || {
            client
                .authorization("DESCRIBE", inputs::URI, b"")
                .expect("challenged")
        })
    });
    #[cfg(feature = "peers")]
    let respond = respond.with("digest_auth", || {
        let mut challenge = digest_auth::parse(inputs::CHALLENGE).expect("a challenge");
        let method = digest_auth::HttpMethod(std::borrow::Cow::Borrowed("DESCRIBE"));
        let context = digest_auth::AuthContext::new_with_method(
            "alice",
            "s3cr3t",
            inputs::URI,
            None::<&[u8]>,
            method,
        );
        run(move || {
            let answer = challenge.respond(&context).expect("an answer");
            answer.to_header_string()
        })
    });
    [parse, verify, respond]
}

fn tokens() -> [Row; 2] {
    [
        row("token/own").weir(|| {
            let (tokens, token) = inputs::stream_token();
            run(move || assert!(inputs::permits(&tokens, black_box(&token))))
        }),
        row("token/jwt").weir(|| {
            let (jwt, token) = inputs::jwt();
            run(move || assert!(jwt.verify(black_box(&token), NOW).is_ok()))
        }),
    ]
}
