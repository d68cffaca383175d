//! Whole RTSP and HTTP logins, and what must not work.

use core::net::IpAddr;
use core::time::Duration;

use weir_auth::http::{
    Authorization, Challenge, DigestAlgorithm, HttpAnswer, HttpClient, HttpClientError,
    HttpRequest, HttpScheme,
};
use weir_auth::{
    Authenticator, Config, PlaintextPolicy, Quirks, Refusal, Secret, ServerKeys, UnixTime,
    UsersFile,
};

const T0: UnixTime = UnixTime::from_secs(1_700_000_000);
const URI: &str = "rtsp://media.example:8554/live/cam1";

fn peer() -> IpAddr {
    "203.0.113.7".parse().unwrap()
}

fn users() -> UsersFile {
    let ha1 = weir_auth::Verifier::ha1(
        weir_auth::http::HashAlgorithm::Sha256,
        "carol",
        "weir",
        &"s3cr3t".into(),
    );
    let file = format!("alice=s3cr3t,ROLE_USER\ncarol={},ROLE_USER", ha1.encode());
    UsersFile::parse(&file).unwrap()
}

fn server(change: impl FnOnce(&mut Config)) -> Authenticator {
    let mut config = Config::default();
    change(&mut config);
    Authenticator::new(
        config,
        ServerKeys::new(&Secret::from_bytes(&[1; 32])),
        [2; 32],
    )
}

fn client(user: &str, password: &str) -> HttpClient {
    HttpClient::new(user, &password.into(), [3; 32])
}

fn ask(server: &mut Authenticator, header: Option<&str>, uri: &str, now: UnixTime) -> HttpAnswer {
    server.http_request(
        &users(),
        &HttpRequest::new("DESCRIBE", uri, header, peer()),
        now,
    )
}

fn refused(answer: HttpAnswer) -> (Vec<String>, Refusal) {
    match answer {
        HttpAnswer::Unauthorized {
            www_authenticate,
            cause,
        } => (www_authenticate, cause),
        other => panic!("{other:?}"),
    }
}

fn accepted(answer: &HttpAnswer) -> bool {
    matches!(answer, HttpAnswer::Accept(_))
}

/// The client challenged, and the header of its answer.
fn challenged(server: &mut Authenticator, client: &mut HttpClient) -> String {
    let (headers, cause) = refused(ask(server, None, URI, T0));
    assert_eq!(cause, Refusal::NoCredentials);
    client
        .handle_unauthorized(headers.iter().map(String::as_str))
        .unwrap();
    client.authorization("DESCRIBE", URI, b"").unwrap()
}

#[test]
fn every_algorithm_logs_in_with_the_right_password_only() {
    for name in [
        "MD5",
        "MD5-sess",
        "SHA-256",
        "SHA-256-sess",
        "SHA-512-256",
        "SHA-512-256-sess",
    ] {
        let algorithm = DigestAlgorithm::from_name(name).unwrap();
        for (password, right) in [("s3cr3t", true), ("wrong", false)] {
            let mut server = server(|c| c.http = vec![HttpScheme::Digest(algorithm)]);
            let header = challenged(&mut server, &mut client("alice", password));
            assert!(header.contains(&format!("algorithm={name}")), "{header}");
            assert_eq!(
                accepted(&ask(&mut server, Some(&header), URI, T0)),
                right,
                "{name}"
            );
        }
    }
}

/// FFmpeg 5.1 fails when SHA-256 stands behind MD5.
#[test]
fn sha_256_is_offered_before_md5_with_the_same_nonce() {
    let (headers, _) = refused(ask(&mut server(|_| ()), None, URI, T0));
    let offers: Vec<Challenge<'_>> = headers
        .iter()
        .flat_map(|header| Challenge::parse_list(header).unwrap())
        .collect();
    let algorithms: Vec<_> = offers
        .iter()
        .map(|offer| offer.param("algorithm").unwrap())
        .collect();
    assert_eq!(algorithms, ["SHA-256", "MD5"]);
    assert_eq!(offers[0].param("nonce"), offers[1].param("nonce"));
    assert_eq!(offers[0].param("qop"), Some("auth"));
}

/// GStreamer 1.22 answers a SHA-256 challenge with MD5.
#[test]
fn an_algorithm_that_was_not_offered_is_refused() {
    let mut md5 = server(|c| c.http = vec![HttpScheme::Digest(DigestAlgorithm::MD5)]);
    let header = challenged(&mut md5, &mut client("alice", "s3cr3t"));
    let mut sha = server(|c| c.http = vec![HttpScheme::Digest(DigestAlgorithm::SHA_256)]);
    let (_, cause) = refused(ask(&mut sha, Some(&header), URI, T0));
    assert_eq!(cause, Refusal::MechanismNotOffered);
}

#[test]
fn wrong_password_and_unknown_user_get_the_same_answer() {
    let answers = [
        ("alice", Refusal::WrongPassword),
        ("nobody", Refusal::UnknownUser),
    ]
    .map(|(user, expected)| {
        let mut server = server(|_| ());
        let header = challenged(&mut server, &mut client(user, "wrong"));
        let (headers, cause) = refused(ask(&mut server, Some(&header), URI, T0));
        assert_eq!(cause, expected);
        headers
    });
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_counter_value_passes_once_and_need_not_come_in_order() {
    let mut server = server(|_| ());
    let mut client = client("alice", "s3cr3t");
    let first = challenged(&mut server, &mut client);
    let second = client.authorization("DESCRIBE", URI, b"").unwrap();
    assert!(second.contains("nc=00000002"), "{second}");
    assert!(accepted(&ask(&mut server, Some(&second), URI, T0)));
    assert!(accepted(&ask(&mut server, Some(&first), URI, T0)));
    for replayed in [&first, &second] {
        let (headers, cause) = refused(ask(&mut server, Some(replayed), URI, T0));
        assert_eq!(cause, Refusal::ReplayedNonce);
        assert!(
            headers.iter().all(|header| header.contains("stale=true")),
            "{headers:?}"
        );
    }
}

#[test]
fn an_expired_nonce_is_stale_and_the_client_goes_on_with_the_new_one() {
    let mut server = server(|_| ());
    let mut client = client("alice", "s3cr3t");
    let header = challenged(&mut server, &mut client);
    let late = T0 + Duration::from_secs(300);
    let (headers, cause) = refused(ask(&mut server, Some(&header), URI, late));
    assert_eq!(cause, Refusal::ExpiredNonce);
    client
        .handle_unauthorized(headers.iter().map(String::as_str))
        .unwrap();
    let header = client.authorization("DESCRIBE", URI, b"").unwrap();
    assert!(accepted(&ask(&mut server, Some(&header), URI, late)));
}

#[test]
fn stale_is_said_only_to_who_knows_the_password() {
    let mut server = server(|_| ());
    let header = challenged(&mut server, &mut client("alice", "wrong"));
    let late = T0 + Duration::from_secs(300);
    let (headers, _) = refused(ask(&mut server, Some(&header), URI, late));
    assert!(
        !headers.iter().any(|header| header.contains("stale")),
        "{headers:?}"
    );
}

#[test]
fn a_nonce_is_bound_to_the_address_it_was_given_to() {
    let mut server = server(|_| ());
    let header = challenged(&mut server, &mut client("alice", "s3cr3t"));
    let other = HttpRequest::new(
        "DESCRIBE",
        URI,
        Some(&header),
        "203.0.113.8".parse().unwrap(),
    );
    let (_, cause) = refused(server.http_request(&users(), &other, T0));
    assert_eq!(cause, Refusal::ForeignNonce);
}

#[test]
fn another_method_than_the_digests_is_refused() {
    let mut server = server(|_| ());
    let header = challenged(&mut server, &mut client("alice", "s3cr3t"));
    let request = HttpRequest::new("TEARDOWN", URI, Some(&header), peer());
    let (_, cause) = refused(server.http_request(&users(), &request, T0));
    assert_eq!(cause, Refusal::WrongPassword);
}

/// VLC 3 signs the base URL with a slash in SETUP, HappyTime without, Bosch BVMS the path alone.
#[test]
fn a_digest_for_the_base_or_the_path_of_the_stream_is_accepted_and_for_others_not() {
    let setup = format!("{URI}/trackID=0");
    let cases = [
        (setup.as_str(), true, true),
        (URI, true, false),
        ("rtsp://media.example:8554/live/cam1/", true, false),
        ("/live/cam1/trackID=0", true, false),
        ("rtsp://media.example:8554/live/cam", false, false),
        ("rtsp://media.example:8554/live/cam2", false, false),
        ("rtsp://media.example:8554/", false, false),
        ("rtsp://other.example:8554/live/cam1", false, false),
        ("", false, false),
    ];
    for (signed, tolerant, strict) in cases {
        for (quirks, expected) in [(Quirks::tolerant(), tolerant), (Quirks::strict(), strict)] {
            let mut server = server(|c| c.quirks = quirks);
            let mut client = client("alice", "s3cr3t");
            challenged(&mut server, &mut client);
            let header = client.authorization("DESCRIBE", signed, b"").unwrap();
            let answer = ask(&mut server, Some(&header), &setup, T0);
            assert_eq!(accepted(&answer), expected, "{signed} {quirks:?}");
            if !expected {
                assert_eq!(refused(answer).1, Refusal::OtherUri, "{signed}");
            }
        }
    }
}

/// GStreamer 1.22 and live555 leave `qop` out of their answers.
#[test]
fn an_answer_without_qop_is_accepted_unless_strict() {
    for (quirks, expected) in [(Quirks::tolerant(), true), (Quirks::strict(), false)] {
        let mut server = server(|c| c.quirks = quirks);
        let (headers, _) = refused(ask(&mut server, None, URI, T0));
        let without_qop: Vec<String> = headers
            .iter()
            .map(|header| header.replace(", qop=\"auth\"", ""))
            .collect();
        let mut client = client("alice", "s3cr3t");
        client
            .handle_unauthorized(without_qop.iter().map(String::as_str))
            .unwrap();
        let header = client.authorization("DESCRIBE", URI, b"").unwrap();
        assert!(!header.contains("qop"), "{header}");
        assert_eq!(
            accepted(&ask(&mut server, Some(&header), URI, T0)),
            expected,
            "{quirks:?}"
        );
    }
}

#[test]
fn auth_int_is_accepted_when_offered_and_covers_the_body() {
    for (offered, body, expected) in [
        (true, "v=0", true),
        (true, "v=1", false),
        (false, "v=0", false),
    ] {
        let mut server = server(|c| c.digest_integrity = offered);
        let (headers, _) = refused(ask(&mut server, None, URI, T0));
        let only_int = |header: &String| {
            header
                .replace("auth,auth-int", "auth-int")
                .replace("qop=\"auth\"", "qop=\"auth-int\"")
        };
        let headers: Vec<String> = headers.iter().map(only_int).collect();
        let mut client = client("alice", "s3cr3t");
        client
            .handle_unauthorized(headers.iter().map(String::as_str))
            .unwrap();
        let header = client.authorization("ANNOUNCE", URI, b"v=0").unwrap();
        let request = HttpRequest::new("ANNOUNCE", URI, Some(&header), peer());
        let answer = server.http_request(&users(), &request.with_body(body.as_bytes()), T0);
        assert_eq!(accepted(&answer), expected, "{offered} {body}");
    }
}

#[test]
fn a_stored_ha1_serves_its_realm_and_hash_only() {
    let mut both = server(|_| ());
    let header = challenged(&mut both, &mut client("carol", "s3cr3t"));
    assert!(accepted(&ask(&mut both, Some(&header), URI, T0)));
    let mut md5 = server(|c| c.http = vec![HttpScheme::Digest(DigestAlgorithm::MD5)]);
    let header = challenged(&mut md5, &mut client("carol", "s3cr3t"));
    let (_, cause) = refused(ask(&mut md5, Some(&header), URI, T0));
    assert_eq!(cause, Refusal::UnsuitableVerifier);
    let mut other_realm = server(|c| c.realm = "other".into());
    let header = challenged(&mut other_realm, &mut client("carol", "s3cr3t"));
    let (_, cause) = refused(ask(&mut other_realm, Some(&header), URI, T0));
    assert_eq!(cause, Refusal::UnsuitableVerifier);
}

#[test]
fn basic_is_neither_offered_nor_accepted_without_tls_unless_allowed() {
    let basic = |policy| {
        move |c: &mut Config| {
            c.http = vec![HttpScheme::Basic];
            c.plaintext = policy;
        }
    };
    let header = "Basic YWxpY2U6czNjcjN0";
    let mut tls_only = server(basic(PlaintextPolicy::OverTls));
    let (headers, cause) = refused(ask(&mut tls_only, Some(header), URI, T0));
    assert_eq!((headers.len(), cause), (0, Refusal::PlaintextWithoutTls));
    let request = HttpRequest::new("DESCRIBE", URI, Some(header), peer()).over_tls();
    assert!(accepted(&tls_only.http_request(&users(), &request, T0)));
    let mut always = server(basic(PlaintextPolicy::Always));
    let (headers, _) = refused(ask(&mut always, None, URI, T0));
    assert_eq!(headers, [r#"Basic realm="weir""#]);
    assert!(accepted(&ask(&mut always, Some(header), URI, T0)));
}

#[test]
fn guessing_is_throttled() {
    let mut server = server(|_| ());
    let mut answer = None;
    for _ in 0..11 {
        let header = challenged(&mut server, &mut client("alice", "wrong"));
        answer = Some(ask(&mut server, Some(&header), URI, T0));
    }
    assert_eq!(
        answer,
        Some(HttpAnswer::Throttle {
            retry_after: Duration::from_secs(6)
        })
    );
}

#[test]
fn the_strongest_challenge_is_answered_whatever_the_order() {
    let md5 = r#"Digest realm="r", nonce="1", algorithm=MD5"#;
    let sha = r#"Digest realm="r", nonce="2", algorithm=SHA-256"#;
    let unknown = r#"Digest realm="r", nonce="3", algorithm=SHA-3, Negotiate abc="#;
    for offers in [[md5, sha, unknown], [unknown, sha, md5]] {
        let mut client = client("u", "p");
        client.handle_unauthorized(offers).unwrap();
        let header = client.authorization("PLAY", "rtsp://h/", b"").unwrap();
        let Ok(Authorization::Digest(sent)) = Authorization::parse(&header) else {
            panic!()
        };
        assert_eq!(sent.algorithm, DigestAlgorithm::SHA_256);
    }
}

#[test]
fn a_client_does_not_send_its_password_unless_allowed() {
    let basic = [r#"Basic realm="r""#];
    let refused = client("u", "p").handle_unauthorized(basic);
    assert_eq!(refused, Err(HttpClientError::NoAcceptableChallenge));
    let mut downgraded = client("u", "p").allow_basic();
    downgraded
        .handle_unauthorized([r#"Digest realm="r", nonce="1""#])
        .unwrap();
    assert_eq!(
        downgraded.handle_unauthorized(basic),
        Err(HttpClientError::Downgrade)
    );
}

/// GStreamer's server changes the nonce on every 401 without `stale=true`.
#[test]
fn a_client_tries_a_new_nonce_once_and_then_stops() {
    let offer = |nonce: u32| format!(r#"Digest realm="r", nonce="{nonce}""#);
    let mut client = client("u", "p");
    client.handle_unauthorized([offer(1).as_str()]).unwrap();
    client.handle_unauthorized([offer(2).as_str()]).unwrap();
    assert_eq!(
        client.handle_unauthorized([offer(3).as_str()]),
        Err(HttpClientError::Refused)
    );
    let mut same_nonce = HttpClient::new("u", &"p".into(), [0; 32]);
    same_nonce.handle_unauthorized([offer(1).as_str()]).unwrap();
    assert_eq!(
        same_nonce.handle_unauthorized([offer(1).as_str()]),
        Err(HttpClientError::Refused)
    );
}

#[test]
fn a_401_without_a_challenge_ends_the_client() {
    for headers in [vec![], vec!["\"nonsense"], vec![""]] {
        let refused = client("u", "p").handle_unauthorized(headers);
        assert_eq!(refused, Err(HttpClientError::NoChallenge));
    }
}

#[test]
fn user_and_password_may_be_empty_and_a_name_may_need_quotes() {
    let offer = [r#"Digest realm="x, y=\"z\"", nonce=abc, algorithm="MD5", opaque="""#];
    let mut client = client("a\"b\\c", "");
    client.handle_unauthorized(offer).unwrap();
    let header = client.authorization("PLAY", "rtsp://h/", b"").unwrap();
    let Ok(Authorization::Digest(sent)) = Authorization::parse(&header) else {
        panic!("{header}")
    };
    assert_eq!(
        (sent.username.as_ref(), sent.realm.as_ref()),
        ("a\"b\\c", "x, y=\"z\"")
    );
    assert!(header.contains("opaque=\"\""), "{header}");
}
