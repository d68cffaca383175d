//! `Debug` and errors of everything that holds a secret say nothing of it.

use weir_auth::http::{Authorization, HttpClient, HttpRequest};
use weir_auth::rtmp::{AppQuery, RtmpClient, RtmpConnect};
use weir_auth::scram::{ClientFinal, ScramClient, ScramVerifier};
use weir_auth::token::{
    AuthKey, CloudToken, EdgeAuth, EdgeAuthHash, Jwt, LalSecret, NginxSecureLink, NodeMediaSign,
    ProtectedVod, SignedPolicy, StreamTokens, TxSecret, WowzaHash, WowzaToken,
};
use weir_auth::{
    Authenticator, Config, Found, Secret, SecureToken, ServerKeys, User, UserName, UsersFile,
    Verifier,
};

/// Long and odd enough not to turn up by chance; also looked for in hex, base64 and as a list of bytes.
const SECRET: &str = "Tr0ub4dor&3xyzzy";

fn forms() -> [String; 5] {
    let bytes = SECRET.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}");
    // base64 of the whole and of its SHA-256.
    let base64 = "VHIwdWI0ZG9yJjN4eXp6eQ".to_owned();
    let sha = "sha256".to_owned() + "}";
    [SECRET.to_owned(), hex, list, base64, sha]
}

fn silent(what: &str, printed: &str) {
    for form in forms() {
        assert!(!printed.contains(&form), "{what} prints {printed}");
    }
}

#[test]
fn debug_of_secrets_prints_nothing_of_them() {
    let secret = Secret::from(SECRET);
    let name = || UserName::new("alice").unwrap();
    let verifier = Verifier::Plain(secret.clone());
    let user = User::new(name(), verifier.clone());
    let scram = ScramVerifier::new(&secret, &[1; 16], 4096).unwrap();
    let keys = ServerKeys::new(&secret);
    let query = format!("live?username=alice&password={SECRET}");
    let args = ["alice", SECRET];
    let header = "Basic YWxpY2U6VHIwdWI0ZG9yJjN4eXp6eQ==";
    let minute = core::time::Duration::from_secs(60);
    let printed = [
        format!("{secret:?}"),
        format!("{verifier:?}"),
        format!("{:?}", Verifier::sha256(&secret)),
        format!("{user:?}"),
        format!("{scram:?}"),
        format!("{keys:?}"),
        format!("{:?}", Authenticator::new(Config::default(), keys, [1; 32])),
        format!("{:?}", Found::user(user)),
        format!(
            "{:?}",
            UsersFile::parse(&format!("alice={SECRET},ROLE_A")).unwrap()
        ),
        format!("{:?}", RtmpClient::new("live", "alice", &secret, [1; 32])),
        format!(
            "{:?}",
            RtmpConnect::new(&query, [127, 0, 0, 1].into()).with_args(&args)
        ),
        format!(
            "{:?} {:?}",
            AppQuery::parse(&query),
            AppQuery::parse(&query).params()
        ),
        format!("{}", AppQuery::parse(&query).redacted()),
        format!("{:?}", HttpClient::new("alice", &secret, [1; 32])),
        format!(
            "{:?}",
            HttpRequest::new("GET", "/", Some(header), [127, 0, 0, 1].into())
        ),
        format!("{:?}", Authorization::parse(header)),
        format!("{:?}", ScramClient::new("alice", &secret, "abc").unwrap()),
        format!("{:?}", SecureToken::new(&secret)),
        format!("{:?}", StreamTokens::new(1, &secret)),
        format!("{:?}", Jwt::new(&secret)),
        format!("{:?}", NginxSecureLink::new("$uri $secret", &secret)),
        format!(
            "{:?}",
            WowzaToken::new(&secret, "wowzatoken", WowzaHash::Sha256)
        ),
        format!("{:?}", EdgeAuth::new(&forms()[1], EdgeAuthHash::Sha256)),
        format!("{:?}", TxSecret::new(&secret)),
        format!("{:?}", AuthKey::new(&secret, minute)),
        format!("{:?}", NodeMediaSign::new(&secret)),
        format!("{:?}", LalSecret::new(&secret)),
        format!("{:?}", SignedPolicy::new(&secret)),
        format!("{:?}", CloudToken::new(&secret)),
        format!("{:?}", ProtectedVod::new(&secret)),
    ];
    for (index, printed) in printed.iter().enumerate() {
        silent(&format!("value {index}"), printed);
    }
    assert_eq!(printed[0], "Secret");
}

#[test]
fn a_bad_line_of_the_users_file_is_not_in_its_error() {
    for line in [
        format!("alice {SECRET}"),
        format!("alice={SECRET}"),
        format!("a={{{SECRET}}}x,R"),
    ] {
        let error = UsersFile::parse(&line).unwrap_err();
        silent("the error", &format!("{error} {error:?}"));
    }
}

#[test]
fn what_a_log_may_have_of_an_app_keeps_mechanism_and_user() {
    let app = format!("live?authmod=adobe&user=alice?response={SECRET}&token=x");
    let redacted = AppQuery::parse(&app).redacted().to_string();
    assert_eq!(
        redacted,
        "live?authmod=adobe&user=alice&response=...&token=..."
    );
}

#[test]
fn a_proof_is_not_printed() {
    let text = "c=biws,r=abcdef,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    let printed = format!("{:?}", ClientFinal::parse(text).unwrap());
    assert!(
        !printed.contains("116") && !printed.contains("dHzb"),
        "{printed}"
    );
}
