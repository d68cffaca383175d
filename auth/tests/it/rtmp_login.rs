//! Whole RTMP logins: our client against our server, and what must not work.

use core::net::IpAddr;
use core::time::Duration;

use weir_auth::rtmp::{
    AppQuery, RtmpAnswer, RtmpClient, RtmpClientError, RtmpConnect, RtmpMechanism,
};
use weir_auth::scram::ScramVerifier;
use weir_auth::{
    Authenticator, Config, Found, Lookup, PasswordCheck, PlaintextPolicy, Principal, Refusal, Role,
    Secret, ServerKeys, UnixTime, User, UserName, UserStore, UsersFile, Verifier,
};

const T0: UnixTime = UnixTime::from_secs(1_700_000_000);
const ALL: &str = "adobe,llnw,red5,cram-md5,cram-sha256,scram-sha-256";

pub(crate) fn peer() -> IpAddr {
    "203.0.113.7".parse().unwrap()
}

pub(crate) fn server(offer: &str) -> Authenticator {
    let mut config = Config::default();
    config.offer(offer).unwrap();
    Authenticator::new(
        config,
        ServerKeys::new(&Secret::from_bytes(&[1; 32])),
        [2; 32],
    )
}

fn users() -> UsersFile {
    UsersFile::parse("alice=s3cr3t,ROLE_USER\nbob=hunter2,ROLE_USER\noff=s3cr3t,ROLE_USER,disabled")
        .unwrap()
}

fn client(user: &str, password: &str) -> RtmpClient {
    RtmpClient::new("live", user, &password.into(), [3; 32])
}

/// Connects until the server accepts or the client gives up; the connections, and how it ended.
fn log_in(
    server: &mut Authenticator,
    store: &impl UserStore,
    client: &mut RtmpClient,
) -> (usize, Result<Principal, RtmpClientError>) {
    for connections in 1..10 {
        let app = client.app();
        match server.rtmp_connect(store, &RtmpConnect::new(&app, peer()), T0) {
            RtmpAnswer::Accept(accept) => {
                let proof = client.handle_accept(accept.proof.as_deref());
                assert_eq!(accept.app, "live");
                return (connections, proof.map(|()| accept.principal));
            }
            RtmpAnswer::Reject(reject) => {
                if let Err(error) = client.handle_reject(&reject.description) {
                    return (connections, Err(error));
                }
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("a login that does not end");
}

fn answer(server: &mut Authenticator, app: &str, now: UnixTime) -> RtmpAnswer {
    server.rtmp_connect(&users(), &RtmpConnect::new(app, peer()), now)
}

fn cause(answer: RtmpAnswer) -> Refusal {
    match answer {
        RtmpAnswer::Reject(reject) => reject.cause,
        other => panic!("{other:?}"),
    }
}

/// The `app` of a correct third step.
fn third_step(server: &mut Authenticator, mechanism: &'static str) -> String {
    let known = RtmpMechanism::from_authmod(mechanism).unwrap();
    let mut client = client("alice", "s3cr3t").begin_with(known).unwrap();
    let RtmpAnswer::Reject(reject) = answer(server, &client.app(), T0) else {
        panic!()
    };
    assert_eq!(reject.cause, Refusal::ChallengeSent);
    client.handle_reject(&reject.description).unwrap();
    client.app()
}

#[test]
fn every_mechanism_logs_in_with_the_right_password_in_three_connections() {
    for mechanism in ALL.split(',') {
        let (connections, result) = log_in(
            &mut server(mechanism),
            &users(),
            &mut client("alice", "s3cr3t"),
        );
        assert_eq!(result.unwrap().name(), "alice", "{mechanism}");
        assert_eq!(connections, 3, "{mechanism}");
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_take_three_connections_and_the_same_words() {
    for mechanism in ALL.split(',') {
        let mut words = Vec::new();
        for (user, cause_expected) in [
            ("alice", Refusal::WrongPassword),
            ("nobody", Refusal::UnknownUser),
        ] {
            let mut server = server(mechanism);
            let mut client = client(user, "wrong");
            for _ in 0..2 {
                let RtmpAnswer::Reject(reject) = answer(&mut server, &client.app(), T0) else {
                    panic!();
                };
                client.handle_reject(&reject.description).unwrap();
            }
            let RtmpAnswer::Reject(reject) = answer(&mut server, &client.app(), T0) else {
                panic!()
            };
            assert_eq!(reject.cause, cause_expected, "{mechanism}");
            assert_eq!(
                client.handle_reject(&reject.description),
                Err(RtmpClientError::Refused),
                "{mechanism}"
            );
            words.push(reject.description);
        }
        assert_eq!(words[0], words[1], "{mechanism}");
    }
}

#[test]
fn a_response_is_good_for_one_login() {
    for mechanism in ALL.split(',') {
        let mut server = server(ALL);
        let app = third_step(&mut server, mechanism);
        assert!(
            matches!(answer(&mut server, &app, T0), RtmpAnswer::Accept(_)),
            "{mechanism}"
        );
        assert_eq!(
            cause(answer(&mut server, &app, T0)),
            Refusal::ReplayedNonce,
            "{mechanism}"
        );
    }
}

#[test]
fn a_response_is_refused_when_its_nonce_has_expired() {
    for mechanism in ALL.split(',') {
        let mut server = server(ALL);
        let app = third_step(&mut server, mechanism);
        let late = T0 + Duration::from_secs(60);
        assert_eq!(
            cause(answer(&mut server, &app, late)),
            Refusal::ExpiredNonce,
            "{mechanism}"
        );
        let just_in_time = late - Duration::from_millis(1);
        let in_time = answer(&mut server, &app, just_in_time);
        assert!(matches!(in_time, RtmpAnswer::Accept(_)), "{mechanism}");
    }
}

#[test]
fn a_nonce_given_to_one_user_does_not_serve_another() {
    for mechanism in ["adobe", "llnw", "red5", "cram-md5", "cram-sha256"] {
        let mut server = server(ALL);
        let app = third_step(&mut server, mechanism).replace("user=alice", "user=bob");
        assert_eq!(
            cause(answer(&mut server, &app, T0)),
            Refusal::ForeignNonce,
            "{mechanism}"
        );
    }
}

#[test]
fn a_nonce_of_one_mechanism_does_not_serve_another() {
    let mut server = server(ALL);
    let app = third_step(&mut server, "adobe");
    let opaque = AppQuery::parse(&app)
        .params()
        .get("opaque")
        .unwrap()
        .to_owned();
    let llnw = format!("live?authmod=llnw&user=alice&nonce={opaque}&cnonce=0&nc=1&response=00");
    assert_eq!(cause(answer(&mut server, &llnw, T0)), Refusal::ForeignNonce);
}

#[test]
fn a_session_id_of_the_clients_own_is_refused() {
    let app = "live?authmod=red5&user=alice&sessionid=ABCDEFGHJKLMN&response=x";
    assert_eq!(
        cause(answer(&mut server("red5"), app, T0)),
        Refusal::ForeignNonce
    );
}

#[test]
fn processes_with_the_same_key_accept_each_others_nonces() {
    let app = third_step(&mut server(ALL), "adobe");
    let other_process = answer(&mut server(ALL), &app, T0);
    assert!(matches!(other_process, RtmpAnswer::Accept(_)));
}

#[test]
fn nonces_of_the_key_before_are_accepted_and_older_ones_are_not() {
    let mut server = server(ALL);
    let app = third_step(&mut server, "llnw");
    server.keys_mut().rotate(&Secret::from_bytes(&[8; 32]));
    assert!(matches!(
        answer(&mut server, &app, T0),
        RtmpAnswer::Accept(_)
    ));
    server.keys_mut().rotate(&Secret::from_bytes(&[9; 32]));
    assert_eq!(cause(answer(&mut server, &app, T0)), Refusal::ForeignNonce);
}

#[test]
fn a_disabled_account_is_refused_in_the_words_of_a_wrong_password() {
    let mut server = server("adobe");
    let (connections, result) = log_in(&mut server, &users(), &mut client("off", "s3cr3t"));
    assert_eq!((connections, result), (3, Err(RtmpClientError::Refused)));
}

#[test]
fn the_first_mechanism_is_advertised_and_the_others_are_accepted_when_named() {
    let mut server = server("adobe,red5");
    let RtmpAnswer::Reject(first) = answer(&mut server, "live", T0) else {
        panic!()
    };
    let need = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
    assert_eq!(
        (first.description.as_str(), first.cause),
        (need, Refusal::NoCredentials)
    );
    let mut named = client("alice", "s3cr3t")
        .begin_with(RtmpMechanism::Red5)
        .unwrap();
    let (connections, result) = log_in(&mut server, &users(), &mut named);
    assert_eq!((connections, result.unwrap().name()), (2, "alice"));
}

/// FFmpeg starts over at "need auth", so whoever names a mechanism must never hear it.
#[test]
fn a_named_mechanism_never_gets_the_words_of_the_first_step() {
    let apps = [
        "live?authmod=llnw&user=alice",
        "live?authmod=nonsense&user=alice",
        "live?authmod=",
        "live?authmod=adobe",
        "live?authmod=adobe&user=",
        "live?authmod=adobe&user=a%20b c",
        "live?authmod=adobe&user=alice&response=x",
        "live?authmod=adobe&user=alice&response=x&opaque=",
        "live?k=v?authmod=adobe&user=alice&response=x&opaque=AAAA",
    ];
    for app in apps {
        let RtmpAnswer::Reject(reject) = answer(&mut server("adobe"), app, T0) else {
            panic!()
        };
        let refused = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed";
        assert_eq!(reject.description, refused, "{app}");
    }
}

#[test]
fn an_app_with_a_query_of_its_own_keeps_it_and_logs_in() {
    let mut client = RtmpClient::new("live?k=v", "alice", &"s3cr3t".into(), [3; 32]);
    let (connections, result) = log_in(&mut server("adobe"), &users(), &mut client);
    assert_eq!((connections, result.unwrap().name()), (3, "alice"));
    assert!(
        client.app().starts_with("live?k=v&authmod=adobe&"),
        "{}",
        client.app()
    );
}

/// FFmpeg 5.1 sends `live?k=v?authmod=..`; an empty application comes from FMLE-style senders.
#[test]
fn second_question_marks_and_empty_applications_are_understood() {
    for app in [
        "live?k=v?authmod=adobe&user=alice",
        "?authmod=adobe&user=alice",
    ] {
        assert_eq!(
            cause(answer(&mut server("adobe"), app, T0)),
            Refusal::ChallengeSent,
            "{app}"
        );
    }
}

#[test]
fn a_red5_response_may_lose_its_padding_and_its_plus_signs() {
    let mut server = server("red5");
    let app = third_step(&mut server, "red5").replace('+', " ");
    let app = app.trim_end_matches('=');
    assert!(matches!(
        answer(&mut server, app, T0),
        RtmpAnswer::Accept(_)
    ));
}

#[test]
fn stored_forms_answer_their_own_mechanism_and_no_other() {
    let password = Secret::from("s3cr3t");
    let name = || UserName::new("alice").unwrap();
    let scram = ScramVerifier::new(&password, b"0123456789abcdef", 4096).unwrap();
    let ha1 = Verifier::ha1(
        weir_auth::http::HashAlgorithm::Md5,
        "alice",
        "live",
        &password,
    );
    let stored = [
        ("adobe", Verifier::adobe("alice", "c2FsdHNh", &password)),
        ("llnw", ha1),
        ("cram-sha256", Verifier::sha256(&password)),
        ("scram-sha-256", Verifier::Scram(scram)),
    ];
    for (own, verifier) in stored {
        let store = Found::user(User::new(name(), verifier));
        for mechanism in ALL.split(',') {
            let (_, result) = log_in(
                &mut server(mechanism),
                &store,
                &mut client("alice", "s3cr3t"),
            );
            assert_eq!(
                result.is_ok(),
                mechanism == own,
                "{own} stored, {mechanism} asked"
            );
            let (_, wrong) = log_in(
                &mut server(mechanism),
                &store,
                &mut client("alice", "wrong"),
            );
            assert_eq!(
                wrong,
                Err(RtmpClientError::Refused),
                "{own} stored, {mechanism} asked"
            );
        }
    }
}

#[test]
fn a_store_may_answer_later() {
    struct Later;
    impl UserStore for Later {
        fn lookup(&self, _: &str) -> Lookup {
            Lookup::Pending
        }
    }
    let mut server = server("adobe");
    let app = "live?authmod=adobe&user=alice";
    let connect = RtmpConnect::new(app, peer());
    let RtmpAnswer::Pending(query) = server.rtmp_connect(&Later, &connect, T0) else {
        panic!()
    };
    assert_eq!((query.name.as_str(), query.password), ("alice", None));
    let found = Found::unknown(Later.decoy());
    assert_eq!(
        cause(server.rtmp_connect(&found, &connect, T0)),
        Refusal::ChallengeSent
    );
}

#[test]
fn passwords_in_connect_arguments_are_taken_over_tls_only_unless_allowed() {
    let args = ["alice", "s3cr3t"];
    let connect = RtmpConnect::new("live", peer()).with_args(&args);
    let mut tls_only = server("basic");
    let refused = tls_only.rtmp_connect(&users(), &connect, T0);
    assert_eq!(cause(refused), Refusal::PlaintextWithoutTls);
    let secure = tls_only.rtmp_connect(&users(), &connect.over_tls(), T0);
    assert!(matches!(secure, RtmpAnswer::Accept(_)));

    let mut config = Config::default();
    config.offer("adobe,basic").unwrap();
    config.plaintext = PlaintextPolicy::Always;
    let mut open = Authenticator::new(config, ServerKeys::new(&"k".into()), [2; 32]);
    assert!(matches!(
        open.rtmp_connect(&users(), &connect, T0),
        RtmpAnswer::Accept(_)
    ));
    let query = RtmpConnect::new("live?username=alice&password=s3cr3t", peer());
    assert!(matches!(
        open.rtmp_connect(&users(), &query, T0),
        RtmpAnswer::Accept(_)
    ));
}

/// Red5 Pro's simple-auth let everybody in who left the password out.
#[test]
fn half_a_pair_of_credentials_is_none() {
    for app in ["live?username=alice", "live?password=s3cr3t", "live"] {
        let connect = RtmpConnect::new(app, peer())
            .with_args(&["alice"])
            .over_tls();
        let answer = server("basic").rtmp_connect(&users(), &connect, T0);
        assert_eq!(cause(answer), Refusal::NoCredentials, "{app}");
    }
}

/// The same plugin compared passwords without regard to case.
#[test]
fn passwords_are_compared_with_their_case_and_length() {
    for wrong in ["S3CR3T", "s3cr3", "s3cr3t ", ""] {
        let args = ["alice", wrong];
        let connect = RtmpConnect::new("live", peer()).with_args(&args).over_tls();
        let answer = server("basic").rtmp_connect(&users(), &connect, T0);
        assert_eq!(cause(answer), Refusal::WrongPassword, "{wrong:?}");
    }
}

#[test]
fn a_password_judged_elsewhere_is_handed_to_the_driver() {
    struct Callback;
    impl UserStore for Callback {
        fn lookup(&self, _: &str) -> Lookup {
            Lookup::Unknown
        }
        fn check_password(&self, _: &str, _: &Secret) -> PasswordCheck {
            PasswordCheck::Pending
        }
    }
    let args = ["alice", "s3cr3t"];
    let connect = RtmpConnect::new("live", peer()).with_args(&args).over_tls();
    let mut server = server("basic");
    let RtmpAnswer::Pending(query) = server.rtmp_connect(&Callback, &connect, T0) else {
        panic!()
    };
    assert_eq!(query.password, Some("s3cr3t".into()));

    let alice = Principal::new("alice", [Role::new("ROLE_USER")]);
    let yes = Found::judged(Some(alice));
    assert!(matches!(
        server.rtmp_connect(&yes, &connect, T0),
        RtmpAnswer::Accept(_)
    ));
    let somebody_else = Found::judged(Some(Principal::new("bob", [])));
    assert_eq!(
        cause(server.rtmp_connect(&somebody_else, &connect, T0)),
        Refusal::WrongPassword
    );
    let no = Found::judged(None);
    assert_eq!(
        cause(server.rtmp_connect(&no, &connect, T0)),
        Refusal::WrongPassword
    );
}

#[test]
fn a_scram_client_leaves_a_server_that_does_not_know_the_user() {
    let mut server = server("scram-sha-256");
    let mut client = client("alice", "s3cr3t");
    for _ in 0..2 {
        let RtmpAnswer::Reject(reject) = answer(&mut server, &client.app(), T0) else {
            panic!()
        };
        client.handle_reject(&reject.description).unwrap();
    }
    let forged = "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert!(matches!(
        client.handle_accept(Some(forged)),
        Err(RtmpClientError::Scram(_))
    ));
}

#[test]
fn a_client_answers_only_the_mechanisms_it_was_told_to() {
    let mut client = client("alice", "s3cr3t").only(&[RtmpMechanism::ScramSha256]);
    let (connections, result) = log_in(&mut server("adobe"), &users(), &mut client);
    assert_eq!(
        (connections, result),
        (1, Err(RtmpClientError::NoAcceptableMechanism))
    );
}

#[test]
fn guessing_is_throttled_and_said_in_terminal_words() {
    let mut server = server("adobe");
    let mut throttled = None;
    for _ in 0..11 {
        let app = third_step(&mut server, "adobe").replace("response=", "response=x");
        throttled = Some(answer(&mut server, &app, T0));
    }
    let Some(RtmpAnswer::Throttle {
        description,
        retry_after,
    }) = throttled
    else {
        panic!()
    };
    assert!(description.ends_with("?reason=authfailed"), "{description}");
    assert_eq!(retry_after, Duration::from_secs(6));
    let later = T0 + retry_after;
    let app = third_step(&mut server, "adobe");
    assert!(matches!(
        answer(&mut server, &app, later),
        RtmpAnswer::Accept(_)
    ));
}

#[test]
fn salts_are_the_same_for_a_name_and_differ_between_names_known_or_not() {
    let mut server = server("adobe");
    let mut salt = |user: &str| {
        let app = format!("live?authmod=adobe&user={user}");
        let RtmpAnswer::Reject(reject) = answer(&mut server, &app, T0) else {
            panic!()
        };
        let (_, rest) = reject.description.split_once("salt=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    for user in ["alice", "nobody"] {
        assert_eq!(salt(user), salt(user));
        assert_eq!(salt(user).len(), 8);
    }
    assert_ne!(salt("alice"), salt("nobody"));
    assert_ne!(salt("nobody"), salt("nobody2"));
}
