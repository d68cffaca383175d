//! App queries, reject descriptions, and whole connects.

use weir_auth::Refusal;
use weir_auth::rtmp::{
    AppQuery, RejectDescription, RejectReason, RtmpAnswer, RtmpClient, RtmpConnect, RtmpMechanism,
};

use super::{PEER, T0, select, server};

/// Reads a query or a description, or asks a server.
pub fn auth_rtmp(data: &[u8]) {
    let Some((selector, text)) = select(data) else {
        return;
    };
    match selector % 4 {
        0 => app_query(text),
        1 => reject_description(text),
        2 => connect(text),
        _ => client(text),
    }
}

/// Law: taken apart and put together it is the same query, and what a log gets has no values.
fn app_query(text: &str) {
    let query = AppQuery::parse(text);
    assert!(!query.app().contains('?'));
    let mut again = query.app().to_owned();
    for (at, (name, value)) in query.params().iter().enumerate() {
        assert!(!name.is_empty() && !name.contains(['&', '?', '=']) && !value.contains(['&', '?']));
        again.push_str(if at == 0 { "?" } else { "&" });
        again.push_str(&format!("{name}={value}"));
        let first = query.params().iter().find(|(known, _)| *known == name);
        assert_eq!(query.params().get(name), first.map(|(_, value)| value));
    }
    let parsed = AppQuery::parse(&again);
    assert!(parsed.params().iter().eq(query.params().iter()));
    let redacted = query.redacted().to_string();
    let hidden = |name: &str| !matches!(name, "authmod" | "user");
    for (name, value) in AppQuery::parse(&redacted).params().iter() {
        assert!(!hidden(name) || value == "...");
    }
}

fn reject_description(text: &str) {
    let Some(parsed) = RejectDescription::parse(text) else {
        return;
    };
    assert!(text.contains(parsed.authmod()));
    assert!(parsed.authmods().count() <= text.len());
    if let RejectReason::Reason { reason, params } = parsed.reason() {
        assert_eq!(params.get("reason"), Some(reason));
    }
}

/// Laws: nobody gets in without the password, every answer fits, and who names a mechanism is never asked to.
fn connect(text: &str) {
    let (mut server, users) = server();
    let args: Vec<&str> = text.split('\n').skip(1).collect();
    let app = text.split('\n').next().unwrap_or_default();
    let connect = RtmpConnect::new(app, PEER).with_args(&args);
    let named = AppQuery::parse(app).params().get("authmod").is_some();
    match server.rtmp_connect(&users, &connect, T0) {
        RtmpAnswer::Accept(_) => panic!("accepted {app}"),
        RtmpAnswer::Reject(reject) => {
            assert!(reject.description.len() <= 255);
            assert!(RejectDescription::parse(&reject.description).is_some());
            assert!(!named || reject.cause != Refusal::NoCredentials);
        }
        RtmpAnswer::Pending(_) => panic!("the store knows everybody"),
        RtmpAnswer::Throttle { .. } => panic!("throttled at the first guess"),
    }
}

/// Law: whatever a server says, a client connects at most three times.
fn client(text: &str) {
    // Without SCRAM, whose iterations are bounded and still too many for here.
    let only = &[
        RtmpMechanism::Adobe,
        RtmpMechanism::Llnw,
        RtmpMechanism::Red5,
        RtmpMechanism::CramMd5,
        RtmpMechanism::CramSha256,
    ];
    let mut client = RtmpClient::new("live", "alice", &"s3cr3t".into(), [3; 32]).only(only);
    let answers = text
        .split('\n')
        .map(|line| client.handle_reject(line))
        .filter(Result::is_ok);
    assert!(answers.count() <= 2);
    assert!(client.app().starts_with("live"));
}
