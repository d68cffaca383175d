//! The RTMP mechanisms against captures of FFmpeg, librtmp, OBS and GStreamer.

use weir_auth::rtmp::{
    AppQuery, RejectDescription, RejectReason, adobe_response, llnw_response, red5_challenge,
    red5_response,
};
use weir_auth::{Secret, SecureToken, Verifier};

use crate::vectors::vectors;

#[test]
fn adobe_responses_of_real_clients_are_computed() {
    for v in vectors("adobe", 20) {
        let (user, password) = (v.text("user"), Secret::from(v.text("password")));
        let (challenge, client) = (v.text("server_challenge"), v.text("client_challenge"));
        let ours = adobe_response(
            user,
            &password,
            v.text("salt"),
            challenge,
            v.maybe("opaque"),
            client,
        );
        let sent = v.maybe("app_sent").map(AppQuery::parse);
        let sent = match sent {
            Some(app) => {
                assert_eq!(app.params().get("challenge"), Some(client), "{}", v.id);
                app.params().get("response").unwrap().to_owned()
            }
            None => v.expected("response").to_owned(),
        };
        assert_eq!(
            ours == sent,
            v.expect()["accept"].as_bool().unwrap(),
            "{}",
            v.id
        );
        if let Some(app) = v.expect()["app"].as_str() {
            assert_eq!(AppQuery::parse(v.text("app_sent")).app(), app, "{}", v.id);
        }
        if let Some(hash) = v.expect()["hash1"].as_str() {
            let stored = Verifier::adobe(user, v.text("salt"), &password);
            let expected = format!("{{adobe:{}}}{hash}", v.text("salt"));
            assert_eq!(stored.encode(), expected, "{}", v.id);
        }
    }
}

#[test]
fn adobe_challenges_parse_into_what_the_clients_answered() {
    let with_description = vectors("adobe", 20)
        .into_iter()
        .filter(|v| v.expect()["needauth_description"].is_string());
    for v in with_description {
        let parsed = RejectDescription::parse(v.expected("needauth_description")).unwrap();
        assert_eq!(parsed.authmod(), "adobe");
        let RejectReason::Reason {
            reason: "needauth",
            params,
        } = parsed.reason()
        else {
            panic!("{}: {parsed:?}", v.id);
        };
        assert_eq!(params.get("user"), Some(v.text("user")), "{}", v.id);
        assert_eq!(params.get("salt"), Some(v.text("salt")), "{}", v.id);
        assert_eq!(
            params.get("challenge"),
            Some(v.text("server_challenge")),
            "{}",
            v.id
        );
        assert_eq!(params.get("opaque"), v.maybe("opaque"), "{}", v.id);
    }
}

#[test]
fn llnw_responses_of_real_clients_are_computed() {
    for v in vectors("llnw", 11) {
        let password = Secret::from(v.text("password"));
        let sent = AppQuery::parse(v.text("app_sent"));
        let (nonce, nc, cnonce) = (v.text("nonce"), v.text("nc"), v.text("cnonce"));
        let ours = llnw_response(v.text("user"), &password, v.text("app"), nonce, nc, cnonce);
        let same = Some(ours.as_str()) == sent.params().get("response");
        assert_eq!(same, v.expect()["accept"].as_bool().unwrap(), "{}", v.id);
        assert_eq!(sent.app(), v.text("app"), "{}", v.id);
        if let Some(description) = v.expect()["needauth_description"].as_str() {
            let parsed = RejectDescription::parse(description).unwrap();
            let RejectReason::Reason { params, .. } = parsed.reason() else {
                panic!("{}", v.id)
            };
            assert_eq!(params.get("nonce"), Some(nonce), "{}", v.id);
        }
    }
}

#[test]
fn red5_challenges_and_responses_are_those_of_the_plugin() {
    for v in vectors("red5", 7) {
        let challenge = red5_challenge(&v.text("server_salt").into(), v.text("sessionid"));
        assert_eq!(challenge, v.expected("challenge"), "{}", v.id);
        let response = red5_response(&v.text("password").into(), &challenge);
        assert_eq!(response, v.expected("response"), "{}", v.id);
        let query = AppQuery::parse(v.expected("connect_query")).params();
        assert_eq!(query.get("response"), Some(response.as_str()), "{}", v.id);
        let parsed = RejectDescription::parse(v.expected("needauth_description")).unwrap();
        let RejectReason::Reason { params, .. } = parsed.reason() else {
            panic!("{}", v.id)
        };
        assert_eq!(
            params.get("challenge"),
            Some(challenge.as_str()),
            "{}",
            v.id
        );
    }
}

#[test]
fn app_queries_are_read_by_the_clients_rules() {
    for v in vectors("parse_app_query", 5) {
        let query = AppQuery::parse(v.text("app"));
        assert_eq!(query.app(), v.expected("app"), "{}", v.id);
        let expected = v.expect()["params"].as_object().unwrap();
        for (name, value) in expected {
            assert_eq!(query.params().get(name), value.as_str(), "{}", v.id);
        }
        assert_eq!(query.params().iter().count(), expected.len(), "{}", v.id);
    }
}

#[test]
fn of_a_repeated_parameter_the_first_counts_and_nameless_ones_are_dropped() {
    let query = AppQuery::parse("live?user=a&=x&user=b&&flag").params();
    assert_eq!(query.get("user"), Some("a"));
    let names: Vec<&str> = query.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["user", "user", "flag"]);
    assert_eq!(query.get("flag"), Some(""));
}

#[test]
fn reject_descriptions_of_the_servers_in_use_are_understood() {
    for v in vectors("parse_reject_description", 6) {
        let parsed = RejectDescription::parse(v.text("description")).unwrap();
        assert_eq!(parsed.authmod(), v.expected("authmod"), "{}", v.id);
        match parsed.reason() {
            RejectReason::NeedAuth => assert_eq!(v.expected("kind"), "need_auth", "{}", v.id),
            RejectReason::Reason { reason, params } => {
                assert_eq!(v.expected("kind"), "reason", "{}", v.id);
                assert_eq!(reason, v.expected("reason"), "{}", v.id);
                let expected = v.expect()["params"].as_object();
                for (name, value) in expected.into_iter().flatten() {
                    assert_eq!(params.get(name), value.as_str(), "{}", v.id);
                }
            }
        }
    }
}

#[test]
fn descriptions_about_other_things_are_not_about_authentication() {
    for text in [
        "",
        "?",
        "Connection failed.",
        "[ code=403 need auth ]",
        "authmod=adobe",
    ] {
        assert_eq!(RejectDescription::parse(text), None, "{text}");
    }
}

#[test]
fn several_advertised_mechanisms_are_all_seen() {
    let text = "[ code=403 need auth; authmod=adobe ] [ code=403 need auth; authmod=llnw ]";
    let parsed = RejectDescription::parse(text).unwrap();
    assert_eq!(parsed.authmods().collect::<Vec<_>>(), ["adobe", "llnw"]);
}

#[test]
fn secure_tokens_are_deciphered_as_rtmpdump_does() {
    for v in vectors("securetoken_tea", 7) {
        let key = SecureToken::new(&v.text("key").into()).unwrap();
        let (sent, plain) = (v.text("secure_token_hex"), v.expected("plaintext"));
        assert_eq!(key.answer(sent).unwrap(), plain, "{}", v.id);
        assert_eq!(key.encrypt(plain).unwrap(), sent, "{}", v.id);
        assert!(
            SecureToken::matches(plain, v.expected("response_arg")),
            "{}",
            v.id
        );
        assert!(!SecureToken::matches(plain, "something else"), "{}", v.id);
    }
}
