//! Signed URLs: every scheme makes what the vendor makes, accepts it, and nothing near it.

use core::net::IpAddr;
use core::time::Duration;

use weir_auth::rtmp::Params;
use weir_auth::token::{
    AuthKey, CloudToken, EdgeAuth, EdgeAuthHash, EdgeAuthToken, Jwt, LalSecret, NginxSecureLink,
    NodeMediaSign, ProtectedVod, SignedPolicy, StreamGrant, StreamPath, StreamRequest,
    StreamTokens, TxSecret, WowzaHash, WowzaToken, secure_link_secret,
};
use weir_auth::{Action, Misuse, OneUse, Secret, TokenError, UnixTime};

use crate::vectors::{unhex, vectors};

const T0: UnixTime = UnixTime::from_secs(1_700_000_000);
const MINUTE: Duration = Duration::from_secs(60);

fn peer() -> IpAddr {
    "203.0.113.7".parse().unwrap()
}

fn expired<T>(result: Result<T, TokenError>) -> bool {
    matches!(result, Err(TokenError::Expired(_)))
}

fn forged<T>(result: Result<T, TokenError>) -> bool {
    matches!(result, Err(TokenError::BadSignature))
}

#[test]
fn nginx_links_are_those_of_its_documentation() {
    for v in vectors("nginx_secure_link_md5", 7) {
        let link = NginxSecureLink::new(v.text("expression"), &v.text("secret").into()).unwrap();
        let (uri, peer) = (v.text("uri"), v.text("remote_addr").parse().unwrap());
        let end = v.number("expires");
        let expires = end.to_string();
        let md5 = link.sign(uri, peer, Some(&expires));
        assert_eq!(md5, v.expected("md5"), "{}", v.id);
        let check = |md5: &str, uri, now| link.verify(md5, Some(&expires), uri, peer, now);
        let before = UnixTime::from_secs(end - 1);
        assert_eq!(check(&md5, uri, before), Ok(()), "{}", v.id);
        assert_eq!(check(&format!("{md5}=="), uri, before), Ok(()), "{}", v.id);
        assert!(
            expired(check(&md5, uri, UnixTime::from_secs(end))),
            "{}",
            v.id
        );
        assert!(forged(check(&md5, "/other", before)), "{}", v.id);
        assert!(forged(check("", uri, before)), "{}", v.id);
    }
    let secret = Secret::from("secret");
    assert!(forged(secure_link_secret(
        "5e814704a28d9bc1914ff19fa0c4a00a",
        "other",
        &secret
    )));
    let empty = secure_link_secret("x", "link", &"".into());
    assert_eq!(empty, Err(TokenError::EmptySecret));
}

#[test]
fn wowza_hashes_are_those_of_its_generator() {
    for v in vectors("wowza_token", 7) {
        let hash = match v.text("alg") {
            "sha256" => WowzaHash::Sha256,
            "sha384" => WowzaHash::Sha384,
            _ => WowzaHash::Sha512,
        };
        let token = WowzaToken::new(&v.text("secret").into(), "wowzatoken", hash).unwrap();
        let items = v.texts("items");
        let signed = token.sign(v.text("path"), &items);
        assert_eq!(signed, v.expected("hash"), "{}", v.id);
        let mut reversed = items.clone();
        reversed.reverse();
        assert_eq!(token.sign(v.text("path"), &reversed), signed, "{}", v.id);

        // As the query of a URL, in another order, with other parameters around.
        let address = items.iter().find_map(|item| item.parse::<IpAddr>().ok());
        let token = if address.is_some() {
            token.with_address()
        } else {
            token
        };
        let named: Vec<&str> = items
            .iter()
            .copied()
            .filter(|item| item.contains('='))
            .collect();
        let query = format!("x=1&{}&wowzatokenhash={signed}", named.join("&"));
        let query = Params::parse(&query);
        let check = |path: &str, now| {
            token.verify(
                path,
                query,
                address.unwrap_or_else(peer),
                UnixTime::from_secs(now),
            )
        };
        if let Some(end) = items
            .iter()
            .find_map(|item| item.strip_prefix("wowzatokenendtime="))
        {
            let end: u64 = end.parse().unwrap();
            assert_eq!(check(v.text("path"), end - 1), Ok(()), "{}", v.id);
            assert!(expired(check(v.text("path"), end)), "{}", v.id);
            assert!(forged(check("other", end - 1)), "{}", v.id);
        }
    }
}

#[test]
fn edge_auth_tokens_are_those_of_the_vendors_library() {
    for v in vectors("akamai_edgeauth", 6) {
        let hash = match v.text("alg") {
            "sha1" => EdgeAuthHash::Sha1,
            _ => EdgeAuthHash::Sha256,
        };
        let mut auth = EdgeAuth::new(v.text("key"), hash).unwrap();
        if v.flag("escape") {
            auth = auth.escape_early();
        }
        if let Some(salt) = v.maybe("salt") {
            auth = auth.with_salt(&salt.into());
        }
        let text = |name| v.maybe(name).map(String::from);
        let token = EdgeAuthToken {
            ip: text("ip"),
            start: v.maybe_number("st"),
            expires: v.number("exp"),
            acl: text("acl"),
            id: text("id"),
            data: text("data"),
        };
        let url = v.maybe("url").unwrap_or("/live/a/b");
        let signed = auth.sign(&token, url);
        assert_eq!(signed, v.expected("token"), "{}", v.id);

        let from = token
            .ip
            .as_deref()
            .map_or_else(peer, |ip| ip.parse().unwrap());
        let before = UnixTime::from_secs(token.expires - 1);
        assert_eq!(
            auth.verify(&signed, url, from, before),
            Ok(token.clone()),
            "{}",
            v.id
        );
        let at_end = auth.verify(&signed, url, from, UnixTime::from_secs(token.expires));
        assert!(expired(at_end), "{}", v.id);
        let elsewhere = auth.verify(&signed, "/other", from, before);
        let expected = match token.acl {
            Some(_) => TokenError::OtherResource,
            None => TokenError::BadSignature,
        };
        assert_eq!(elsewhere, Err(expected), "{}", v.id);
        if token.ip.is_some() {
            let elsewhere = auth.verify(&signed, url, "192.0.2.99".parse().unwrap(), before);
            assert_eq!(elsewhere, Err(TokenError::OtherAddress), "{}", v.id);
        }
        if let Some(start) = token.start {
            let early = auth.verify(&signed, url, from, UnixTime::from_secs(start - 1));
            assert!(matches!(early, Err(TokenError::NotYetValid(_))), "{}", v.id);
        }
    }
}

#[test]
fn edge_auth_patterns_take_stars_and_question_marks() {
    let auth = EdgeAuth::new("aa", EdgeAuthHash::Sha256).unwrap();
    let allows = |acl: &str, url: &str| {
        let token = EdgeAuthToken {
            expires: 9,
            acl: Some(acl.into()),
            ..EdgeAuthToken::default()
        };
        let signed = auth.sign(&token, "");
        auth.verify(&signed, url, peer(), UnixTime::from_secs(1))
            .is_ok()
    };
    for (acl, url) in [
        ("/a/*", "/a/"),
        ("*", ""),
        ("/?/b", "/a/b"),
        ("/x!/y*", "/yes"),
        ("a*b*c", "aXbXbc"),
    ] {
        assert!(allows(acl, url), "{acl} {url}");
    }
    for (acl, url) in [
        ("/a/*", "/b/a/"),
        ("", "/"),
        ("/?", "/"),
        ("a*b*c", "aXbXb"),
        ("/a", "/ab"),
    ] {
        assert!(!allows(acl, url), "{acl} {url}");
    }
    // The worst case of a backtracking matcher ends.
    assert!(!allows(&"a*".repeat(200), &"b".repeat(4000)));
}

#[test]
fn tencent_secrets_are_those_of_its_documentation() {
    for v in vectors("tencent_txsecret", 7) {
        let key = TxSecret::new(&v.text("key").into()).unwrap();
        let (stream, time) = (v.text("stream"), v.text("txTime"));
        assert_eq!(key.sign(stream, time), v.expected("txSecret"), "{}", v.id);
        let secret = v.expected("txSecret");
        let end = u64::from_str_radix(time, 16).unwrap();
        let at = |secs| UnixTime::from_secs(secs);
        assert_eq!(
            key.verify(stream, secret, time, at(end - 1)),
            Ok(()),
            "{}",
            v.id
        );
        assert!(
            expired(key.verify(stream, secret, time, at(end))),
            "{}",
            v.id
        );
        assert!(
            forged(key.verify("other", secret, time, at(end - 1))),
            "{}",
            v.id
        );
    }
}

/// `cam6` + `1` + time is `cam` + `61` + time to the hash; the fixed length of the time keeps them apart.
#[test]
fn a_tencent_stream_cannot_lend_its_last_letter_to_the_time() {
    let key = TxSecret::new(&"k".into()).unwrap();
    let secret = key.sign("cam6", "65930447");
    assert!(forged(key.verify("cam", &secret, "665930447", T0)));
}

#[test]
fn aliyun_keys_are_those_of_its_documentation() {
    for v in vectors("aliyun_auth_key_a", 6) {
        let key = AuthKey::new(&v.text("key").into(), MINUTE).unwrap();
        let (uri, start) = (v.text("uri"), v.number("timestamp"));
        let signed = key.sign(uri, start, v.text("rand"), v.text("uid"));
        assert_eq!(signed, v.expected("auth_key"), "{}", v.id);
        let at = |secs| UnixTime::from_secs(secs);
        assert_eq!(key.verify(uri, &signed, at(start + 59)), Ok(()), "{}", v.id);
        assert!(
            expired(key.verify(uri, &signed, at(start + 60))),
            "{}",
            v.id
        );
        assert!(forged(key.verify("/other", &signed, at(start))), "{}", v.id);
    }
}

#[test]
fn node_media_signs_are_those_of_its_readme() {
    for v in vectors("nms_sign", 7) {
        let secret = NodeMediaSign::new(&v.text("secret").into()).unwrap();
        let (path, end) = (v.text("stream_path"), v.number("expires"));
        let sign = secret.sign(path, end);
        assert_eq!(sign, v.expected("sign"), "{}", v.id);
        assert_eq!(
            secret.verify(path, &sign, UnixTime::from_secs(end - 1)),
            Ok(()),
            "{}",
            v.id
        );
        assert!(
            expired(secret.verify(path, &sign, UnixTime::from_secs(end))),
            "{}",
            v.id
        );
        assert!(forged(secret.verify("/live/x", &sign, T0)), "{}", v.id);
    }
}

#[test]
fn lal_secrets_are_those_of_its_tests() {
    for v in vectors("lal_secret", 6) {
        let key = LalSecret::new(&v.text("key").into()).unwrap();
        let secret = key.sign(v.text("stream"));
        assert_eq!(secret, v.expected("secret"), "{}", v.id);
        assert_eq!(
            key.verify(v.text("stream"), &secret.to_uppercase()),
            Ok(()),
            "{}",
            v.id
        );
        assert!(forged(key.verify("other", &secret)), "{}", v.id);
        assert!(forged(key.verify(v.text("stream"), "")), "{}", v.id);
    }
}

#[test]
fn signed_policies_are_those_of_its_documentation() {
    for v in vectors("ome_signed_policy", 7) {
        let policy = SignedPolicy::new(&v.text("secret").into()).unwrap();
        let url = v.text("url_without_signature");
        assert_eq!(policy.signature(url), v.expected("signature"), "{}", v.id);
        let signed = format!("{url}&signature={}", v.expected("signature"));
        // The documentation's example is in milliseconds of 1970.
        assert!(
            policy
                .verify(&signed, peer(), UnixTime::from_secs(1))
                .is_ok(),
            "{}",
            v.id
        );
        assert!(expired(policy.verify(
            &signed,
            peer(),
            UnixTime::from_secs(2_000_000_000)
        )));
        let altered = signed
            .replace("m.example", "n.example")
            .replace("192.168", "192.169");
        assert!(
            forged(policy.verify(&altered, peer(), UnixTime::from_secs(1))),
            "{}",
            v.id
        );
    }
}

#[test]
fn a_policy_binds_addresses_and_the_end_of_a_stream() {
    let policy = SignedPolicy::new(&"k".into()).unwrap();
    let until = T0 + MINUTE;
    let json = format!(
        r#"{{"url_expire":{0},"stream_expire":{0},"allow_ip":"203.0.113.0/24"}}"#,
        until.as_millis()
    );
    let url = policy.sign("rtmp://m.example:1935/app/cam?x=1", &json);
    assert_eq!(
        policy.verify(&url, peer(), T0).unwrap().stream_expires,
        Some(until)
    );
    let elsewhere = policy.verify(&url, "192.0.2.1".parse().unwrap(), T0);
    assert_eq!(elsewhere, Err(TokenError::OtherAddress));
    let endless = policy.sign("rtmp://m.example/app/cam", "{}");
    assert!(matches!(
        policy.verify(&endless, peer(), T0),
        Err(TokenError::Malformed(_))
    ));
}

#[test]
fn cloud_tokens_are_those_of_its_documentation() {
    for v in vectors("red5_cloud_digest_token", 6) {
        let cloud = CloudToken::new(&v.text("secret").into()).unwrap();
        let token = cloud.sign(v.text("payload"));
        assert_eq!(token, v.expected("token"), "{}", v.id);
        let grant = cloud.verify(&token, UnixTime::from_secs(1)).unwrap();
        let fields: Vec<&str> = v.text("payload").split(':').collect();
        assert_eq!(
            (grant.stream.as_str(), grant.app.as_str()),
            (fields[0], fields[4]),
            "{}",
            v.id
        );
        assert_eq!(grant.params, ["k=v"], "{}", v.id);
        assert!(expired(cloud.verify(&token, grant.expires)), "{}", v.id);
        let altered = token
            .replace("publisher", "admin")
            .replace("subscriber", "publisher");
        assert!(
            forged(cloud.verify(&altered, UnixTime::from_secs(1))),
            "{}",
            v.id
        );
    }
}

#[test]
fn protected_vod_paths_are_accepted_however_the_client_splits_them() {
    for v in vectors("protectedvod_hmac_md5", 6) {
        let address = v.text("client_ip");
        let mut vod = ProtectedVod::new(&v.text("secret").into()).unwrap();
        if !address.is_empty() {
            vod = vod.with_address();
        }
        let peer = address.parse().unwrap_or_else(|_| peer());
        let (path, file) = (v.text("path"), v.text("file"));
        let end = u64::from_str_radix(v.text("expires_hex"), 16).unwrap();
        let segments = vod.sign(path, file, peer, UnixTime::from_secs(end));
        assert_eq!(
            segments,
            format!("{}/{}", v.expected("signature"), v.text("expires_hex"))
        );
        let url = v.expected("net_connection_url");
        assert!(url.ends_with(&segments), "{}", v.id);

        // rtmpdump -a/-y: exact. rtmpdump and FFmpeg from one URL: cut elsewhere, without extension.
        let app = url.strip_prefix("rtmp://red5.example/").unwrap();
        let (stem, extension) = file.rsplit_once('.').unwrap();
        let whole = format!("{app}/{stem}");
        let mut splits = vec![(app.to_owned(), file.to_owned())];
        for (at, _) in whole.match_indices('/') {
            splits.push((whole[..at].to_owned(), whole[at + 1..].to_owned()));
            splits.push((
                whole[..at].to_owned(),
                format!("{extension}:{}", &whole[at + 1..]),
            ));
        }
        let extensions = ["flv", "mp4", "mp3"];
        let before = UnixTime::from_secs(end - 1);
        for (app, name) in &splits {
            let request = StreamPath::new(app, name);
            let found = vod.verify(&request, "protectedVOD", &extensions, peer, before);
            assert_eq!(found, Ok(format!("{path}/{file}")), "{} {app} {name}", v.id);
        }
        let request = StreamPath::new(app, file);
        let late = vod.verify(
            &request,
            "protectedVOD",
            &extensions,
            peer,
            UnixTime::from_secs(end),
        );
        assert!(expired(late), "{}", v.id);
        let other = StreamPath::new(app, "other.flv");
        assert!(
            forged(vod.verify(&other, "protectedVOD", &extensions, peer, before)),
            "{}",
            v.id
        );
    }
}

#[test]
fn jwts_are_those_of_the_rfc_and_no_other_algorithm_is_believed() {
    for v in vectors("jwt_hs256", 3) {
        let jwt = Jwt::new(&unhex(v.text("key_hex")).into()).unwrap();
        let result = jwt.verify(v.text("token"), UnixTime::from_secs(v.number("now")));
        if v.expect()["accept"] == true {
            let claims = result.unwrap();
            assert_eq!(claims.text("iss"), Some("joe"));
            assert_eq!(claims.number("exp"), Some(1_300_819_380));
            assert_eq!(claims.flag("http://example.com/is_root"), Some(true));
            continue;
        }
        match v.expected("why") {
            "expired" => assert!(expired(result), "{}", v.id),
            _ => assert_eq!(result, Err(TokenError::AlgorithmNotAllowed), "{}", v.id),
        }
    }
}

#[test]
fn a_jwt_needs_an_end_and_its_own_signature() {
    let jwt = Jwt::new(&"k".into()).unwrap();
    let endless = jwt.sign(r#"{"sub":"a"}"#);
    assert!(matches!(
        jwt.verify(&endless, T0),
        Err(TokenError::Malformed(_))
    ));
    assert!(jwt.clone().allow_endless().verify(&endless, T0).is_ok());
    let other = Jwt::new(&"l".into()).unwrap();
    let token = jwt.sign(r#"{"exp":1700000060.5,"nbf":1700000010,"aud":["x","y"]}"#);
    assert!(forged(other.verify(&token, T0)));
    assert!(matches!(
        jwt.verify(&token, T0),
        Err(TokenError::NotYetValid(_))
    ));
    let patient = jwt.with_leeway(MINUTE);
    let claims = patient.verify(&token, T0).unwrap();
    assert_eq!(claims.texts("aud").collect::<Vec<_>>(), ["x", "y"]);
    assert!(patient.verify(&token, T0 + MINUTE * 2).is_ok());
    assert!(expired(
        patient.verify(&token, T0 + MINUTE * 2 + Duration::from_millis(500))
    ));
}

fn tokens() -> StreamTokens {
    StreamTokens::new(1, &Secret::from_bytes(&[7; 32])).unwrap()
}

fn grant() -> StreamGrant {
    StreamGrant::new(Action::Publish, "live", "cam1", "alice", T0 + MINUTE)
}

fn verify(token: &str, request: &StreamRequest<'_>) -> Result<StreamGrant, TokenError> {
    tokens().verify(token, request, &mut OneUse::new(10), T0)
}

#[test]
fn our_token_is_for_one_action_application_and_stream() {
    let token = tokens().sign(&grant()).unwrap();
    let request = |action, app, stream| StreamRequest::new(action, app, stream, peer());
    assert_eq!(
        verify(&token, &request(Action::Publish, "live", "cam1")),
        Ok(grant())
    );
    let others = [
        request(Action::Play, "live", "cam1"),
        request(Action::Publish, "live2", "cam1"),
        request(Action::Publish, "live", "cam"),
        request(Action::Publish, "livecam1", ""),
        request(Action::Publish, "liv", "ecam1"),
    ];
    for request in others {
        assert_eq!(
            verify(&token, &request),
            Err(TokenError::OtherResource),
            "{request:?}"
        );
    }
}

#[test]
fn our_token_may_cover_names_by_prefix_and_the_subjects_own() {
    let mut wide = grant();
    (wide.app, wide.stream) = ("live*".into(), "*".into());
    let token = tokens().sign(&wide).unwrap();
    let request = StreamRequest::new(Action::Publish, "live2", "anything", peer());
    assert!(verify(&token, &request).is_ok());
    wide.stream = "{user}".into();
    let own = tokens().sign(&wide).unwrap();
    assert_eq!(verify(&own, &request), Err(TokenError::OtherResource));
    let alices = StreamRequest::new(Action::Publish, "live2", "alice", peer());
    assert!(verify(&own, &alices).is_ok());
}

#[test]
fn our_token_holds_its_conditions() {
    let request = StreamRequest::new(Action::Publish, "live", "cam1", peer());
    let mut bound = grant();
    bound.address = Some("203.0.113.0/24".parse().unwrap());
    let token = tokens().sign(&bound).unwrap();
    assert!(verify(&token, &request).is_ok());
    let mut elsewhere = request;
    elsewhere.peer = "2001:db8::1".parse().unwrap();
    assert_eq!(verify(&token, &elsewhere), Err(TokenError::OtherAddress));

    let mut later = grant();
    later.not_before = Some(T0 + Duration::from_secs(1));
    let early = verify(&tokens().sign(&later).unwrap(), &request);
    assert_eq!(early, Err(TokenError::NotYetValid(Duration::from_secs(1))));

    let mut cut = grant();
    cut.stream_expires = Some(T0 + MINUTE * 2);
    let principal = verify(&tokens().sign(&cut).unwrap(), &request)
        .unwrap()
        .principal();
    assert_eq!(
        (principal.name(), principal.until()),
        ("alice", Some(T0 + MINUTE * 2))
    );

    let at_end = tokens().verify(
        &tokens().sign(&grant()).unwrap(),
        &request,
        &mut OneUse::new(1),
        T0 + MINUTE,
    );
    assert_eq!(at_end, Err(TokenError::Expired(Duration::ZERO)));
}

#[test]
fn a_one_use_token_works_once_and_lives_a_day_at_most() {
    let request = StreamRequest::new(Action::Publish, "live", "cam1", peer());
    let mut once = grant();
    once.one_use = Some(*b"12345678");
    let token = tokens().sign(&once).unwrap();
    let mut used = OneUse::new(1);
    assert!(tokens().verify(&token, &request, &mut used, T0).is_ok());
    assert_eq!(
        tokens().verify(&token, &request, &mut used, T0),
        Err(TokenError::Replayed)
    );
    once.one_use = Some(*b"abcdefgh");
    let second = tokens().sign(&once).unwrap();
    assert_eq!(
        tokens().verify(&second, &request, &mut used, T0),
        Err(TokenError::ReplayMemoryFull)
    );
    once.expires = T0 + MINUTE * 60 * 25;
    let long = tokens().sign(&once).unwrap();
    assert!(matches!(
        verify(&long, &request),
        Err(TokenError::LivesTooLong { .. })
    ));
}

#[test]
fn every_altered_byte_of_our_token_is_noticed() {
    let token = tokens().sign(&grant()).unwrap();
    let request = StreamRequest::new(Action::Publish, "live", "cam1", peer());
    for at in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert!(verify(&altered, &request).is_err(), "{at}");
        assert!(verify(&token[..at], &request).is_err(), "{at}");
    }
}

#[test]
fn keys_are_told_apart_by_their_id() {
    let (old, new) = (Secret::from_bytes(&[7; 32]), Secret::from_bytes(&[8; 32]));
    let request = StreamRequest::new(Action::Publish, "live", "cam1", peer());
    let token = tokens().sign(&grant()).unwrap();
    let mut used = OneUse::new(1);
    let both = StreamTokens::new(2, &new)
        .unwrap()
        .with_key(1, &old)
        .unwrap();
    assert!(both.verify(&token, &request, &mut used, T0).is_ok());
    let only_new = StreamTokens::new(2, &new).unwrap();
    assert_eq!(
        only_new.verify(&token, &request, &mut used, T0),
        Err(TokenError::UnknownKey)
    );
    let same_id = StreamTokens::new(1, &new).unwrap();
    assert_eq!(
        same_id.verify(&token, &request, &mut used, T0),
        Err(TokenError::BadSignature)
    );
}

/// unimr.red5.protectedvod took an empty secret for "do not check".
#[test]
fn an_empty_secret_is_refused_by_every_scheme() {
    let empty = Secret::from("");
    let errors = [
        StreamTokens::new(1, &empty).err(),
        Jwt::new(&empty).err(),
        NginxSecureLink::new("$uri", &empty).err(),
        WowzaToken::new(&empty, "wowzatoken", WowzaHash::Sha256).err(),
        EdgeAuth::new("", EdgeAuthHash::Sha256).err(),
        TxSecret::new(&empty).err(),
        AuthKey::new(&empty, MINUTE).err(),
        NodeMediaSign::new(&empty).err(),
        LalSecret::new(&empty).err(),
        SignedPolicy::new(&empty).err(),
        CloudToken::new(&empty).err(),
        ProtectedVod::new(&empty).err(),
        weir_auth::SecureToken::new(&empty).err(),
    ];
    assert_eq!(errors, [Some(Misuse::EmptySecret); 13]);
}
