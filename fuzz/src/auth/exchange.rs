//! The verifiers of signed URLs, SCRAM, CRAM and SecureToken.

use std::time::Duration;

use weir_auth::rtmp::Params;
use weir_auth::scram::{ClientFinal, ClientFirst, ScramClient, ScramVerifier};
use weir_auth::token::{
    AuthKey, CloudToken, EdgeAuth, EdgeAuthHash, EdgeAuthToken, Jwt, LalSecret, NginxSecureLink,
    NodeMediaSign, ProtectedVod, SignedPolicy, StreamGrant, StreamPath, StreamRequest,
    StreamTokens, TxSecret, WowzaHash, WowzaToken,
};
use weir_auth::{Action, AddressPrefix, OneUse, Secret, SecureToken, cram};

use super::{PEER, T0, select};

/// Reads a token or message; what it did not sign itself no verifier may take.
pub fn auth_exchange(data: &[u8]) {
    let Some((selector, text)) = select(data) else {
        return;
    };
    match selector % 16 {
        0 => stream_token(text),
        1 => jwt(text),
        2 => edge_auth(text),
        3 => signed_policy(text),
        4 => wowza(text),
        5 => nginx(text),
        6 => tencent_and_lal(text),
        7 => aliyun_and_nms(text),
        8 => cloud(text),
        9 => protected_vod(text),
        10 => scram_server(text),
        11 => scram_client(text),
        12 => scram_stored(text),
        13 => secure_token(text),
        14 => drop(cram::parse_md5_response(text)),
        _ => address_prefix(text),
    }
}

/// No input can know this.
fn secret() -> Secret {
    Secret::from_bytes(b"\x5a\xc1\x07\xee\x12\x80\x99\x3f\x5a\xc1\x07\xee\x12\x80\x99\x3f")
}

fn stream_token(text: &str) {
    let tokens = StreamTokens::new(1, &secret()).expect("a secret");
    let mut used = OneUse::new(4);
    let request = StreamRequest::new(Action::Play, "live", "cam1", PEER);
    assert!(tokens.verify(text, &request, &mut used, T0).is_err());
    // The same bytes as the content of a token.
    let mut fields = text.split('\n');
    let mut next = || fields.next().unwrap_or_default();
    let (app, stream) = (next(), next());
    let mut grant = StreamGrant::new(
        Action::Play,
        app,
        stream,
        next(),
        T0 + Duration::from_secs(1),
    );
    grant.one_use = Some([7; 8]);
    grant.address = next().parse().ok();
    let Ok(token) = tokens.sign(&grant) else {
        return;
    };
    let request = StreamRequest::new(Action::Play, app, stream, PEER);
    if let Ok(verified) = tokens.verify(&token, &request, &mut used, T0) {
        assert_eq!(verified, grant);
        assert!(tokens.verify(&token, &request, &mut used, T0).is_err());
    }
    let cut = token.get(..token.len() - 1).unwrap_or_default();
    assert!(tokens.verify(cut, &request, &mut used, T0).is_err());
}

fn jwt(text: &str) {
    let jwt = Jwt::new(&secret()).expect("a secret");
    assert!(jwt.verify(text, T0).is_err());
    // The same text as claims.
    if let Ok(claims) = jwt.clone().allow_endless().verify(&jwt.sign(text), T0) {
        assert!(text.trim_start().starts_with('{'));
        assert!(claims.number("exp").is_none_or(|exp| exp > T0.as_secs()));
    }
}

fn edge_auth(text: &str) {
    let auth = EdgeAuth::new("5ac107ee1280993f", EdgeAuthHash::Sha256)
        .expect("a key")
        .escape_early();
    assert!(auth.verify(text, "/live/cam1", PEER, T0).is_err());
    let (acl, url) = text.split_once('\n').unwrap_or((text, ""));
    if acl.contains('~') {
        return;
    }
    let expires = T0.as_secs() + 1;
    let token = EdgeAuthToken {
        expires,
        acl: Some(acl.into()),
        ..EdgeAuthToken::default()
    };
    let signed = auth.sign(&token, "");
    if let Ok(verified) = auth.verify(&signed, url, PEER, T0) {
        assert_eq!(verified, token);
    } else {
        assert!(acl != "*" && (acl.contains(['!', '*', '?']) || acl != url));
    }
}

fn signed_policy(text: &str) {
    let policy = SignedPolicy::new(&secret()).expect("a secret");
    assert!(policy.verify(text, PEER, T0).is_err());
    let _ = policy.verify(&policy.sign("rtmp://h/app/cam", text), PEER, T0);
    let good = policy.sign(text, r#"{"url_expire":1700000001000}"#);
    if !text.contains(['?', '&']) {
        assert!(policy.verify(&good, PEER, T0).is_ok() || good.len() > 8192);
    }
}

fn wowza(text: &str) {
    let token = WowzaToken::new(&secret(), "wowzatoken", WowzaHash::Sha256).expect("a secret");
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    assert!(token.verify(path, Params::parse(query), PEER, T0).is_err());
    let items: Vec<String> = Params::parse(query)
        .iter()
        .filter(|(name, _)| name.starts_with("wowzatoken") && *name != "wowzatokenhash")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let signed = format!(
        "wowzatokenhash={}&{}",
        token.sign(path, &items),
        items.join("&")
    );
    let verified = token.verify(path, Params::parse(&signed), PEER, T0);
    assert!(verified != Err(weir_auth::TokenError::BadSignature));
}

fn nginx(text: &str) {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let link = NginxSecureLink::new(next(), &secret()).expect("a secret");
    let (uri, expires) = (next(), next());
    let signed = link.sign(uri, PEER, Some(expires));
    let verified = link.verify(&signed, Some(expires), uri, PEER, T0);
    assert!(verified != Err(weir_auth::TokenError::BadSignature));
    let _ = link.verify(next(), Some(expires), uri, PEER, T0);
}

fn tencent_and_lal(text: &str) {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (stream, sent, time) = (next(), next(), next());
    let key = TxSecret::new(&secret()).expect("a secret");
    assert!(key.verify(stream, sent, time, T0).is_err());
    if let Ok(()) = key.verify(stream, &key.sign(stream, time), time, T0) {
        assert!(u64::from_str_radix(time, 16).is_ok_and(|end| end > T0.as_secs()));
    }
    let lal = LalSecret::new(&secret()).expect("a secret");
    assert!(lal.verify(stream, sent).is_err());
    assert!(lal.verify(stream, &lal.sign(stream)).is_ok());
}

fn aliyun_and_nms(text: &str) {
    let (uri, sent) = text.split_once('\n').unwrap_or((text, ""));
    let key = AuthKey::new(&secret(), Duration::from_secs(60)).expect("a secret");
    assert!(key.verify(uri, sent, T0).is_err());
    assert!(
        key.verify(uri, &key.sign(uri, T0.as_secs(), "0", "0"), T0)
            .is_ok()
    );
    let nms = NodeMediaSign::new(&secret()).expect("a secret");
    assert!(nms.verify(uri, sent, T0).is_err());
    assert!(
        nms.verify(uri, &nms.sign(uri, T0.as_secs() + 1), T0)
            .is_ok()
    );
}

fn cloud(text: &str) {
    let cloud = CloudToken::new(&secret()).expect("a secret");
    assert!(cloud.verify(text, T0).is_err());
    if let Ok(grant) = cloud.verify(&cloud.sign(text), T0) {
        assert!(grant.expires > T0);
        assert_eq!(text.split(':').count(), 5 + grant.params.len());
    }
}

fn protected_vod(text: &str) {
    let (app, name) = text.split_once('\n').unwrap_or((text, ""));
    let vod = ProtectedVod::new(&secret()).expect("a secret");
    let path = StreamPath::new(app, name);
    assert!(!path.joined().starts_with('/') && !path.joined().contains('?'));
    assert!(vod.verify(&path, "vod", &["flv"], PEER, T0).is_err());
    let signed = vod.sign(app, "f.flv", PEER, T0 + Duration::from_secs(1));
    let app = format!("vod/{app}/{signed}");
    if !app.contains(['?', '\n']) && !app.contains("//") {
        let found = vod.verify(&StreamPath::new(&app, "f"), "vod", &["flv"], PEER, T0);
        assert!(found.is_ok(), "{app}: {found:?}");
    }
}

fn scram_server(text: &str) {
    if let Ok(first) = ClientFirst::parse(text) {
        let escaped = first.user.replace('=', "=3D").replace(',', "=2C");
        assert_eq!(
            format!("{}n={escaped},r={}", first.gs2_header, first.nonce),
            text
        );
    }
    if let Ok(last) = ClientFinal::parse(text) {
        let key = "A".repeat(43);
        let stored = format!("SCRAM-SHA-256$4096:AAAA${key}:{key}");
        let verifier = ScramVerifier::decode(&stored).expect("a good form");
        assert!(last.verify(&verifier, "alice", "", last.nonces()).is_none());
    }
}

fn scram_client(text: &str) {
    let mut client = ScramClient::new("alice", &"s3cr3t".into(), "abc").expect("ASCII");
    // More iterations are allowed, and too many for here.
    if text.ends_with(",i=4096") {
        if let Ok(message) = client.handle_server_first(text) {
            assert!(ClientFinal::parse(&message).is_ok(), "{message}");
        }
    }
    assert!(client.handle_server_final(text).is_err());
}

fn scram_stored(text: &str) {
    if let Ok(verifier) = ScramVerifier::decode(text) {
        assert_eq!(ScramVerifier::decode(&verifier.encode()), Ok(verifier));
    }
}

fn secure_token(text: &str) {
    let key = SecureToken::new(&secret()).expect("a secret");
    if let Ok(plain) = key.answer(text) {
        assert!(plain.len() * 2 <= text.len());
    }
    if let Ok(sent) = key.encrypt(text) {
        assert_eq!(
            key.answer(&sent).as_deref(),
            Ok(text.trim_end_matches('\0'))
        );
    }
}

fn address_prefix(text: &str) {
    if let Ok(prefix) = text.parse::<AddressPrefix>() {
        assert!(prefix.contains(prefix.address()));
        assert_eq!(prefix.to_string().parse(), Ok(prefix));
    }
}
