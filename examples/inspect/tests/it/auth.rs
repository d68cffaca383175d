//! Mechanisms, headers, users and signed URLs.

use serde_json::Value;

use crate::inspect::{assert_same, data, inspect, read, vectors};

/// Schemes that no command has: the hashes under the mechanisms, held to these entries by weir-auth's own tests.
const HASHES: [&str; 2] = ["hmac", "pbkdf2_hmac_sha256"];

/// Values of the truth that weir-auth never hands out, because they are as good as the password or a step in
/// between; the responses computed from them are compared.
const INNER: [(&str, &str); 3] = [
    ("llnw", "ha2"),
    ("scram", "salted_password_hex"),
    // The challenge in the base64 of its SASL transport.
    ("cram_md5", "server_line_b64"),
];

#[test]
fn every_entry_is_computed_as_it_should_be() {
    let file = read(&data("auth").join("auth.json"));
    let entries = file["vectors"].as_array().expect("a list");
    assert_eq!(entries.len(), 234);
    let mut compared = 0;
    for (entry, ours) in entries.iter().zip(vectors("auth", entries)) {
        let id = entry["id"].as_str().expect("id");
        let scheme = entry["scheme"].as_str().expect("scheme");
        assert_eq!(ours["id"], id);
        if HASHES.contains(&scheme) {
            assert_eq!(ours["error"]["kind"], "usage", "{id}");
            continue;
        }
        for (key, truth) in entry["expect"].as_object().expect("an object") {
            if INNER.contains(&(scheme, key)) {
                continue;
            }
            if (id, key.as_str()) == ("tea-capture-rtmpdump", "response_arg") {
                // rtmpdump keeps the padding of the cipher, our client does not.
                let padded = truth.as_str().expect("text");
                assert_eq!(ours["expect"][key], padded.trim_end_matches('\0'), "{id}");
                continue;
            }
            if scheme == "adobe" && key == "accept" && entry["in"].get("app_sent").is_none() {
                continue; // Computed from a client's source: nothing was sent that could be accepted.
            }
            let ours = ours["expect"].get(key).unwrap_or(&Value::Null);
            assert_same(ours, truth, &format!("{id}.{key}"));
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared}");
}

/// A scheme, its key's field, what is signed, the token's field, what else the check is told, whether it expires.
type Signed<'a> = (
    &'a str,
    &'a str,
    &'a [&'a str],
    &'a str,
    &'a [&'a str],
    bool,
);

#[test]
fn what_is_signed_is_accepted_and_nothing_else() {
    const NGINX: [&str; 2] = ["expression=$expires$uri $secret", "uri=/live/a"];
    const EDGE: [&str; 2] = ["alg=sha256", "url=/live/a"];
    let vod = [
        "path=live",
        "file=a.flv",
        "expires_hex=65d6fd71",
        "server_url=rtmp://h/vod",
    ];
    let grant = ["action=play", "app=live", "stream=a", "expires=1708588401"];
    let play = ["action=play", "app=live", "stream=a"];
    let cloud = "payload=a:u:publisher:live:1708588401";
    let policy =
        "url_without_signature=rtmp://h:1935/live/a?policy=eyJ1cmxfZXhwaXJlIjoxNzA4NTg4NDAxMDAwfQ";
    let cases: [Signed<'_>; 11] = [
        (
            "nginx_secure_link_md5",
            "secret",
            &[NGINX[0], NGINX[1], "expires=1708588401"],
            "md5",
            &[NGINX[0], NGINX[1], "expires=1708588401"],
            true,
        ),
        (
            "wowza_token",
            "secret",
            &[
                "alg=sha512",
                "path=live/a",
                "items=wowzatokenendtime=1708588401",
            ],
            "hash",
            &["alg=sha512", "path=live/a"],
            true,
        ),
        (
            "akamai_edgeauth",
            "key",
            &[EDGE[0], EDGE[1], "exp=1708588401"],
            "token",
            &EDGE,
            true,
        ),
        (
            "tencent_txsecret",
            "key",
            &["stream=a", "txTime=65D6FD71"],
            "txSecret",
            &["stream=a", "txTime=65D6FD71"],
            true,
        ),
        (
            "aliyun_auth_key_a",
            "key",
            &["uri=/live/a", "timestamp=1708588401", "rand=0", "uid=0"],
            "auth_key",
            &["uri=/live/a"],
            true,
        ),
        (
            "nms_sign",
            "secret",
            &["stream_path=/live/a", "expires=1708588401"],
            "sign",
            &["stream_path=/live/a"],
            true,
        ),
        (
            "lal_secret",
            "key",
            &["stream=a"],
            "secret",
            &["stream=a"],
            false,
        ),
        (
            "ome_signed_policy",
            "secret",
            &[policy],
            "signature",
            &[],
            true,
        ),
        (
            "red5_cloud_digest_token",
            "secret",
            &[cloud],
            "token",
            &[],
            true,
        ),
        (
            "protectedvod_hmac_md5",
            "secret",
            &vod,
            "net_connection_url",
            &["clip=a", "root=vod"],
            true,
        ),
        ("stream_token", "key", &grant, "token", &play, true),
    ];
    for (scheme, secret, signed, key, checked, expires) in cases {
        let with = |secret_is: &str| format!("{secret}={secret_is}");
        let (right, wrong) = (with("00ff"), with("00fe"));
        let mut args = vec!["auth", "sign", scheme, &right];
        args.extend(signed);
        let made = inspect(args);
        let token = made[key]
            .as_str()
            .unwrap_or_else(|| panic!("{scheme}: {made}"));
        let sent = match scheme {
            "wowza_token" => format!("query=wowzatokenendtime=1708588401&wowzatokenhash={token}"),
            "ome_signed_policy" => {
                let url = policy.split_once('=').expect("a URL").1;
                format!("url={url}&signature={token}")
            }
            "protectedvod_hmac_md5" => format!("app={}", token.trim_start_matches("rtmp://h/")),
            _ => format!("{key}={token}"),
        };
        let verify = |secret: &str, now: &str| {
            let mut args = vec!["auth", "verify", scheme, secret, &sent, now];
            args.extend(checked);
            inspect(args)
        };
        let (before, after) = ("now=1708588400", "now=1708588401");
        assert_eq!(verify(&right, before)["accept"], true, "{scheme}");
        let other = verify(&wrong, before);
        assert_eq!(other["accept"], false, "{scheme}");
        assert_eq!(other["why"], "the signature does not match", "{scheme}");
        if expires {
            assert_eq!(verify(&right, after)["why"], "expired", "{scheme}");
        }
    }
}

#[test]
fn the_strongest_offer_is_answered() {
    let shown = inspect([
        "auth",
        "explain",
        "www_authenticate",
        "www_authenticate=Basic realm=\"a\", Digest realm=\"b\", nonce=\"1\"",
    ]);
    assert_eq!(shown["challenges"][1]["params"]["nonce"], "1");
    let shown = inspect([
        "auth",
        "respond",
        "www_authenticate",
        "www_authenticate=Basic realm=\"a\", Digest realm=\"b\", nonce=\"1\"",
        "user=u",
        "password=p",
        "method=DESCRIBE",
        "uri=rtsp://h/a",
    ]);
    let answer = shown["authorization"].as_str().expect("a header");
    assert!(answer.starts_with("Digest username=\"u\""), "{answer}");
}

#[test]
fn fields_may_come_by_name() {
    let shown = inspect([
        "auth",
        "sign",
        "nms_sign",
        "secret=k",
        "expires=1",
        "stream_path=/live/a",
    ]);
    assert!(shown["sign"].as_str().expect("a sign").starts_with("1-"));
    let wrong = inspect(["auth", "respond", "nms_sign", "secret=k"]);
    assert_eq!(wrong["error"]["kind"], "usage");
}

/// The hash that `echo -n 'linksecret' | openssl md5 -hex` gives, the command of nginx's documentation.
#[test]
fn a_link_of_nginx_holds_for_its_secret() {
    let verify = |link: &str| {
        let hash = "hash=5e814704a28d9bc1914ff19fa0c4a00a";
        let secret = "secret=secret";
        let scheme = "nginx_secure_link_secret";
        inspect(["auth", "verify", scheme, hash, link, secret])
    };
    assert_eq!(verify("link=link")["accept"], true);
    assert_eq!(verify("link=other")["why"], "the signature does not match");
}

/// The token that jwt.io shows first.
#[test]
fn a_jwt_is_signed_as_others_sign_it() {
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\
        .eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ\
        .SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
    let claims = r#"claims={"sub":"1234567890","name":"John Doe","iat":1516239022}"#;
    let key = "key=your-256-bit-secret";
    let made = inspect(["auth", "sign", "jwt_hs256", key, claims]);
    assert_eq!(made["token"], token);
}
