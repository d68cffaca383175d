//! `WWW-Authenticate`, `Authorization`, and whole requests.

use weir_auth::http::{Authorization, Challenge, HttpAnswer, HttpClient, HttpRequest};

use super::{PEER, T0, select, server};

/// Reads a header, or asks a server or a client.
pub fn auth_http(data: &[u8]) {
    let Some((selector, text)) = select(data) else {
        return;
    };
    match selector % 4 {
        0 => challenges(text),
        1 => authorization(text),
        2 => request(text),
        _ => client(text),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Law: written canonically and read again it is the same list.
fn challenges(text: &str) {
    let Ok(parsed) = Challenge::parse_list(text) else {
        return;
    };
    let meaning = |list: &[Challenge<'_>]| -> Vec<(String, Vec<(String, String)>)> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let params = |one: &Challenge<'_>| one.params().map(owned).collect();
        list.iter()
            .map(|one| (one.scheme().to_owned(), params(one)))
            .collect()
    };
    let meant = meaning(&parsed);
    let param = |(name, value): &(String, String)| format!("{name}={}", quoted(value));
    let line = |(scheme, params): &(String, Vec<(String, String)>)| {
        format!(
            "{scheme} {}",
            params.iter().map(param).collect::<Vec<_>>().join(", ")
        )
    };
    let canonical = meant.iter().map(line).collect::<Vec<_>>().join(", ");
    if canonical.len() <= 8192 {
        let again = Challenge::parse_list(&canonical).expect("canonical text");
        assert_eq!(meaning(&again), meant, "{canonical}");
    }
}

/// Law: written canonically and read again it is the same value.
fn authorization(text: &str) {
    match Authorization::parse(text) {
        Ok(Authorization::Digest(parsed)) => {
            let mut canonical = format!(
                "Digest username={}, realm={}, nonce={}, uri={}, response={}, algorithm={}",
                quoted(&parsed.username),
                quoted(&parsed.realm),
                quoted(&parsed.nonce),
                quoted(&parsed.uri),
                quoted(&parsed.response),
                parsed.algorithm.as_str(),
            );
            for (name, value) in [("nc", &parsed.nc), ("cnonce", &parsed.cnonce)] {
                canonical.push_str(&format!(", {name}={}", quoted(value)));
            }
            if let Some(qop) = &parsed.qop {
                canonical.push_str(&format!(", qop={}", quoted(qop)));
            }
            if canonical.len() <= 8192 {
                let again = Authorization::parse(&canonical).expect("canonical text");
                assert!(again == Authorization::Digest(parsed), "{canonical}");
            }
        }
        Ok(Authorization::Basic { user, password }) => {
            assert!(!user.contains(':'));
            if user.is_empty() {
                return;
            }
            let password = String::from_utf8(password.expose().to_vec()).expect("text");
            let mut client =
                HttpClient::new(&user, &password.as_str().into(), [0; 32]).allow_basic();
            client
                .handle_unauthorized(["Basic realm=x"])
                .expect("a good challenge");
            let header = client.authorization("GET", "/", b"").expect("challenged");
            let again = Authorization::parse(&header).expect("our own");
            assert!(
                again
                    == Authorization::Basic {
                        user,
                        password: password.into()
                    }
            );
        }
        _ => {}
    }
}

/// Laws: nobody gets in without the password, and every refusal has a challenge that can be read.
fn request(text: &str) {
    let (mut server, users) = server();
    let request = HttpRequest::new("DESCRIBE", "rtsp://h/live/cam1", Some(text), PEER);
    match server.http_request(&users, &request.with_body(b"v=0"), T0) {
        HttpAnswer::Unauthorized {
            www_authenticate, ..
        } => {
            assert!(www_authenticate.len() == 4);
            for header in &www_authenticate {
                assert!(Challenge::parse_list(header).expect("our own").len() == 1);
            }
        }
        other => panic!("{other:?}"),
    }
}

/// Laws: a client repeats a request a few times at most, and what it sends can be read.
fn client(text: &str) {
    let mut client = HttpClient::new("alice", &"s3cr3t".into(), [3; 32]);
    let mut answered = 0;
    for line in text.split('\n') {
        if client.handle_unauthorized([line]).is_err() {
            continue;
        }
        answered += 1;
        let header = client
            .authorization("PLAY", "rtsp://h/s", b"x")
            .expect("challenged");
        assert!(!header.contains(['\r', '\n']));
        if header.len() <= 8192 {
            assert!(
                matches!(Authorization::parse(&header), Ok(Authorization::Digest(_))),
                "{header}"
            );
        }
    }
    assert!(answered <= 4, "{answered}");
}
