//! Digest, Basic, CRAM and SCRAM against RFC examples and captures of FFmpeg, GStreamer and curl.

use serde_json::Value;
use weir_auth::http::{
    Authorization, Challenge, Credentials, DigestAlgorithm, DigestInput, HttpClient, Qop,
};
use weir_auth::scram::{ClientFinal, ClientFirst, ScramClient, ScramVerifier, server_first};
use weir_auth::{Secret, Verifier, cram};

use crate::vectors::{Vector, unhex, vectors};

#[test]
fn digest_responses_are_those_of_the_rfcs() {
    for v in vectors("digest", 14) {
        let (user, realm) = (v.text("user"), v.text("realm"));
        let password = Secret::from(v.text("password"));
        let algorithm = DigestAlgorithm::from_name(v.text("alg")).unwrap();
        let qop = match v.maybe("qop") {
            Some("auth") => Qop::Auth {
                nc: v.text("nc"),
                cnonce: v.text("cnonce"),
            },
            _ => Qop::None,
        };
        let (method, uri, nonce) = (v.text("method"), v.text("uri"), v.text("nonce"));
        let input = DigestInput {
            algorithm,
            method,
            uri,
            nonce,
            qop,
        };
        let response = input.response(user, realm, &password);
        assert_eq!(response, v.expected("response"), "{}", v.id);
        if !algorithm.session {
            let stored = Verifier::ha1(algorithm.hash, user, realm, &password);
            assert!(stored.encode().ends_with(v.expected("ha1")), "{}", v.id);
        }
    }
}

/// RFC 2617 has no example of its own; computed with Python's hashlib.
#[test]
fn auth_int_covers_the_body() {
    let input = |body| DigestInput {
        algorithm: DigestAlgorithm::MD5,
        method: "ANNOUNCE",
        uri: "rtsp://h/live/a",
        nonce: "n",
        qop: Qop::AuthInt {
            nc: "00000001",
            cnonce: "c",
            body,
        },
    };
    let response = input(b"v=0\r\n").response("alice", "r5", &"s3cr3t".into());
    assert_eq!(response, "33ea134632eb7c0a3e590fd8279b8bae");
    assert_ne!(
        input(b"v=1\r\n").response("alice", "r5", &"s3cr3t".into()),
        response
    );
}

#[test]
fn basic_is_that_of_the_rfc_in_both_directions() {
    for v in vectors("basic", 4) {
        let mut client =
            HttpClient::new(v.text("user"), &v.text("password").into(), [0; 32]).allow_basic();
        client.handle_unauthorized([r#"Basic realm="x""#]).unwrap();
        let header = client.authorization("GET", "/", b"").unwrap();
        assert_eq!(header, v.expected("authorization"), "{}", v.id);
        let Ok(Authorization::Basic { user, password }) = Authorization::parse(&header) else {
            panic!("{}", v.id);
        };
        assert_eq!(
            (user.as_str(), password),
            (v.text("user"), v.text("password").into())
        );
    }
}

/// What a server that offered `www_authenticate` makes of the captured answer.
fn accepts(v: &Vector, authorization: &Authorization<'_>) -> bool {
    let password = Secret::from(v.text("password"));
    let offers: Vec<Challenge<'_>> = v
        .texts("www_authenticate")
        .into_iter()
        .flat_map(|o| Challenge::parse_list(o).unwrap())
        .collect();
    match authorization {
        Authorization::Basic {
            user,
            password: sent,
        } => user == v.text("user") && *sent == password && offers.iter().any(|o| o.is("Basic")),
        Authorization::Digest(sent) => {
            let algorithm = |offer: &Challenge<'_>| match offer.param("algorithm") {
                Some(name) => DigestAlgorithm::from_name(name),
                None => Some(DigestAlgorithm::MD5),
            };
            let offered = offers
                .iter()
                .find(|o| o.is("Digest") && algorithm(o) == Some(sent.algorithm));
            offered.is_some_and(|offer| {
                Some(sent.realm.as_ref()) == offer.param("realm")
                    && Some(sent.nonce.as_ref()) == offer.param("nonce")
                    && expected_response(v, sent) == sent.response
            })
        }
        _ => false,
    }
}

fn expected_response(v: &Vector, sent: &Credentials<'_>) -> String {
    let qop = match sent.qop.as_deref() {
        Some("auth") => Qop::Auth {
            nc: &sent.nc,
            cnonce: &sent.cnonce,
        },
        _ => Qop::None,
    };
    let (method, uri, nonce) = (v.text("method"), sent.uri.as_ref(), sent.nonce.as_ref());
    let input = DigestInput {
        algorithm: sent.algorithm,
        method,
        uri,
        nonce,
        qop,
    };
    input.response(v.text("user"), &sent.realm, &v.text("password").into())
}

#[test]
fn authorizations_of_real_clients_are_accepted_and_altered_ones_are_not() {
    for v in vectors("rtsp_authorization", 68) {
        let parsed = Authorization::parse(v.text("authorization")).unwrap();
        let expected = v.expect()["accept"].as_bool().unwrap();
        assert_eq!(accepts(&v, &parsed), expected, "{}", v.id);
        if let Authorization::Digest(sent) = &parsed {
            assert_eq!(sent.uri, v.text("request_uri"), "{}", v.id);
        }
    }
}

#[test]
fn our_client_answers_a_challenge_without_qop_as_ffmpeg_and_gstreamer_did() {
    let mut compared = 0;
    for v in vectors("rtsp_authorization", 68) {
        let Ok(Authorization::Digest(captured)) = Authorization::parse(v.text("authorization"))
        else {
            continue;
        };
        let offers = v.texts("www_authenticate");
        if captured.qop.is_some() || offers.iter().any(|o| o.contains("qop")) {
            continue;
        }
        let mut client = HttpClient::new(v.text("user"), &v.text("password").into(), [0; 32]);
        client.handle_unauthorized(offers).unwrap();
        let ours = client
            .authorization(v.text("method"), v.text("request_uri"), b"")
            .unwrap();
        let Ok(Authorization::Digest(ours)) = Authorization::parse(&ours) else {
            panic!("{}", v.id)
        };
        let same = ours.response == captured.response;
        assert_eq!(same, v.expect()["accept"].as_bool().unwrap(), "{}", v.id);
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}

/// The vectors of weir-rtsp that are about authentication: the strongest of several headers is taken.
#[test]
fn of_basic_and_digest_our_client_takes_digest() {
    let mut client = HttpClient::new("u", &"p".into(), [0; 32]).allow_basic();
    client
        .handle_unauthorized([r#"Basic realm="x""#, r#"Digest realm="x", nonce="1""#])
        .unwrap();
    let header = client.authorization("DESCRIBE", "rtsp://h/s", b"").unwrap();
    let Ok(Authorization::Digest(sent)) = Authorization::parse(&header) else {
        panic!("{header}")
    };
    assert_eq!(sent.algorithm, DigestAlgorithm::MD5);
}

#[test]
fn basic_credentials_of_the_rtsp_vectors_are_read() {
    let parsed = Authorization::parse("Basic dXNlcjpwYXNzd29yZA==").unwrap();
    let expected = Authorization::Basic {
        user: "user".into(),
        password: "password".into(),
    };
    assert_eq!(parsed, expected);
}

#[test]
fn cram_md5_is_that_of_the_rfc() {
    for v in vectors("cram_md5", 7) {
        let (user, password) = (v.text("user"), Secret::from(v.text("password")));
        let response = cram::md5_response(user, &password, v.text("challenge"));
        assert_eq!(response, v.expected("response_b64"), "{}", v.id);
        let (named, digest) = cram::parse_md5_response(&response).unwrap();
        assert_eq!(
            (named.as_str(), digest.as_str()),
            (user, v.expected("digest_hex")),
            "{}",
            v.id
        );
    }
}

#[test]
fn cram_sha256_is_that_of_hashlib() {
    let cases: Value = serde_json::from_str(include_str!("../data/cram_sha256.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let text = |name: &str| case[name].as_str().unwrap();
        let response = cram::sha256_response(
            &text("password").into(),
            text("session_id"),
            text("challenge"),
        );
        assert_eq!(response, text("response"));
    }
}

#[test]
fn scram_exchanges_are_those_of_the_rfc_on_both_sides() {
    for v in vectors("scram", 6) {
        let (user, password) = (v.text("user"), Secret::from(v.text("password")));
        let (client_nonce, server_nonce) = (v.text("client_nonce"), v.text("server_nonce"));
        if cfg!(not(feature = "saslprep")) && !(user.is_ascii() && v.text("password").is_ascii()) {
            let refused = ScramClient::new(user, &password, client_nonce);
            assert_eq!(
                refused.err(),
                Some(weir_auth::Misuse::NotPreparable),
                "{}",
                v.id
            );
            continue;
        }
        let mut client = ScramClient::new(user, &password, client_nonce).unwrap();
        assert_eq!(
            client.client_first(),
            v.expected("client_first"),
            "{}",
            v.id
        );
        let first = ClientFirst::parse(v.expected("client_first")).unwrap();
        assert_eq!(
            (first.user.as_str(), first.nonce),
            (user, client_nonce),
            "{}",
            v.id
        );

        let iterations = u32::try_from(v.number("iterations")).unwrap();
        let stored = format!(
            "SCRAM-SHA-256${iterations}:{}${}:{}",
            v.text("salt_b64"),
            v.expected("stored_key_b64"),
            v.expected("server_key_b64")
        );
        let verifier = ScramVerifier::decode(&stored).unwrap();
        let made = ScramVerifier::new(&password, verifier.salt(), iterations).unwrap();
        assert_eq!(made, verifier, "{}", v.id);
        assert_eq!(made.encode(), stored, "{}", v.id);

        let server = server_first(client_nonce, server_nonce, verifier.salt(), iterations);
        assert_eq!(server, v.expected("server_first"), "{}", v.id);
        let client_final = client.handle_server_first(&server).unwrap();
        assert_eq!(client_final, v.expected("client_final"), "{}", v.id);
        let parsed = ClientFinal::parse(&client_final).unwrap();
        let server_final = parsed
            .verify(&verifier, user, client_nonce, server_nonce)
            .unwrap();
        assert_eq!(server_final, v.expected("server_final"), "{}", v.id);
        client.handle_server_final(&server_final).unwrap();

        let other = ScramVerifier::new(&"other".into(), verifier.salt(), iterations).unwrap();
        assert_eq!(
            parsed.verify(&other, user, client_nonce, server_nonce),
            None,
            "{}",
            v.id
        );
    }
}

/// The vectors hold the salted password; the verifier's keys are one HMAC behind it, so PBKDF2 is seen through them.
#[test]
fn pbkdf2_and_hmac_vectors_are_in_reach_of_the_public_api() {
    let scram = vectors("pbkdf2_hmac_sha256", 2)
        .into_iter()
        .find(|v| v.number("iterations") == 4096);
    let v = scram.unwrap();
    let password = String::from_utf8(unhex(v.text("password_hex"))).unwrap();
    let verifier = ScramVerifier::new(&password.into(), &unhex(v.text("salt_hex")), 4096).unwrap();
    assert!(
        verifier
            .encode()
            .contains("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=")
    );
}
