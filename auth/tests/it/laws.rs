//! Properties that hold for every input.

use core::net::IpAddr;
use core::time::Duration;

use proptest::prelude::*;
use weir_auth::http::{Authorization, Challenge, HttpAnswer, HttpClient, HttpRequest};
use weir_auth::rtmp::{RejectDescription, RtmpAnswer, RtmpClient, RtmpConnect, RtmpMechanism};
use weir_auth::scram::{ClientFirst, ScramClient, ScramVerifier};
use weir_auth::token::{Jwt, StreamGrant, StreamRequest, StreamTokens};
use weir_auth::{
    Action, Authenticator, Config, Found, OneUse, PlaintextPolicy, Secret, SecureToken, ServerKeys,
    UnixTime, User, UserName, UsersFile, Verifier,
};

const T0: UnixTime = UnixTime::from_secs(1_700_000_000);
const ALL: &str = "adobe,llnw,red5,cram-md5,cram-sha256,scram-sha-256,digest,basic";

fn server() -> Authenticator {
    let mut config = Config::default();
    config.offer(ALL).unwrap();
    config.plaintext = PlaintextPolicy::Always;
    Authenticator::new(
        config,
        ServerKeys::new(&Secret::from_bytes(&[1; 32])),
        [2; 32],
    )
}

fn peer() -> IpAddr {
    "203.0.113.7".parse().unwrap()
}

fn mechanisms() -> impl Strategy<Value = RtmpMechanism> {
    prop::sample::select(
        ALL.split(',')
            .filter_map(RtmpMechanism::from_authmod)
            .collect::<Vec<_>>(),
    )
}

/// Names of every length and script that a user may have.
fn names() -> impl Strategy<Value = String> {
    prop_oneof!["[!-~]{1,64}", "\\PC{1,30}", "[a-zé日𝄞]{1,64}"]
        .prop_filter("a name that is allowed", |name| UserName::new(name).is_ok())
}

/// The longest salt and number of iterations that a store may have.
fn longest_scram() -> ScramVerifier {
    let key = "A".repeat(43);
    let text = format!("SCRAM-SHA-256$1000000:{}${key}:{key}", "A".repeat(32));
    ScramVerifier::decode(&text).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// FFmpeg reads 255 bytes of a description and loses the rest.
    #[test]
    fn reject_descriptions_fit_255_bytes_for_every_user(
        name in names(),
        mechanism in mechanisms(),
        salt in "[A-Za-z0-9+/]{1,32}",
        stored in 0..3,
    ) {
        let password = Secret::from("s3cr3t");
        let verifier = match stored {
            0 => Verifier::Plain(password),
            1 => Verifier::adobe(&name, &salt, &password),
            _ => Verifier::Scram(longest_scram()),
        };
        let store = Found::user(User::new(UserName::new(&name).unwrap(), verifier));
        let Ok(mut client) = RtmpClient::new("live", &name, &"wrong".into(), [3; 32]).begin_with(mechanism) else {
            // SCRAM cannot say every name.
            return Ok(());
        };
        let mut server = server();
        for _ in 0..2 {
            let app = client.app();
            let answer = server.rtmp_connect(&store, &RtmpConnect::new(&app, peer()), T0);
            let RtmpAnswer::Reject(reject) = answer else { panic!("{answer:?}") };
            prop_assert!(reject.description.len() <= 255, "{}", reject.description);
            prop_assert!(RejectDescription::parse(&reject.description).is_some());
            if stored == 2 {
                // To answer would take a million rounds.
                break;
            }
            if client.handle_reject(&reject.description).is_err() {
                break;
            }
        }
    }

    #[test]
    fn every_name_and_password_logs_in_with_every_mechanism(
        name in names(),
        password in "\\PC{1,40}",
        mechanism in mechanisms(),
        seed: [u8; 32],
    ) {
        let user = User::new(UserName::new(&name).unwrap(), Verifier::Plain(password.as_str().into()));
        let store = Found::user(user);
        let client = RtmpClient::new("live", &name, &password.into(), seed);
        let Ok(mut client) = client.begin_with(mechanism) else { return Ok(()) };
        let mut server = server();
        let app = client.app();
        let answer = server.rtmp_connect(&store, &RtmpConnect::new(&app, peer()), T0);
        let RtmpAnswer::Reject(reject) = answer else { panic!("{answer:?}") };
        if client.handle_reject(&reject.description).is_err() {
            // SCRAM normalizes names: the one it says is another.
            prop_assert_eq!(mechanism, RtmpMechanism::ScramSha256);
            return Ok(());
        }
        let app = client.app();
        let answer = server.rtmp_connect(&store, &RtmpConnect::new(&app, peer()), T0);
        prop_assert!(matches!(answer, RtmpAnswer::Accept(_)), "{:?}", answer);
    }

    #[test]
    fn every_name_and_password_logs_in_with_digest_and_basic(
        name in names(),
        password in "\\PC{0,40}",
        basic: bool,
        uri in "rtsp://h/[ -~]{0,40}",
    ) {
        let user = User::new(UserName::new(&name).unwrap(), Verifier::Plain(password.as_str().into()));
        let store = Found::user(user);
        let mut server = server();
        let first = server.http_request(&store, &HttpRequest::new("PLAY", &uri, None, peer()), T0);
        let HttpAnswer::Unauthorized { www_authenticate, .. } = first else { panic!() };
        let offers = www_authenticate.iter().map(String::as_str);
        let mut client = HttpClient::new(&name, &password.into(), [3; 32]).allow_basic();
        client.handle_unauthorized(offers.filter(|offer| offer.starts_with("Basic") == basic)).unwrap();
        let header = client.authorization("PLAY", &uri, b"").unwrap();
        let request = HttpRequest::new("PLAY", &uri, Some(&header), peer());
        let answer = server.http_request(&store, &request, T0);
        prop_assert!(matches!(answer, HttpAnswer::Accept(_)), "{header}: {answer:?}");
    }

    #[test]
    fn no_text_makes_a_parser_panic_or_logs_anybody_in(text in "(?s).{0,200}", wire in prop::collection::vec(any::<u8>(), 0..200)) {
        let users = UsersFile::parse("alice=s3cr3t,ROLE_USER").unwrap();
        let mut server = server();
        let wire = String::from_utf8_lossy(&wire).into_owned();
        for text in [&text, &wire] {
            for app in [text.clone(), format!("live?authmod=adobe&user=alice&{text}"), format!("live?{text}")] {
                let answer = server.rtmp_connect(&users, &RtmpConnect::new(&app, peer()), T0);
                prop_assert!(!matches!(answer, RtmpAnswer::Accept(_)));
            }
            for header in [text.clone(), format!("Digest {text}"), format!("Basic {text}")] {
                let request = HttpRequest::new("PLAY", "rtsp://h/", Some(&header), peer());
                let answer = server.http_request(&users, &request, T0);
                prop_assert!(!matches!(answer, HttpAnswer::Accept(_)));
                let _ = Challenge::parse_list(&header);
            }
            let _ = UsersFile::parse(text);
            let _ = RejectDescription::parse(text);
            let _ = ClientFirst::parse(text);
            let _ = Verifier::decode(text);
        }
    }

    #[test]
    fn a_prefix_of_a_users_file_is_an_error_or_fewer_users(text in "([a-z]{1,3}=[a-z{}]{1,5},R(,disabled)?\n|#x\n){0,4}", at in 0..40_usize) {
        let Ok(whole) = UsersFile::parse(&text) else { return Ok(()) };
        let Some(prefix) = text.get(..at) else { return Ok(()) };
        if let Ok(part) = UsersFile::parse(prefix) {
            prop_assert!(part.users().count() <= whole.users().count());
        }
    }

    #[test]
    fn stored_forms_are_read_back_as_written(password in "\\PC{1,40}", salt in "[A-Za-z0-9+/=]{1,32}", realm in "[ -|~]{1,20}") {
        let password = Secret::from(password);
        for algorithm in [weir_auth::http::HashAlgorithm::Md5, weir_auth::http::HashAlgorithm::Sha256] {
            let form = Verifier::ha1(algorithm, "alice", &realm, &password);
            prop_assert_eq!(Verifier::decode(&form.encode()), Ok(form));
        }
        for form in [Verifier::Plain(password.clone()), Verifier::sha256(&password), Verifier::adobe("alice", &salt, &password)] {
            prop_assert!(form.check_password("alice", &password));
            prop_assert_eq!(Verifier::decode(&form.encode()), Ok(form));
        }
    }

    #[test]
    fn a_token_says_what_was_signed(
        app in "\\PC{0,20}", stream in "\\PC{0,20}", subject in "\\PC{0,20}", minutes in 1..1000_u64,
        cut in prop::option::of(1000..2000_u64), once in prop::option::of(any::<[u8; 8]>()), bits in 0..=32_u8,
    ) {
        prop_assume!(!app.ends_with('*') && !stream.ends_with('*') && app != "{user}" && stream != "{user}");
        let tokens = StreamTokens::new(1, &Secret::from_bytes(&[7; 32])).unwrap();
        let minute = |n: u64| T0 + Duration::from_secs(60 * n);
        let mut grant = StreamGrant::new(Action::Play, &app, &stream, &subject, minute(minutes));
        grant.stream_expires = cut.map(minute);
        grant.one_use = once;
        grant.address = Some(weir_auth::AddressPrefix::new(peer(), bits));
        let token = tokens.sign(&grant).unwrap();
        let request = StreamRequest::new(Action::Play, &app, &stream, peer());
        prop_assert_eq!(tokens.verify(&token, &request, &mut OneUse::new(1), T0), Ok(grant));
    }

    #[test]
    fn a_jwt_says_what_was_signed(sub in "\\PC{0,20}") {
        let jwt = Jwt::new(&"k".into()).unwrap();
        let claims = serde_json::json!({ "sub": sub, "exp": 1_700_000_001 });
        let token = jwt.sign(&claims.to_string());
        let verified = jwt.verify(&token, T0).unwrap();
        prop_assert_eq!(verified.text("sub"), Some(sub.as_str()));
    }

    #[test]
    fn a_secure_token_is_deciphered_by_its_own_key(key in "\\PC{1,20}", plain in "[ -~]{1,100}") {
        let token = SecureToken::new(&key.into()).unwrap();
        let sent = token.encrypt(&plain).unwrap();
        prop_assert_eq!(token.answer(&sent), Ok(plain));
    }

    #[test]
    fn scram_names_survive_their_escaping(name in "[ -~]{1,20}") {
        let client = ScramClient::new(&name, &"p".into(), "abc").unwrap();
        let first = client.client_first();
        prop_assert_eq!(ClientFirst::parse(&first).unwrap().user, name);
    }

    #[test]
    fn quoted_parameters_are_read_as_meant(value in "[ -~é]{0,30}") {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        let header = format!("Digest username=\"{escaped}\", realm=\"\", nonce=\"\", uri=\"\", response=\"\"");
        let Ok(Authorization::Digest(parsed)) = Authorization::parse(&header) else { panic!("{header}") };
        prop_assert_eq!(parsed.username.as_ref(), value.as_str());
        let offers = format!("Digest realm=\"{escaped}\", Basic realm=\"{escaped}\"");
        let challenges = Challenge::parse_list(&offers).unwrap();
        prop_assert_eq!(challenges.len(), 2);
        prop_assert!(challenges.iter().all(|c| c.param("realm") == Some(value.as_str())));
    }
}
