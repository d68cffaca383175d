//! Input made to hurt: every error where it should be, nothing accepted, nothing slow.

use weir_auth::http::{Authorization, Challenge};
use weir_auth::rtmp::{RtmpAnswer, RtmpConnect};
use weir_auth::scram::{ClientFinal, ClientFirst, ScramClient, ScramError, ScramVerifier};
use weir_auth::{
    Authenticator, Config, Malformed, Misuse, Refusal, Secret, SecureToken, ServerKeys, UnixTime,
    UsersFile, cram,
};

const T0: UnixTime = UnixTime::from_secs(1_700_000_000);

fn expected<T>(what: &'static str, offset: usize) -> Result<T, Malformed> {
    Err(Malformed::Expected { what, offset })
}

#[test]
fn authorizations_that_are_none_say_what_is_missing_and_where() {
    let missing = |what| Err(Malformed::Missing { what });
    let cases = [
        ("", expected("a scheme and credentials", 0)),
        ("Basic", expected("a scheme and credentials", 0)),
        ("NTLM abc", expected("Basic, Digest or Bearer", 0)),
        ("Basic !!!", expected("base64 of user:password", 6)),
        ("Basic YWxpY2U=", expected("a colon after the user", 6)),
        ("Basic //8=", expected("UTF-8 in the credentials", 6)),
        ("Digest realm=\"r\"", missing("username")),
        ("Digest username", expected("a parameter", 7)),
        ("Digest username=\"a", expected("a value", 16)),
        ("Digest username=\"a\", ==", expected("a parameter", 21)),
    ];
    for (header, error) in cases {
        assert_eq!(Authorization::parse(header), error, "{header}");
    }
    let base = "Digest username=a, realm=r, nonce=n, uri=u, response=x";
    assert!(Authorization::parse(base).is_ok());
    for (more, error) in [
        ("qop=auth", missing("nc or cnonce beside qop")),
        ("qop=auth, nc=00000001", missing("nc or cnonce beside qop")),
        (
            "algorithm=SHA-1",
            expected("a Digest algorithm of RFC 7616", 7),
        ),
    ] {
        assert_eq!(
            Authorization::parse(&format!("{base}, {more}")),
            error,
            "{more}"
        );
    }
}

#[test]
fn headers_past_the_limit_are_refused_unread() {
    let long = format!("Digest realm=\"{}\"", "x".repeat(9000));
    let too_long = |what| Malformed::TooLong {
        what,
        got: long.len(),
        limit: 8192,
    };
    assert_eq!(
        Authorization::parse(&long),
        Err(too_long("the Authorization header"))
    );
    assert_eq!(
        Challenge::parse_list(&long),
        Err(too_long("the WWW-Authenticate header"))
    );
}

#[test]
fn challenges_that_stop_being_challenges_say_where() {
    assert_eq!(
        Challenge::parse_list("Digest realm=\"x"),
        expected("a value", 13)
    );
    assert_eq!(
        Challenge::parse_list("Basic realm=x, \"y\""),
        expected("a scheme", 15)
    );
    assert_eq!(
        Challenge::parse_list("Basic realm=x \"y\""),
        expected("a scheme", 14)
    );
    for header in ["", " , ,", "\t"] {
        assert_eq!(Challenge::parse_list(header), Ok(vec![]), "{header:?}");
    }
    // Many parameters are read in one pass.
    let many = "Digest ".to_owned() + &"a=b,".repeat(2000);
    assert_eq!(
        Challenge::parse_list(&many).unwrap()[0].params().count(),
        2000
    );
}

#[test]
fn scram_messages_with_anything_that_is_not_offered_are_refused() {
    for bad in [
        "",
        "n,,",
        "n,,n=user",
        "p=tls-unique,,n=user,r=x",
        "n,a=admin,n=user,r=x",
        "n,,m=x,n=user,r=x",
        "n,,n=user,r=",
        "n,,n=user,r=a,b=c",
        "n,,n=us=er,r=x",
        "n,,n=us=2c,r=x",
        "n,,n=,r=x",
        "n,,n=u,x=1,r=a",
        "n,,n=user,r=ä",
        "n,,n=user,r=a b",
        "x,,n=user,r=a",
    ] {
        assert!(ClientFirst::parse(bad).is_err(), "{bad}");
    }
    let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    assert!(ClientFinal::parse(&format!("c=biws,r=x,p={proof}")).is_ok());
    for bad in [
        "",
        "c=biws",
        "c=biws,r=x",
        "c=biws,r=x,p=",
        "c=biws,r=x,p=AAAA",
        "c=cD10bHM,r=x,p=AAAA",
        "c=biws,r=x,e=1,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    ] {
        assert!(ClientFinal::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_scram_client_refuses_servers_that_cheat() {
    let answer = |text: &str| {
        ScramClient::new("user", &"p".into(), "abc")
            .unwrap()
            .handle_server_first(text)
    };
    assert!(answer("r=abcX,s=AAAA,i=4096").is_ok());
    assert_eq!(answer("r=abc,s=AAAA,i=4096"), Err(ScramError::ForeignNonce));
    assert_eq!(
        answer("r=xyzX,s=AAAA,i=4096"),
        Err(ScramError::ForeignNonce)
    );
    let iterations = |got| {
        let (what, min, max) = ("SCRAM iterations", 4096, 1_000_000);
        Err(ScramError::Malformed(Malformed::OutOfRange {
            what,
            got,
            min,
            max,
        }))
    };
    assert_eq!(answer("r=abcX,s=AAAA,i=1"), iterations(1));
    assert_eq!(
        answer("r=abcX,s=AAAA,i=4294967295"),
        iterations(u64::from(u32::MAX))
    );
    for bad in [
        "r=abcX,s=!,i=4096",
        "r=abcX,s=AAAA,i=",
        "r=abcX,s=AAAA,i=+4096",
        "s=AAAA",
        "e=other",
    ] {
        assert!(
            matches!(answer(bad), Err(ScramError::Malformed(_))),
            "{bad}"
        );
    }
    let mut client = ScramClient::new("user", &"p".into(), "abc").unwrap();
    let signature = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    assert_eq!(
        client.handle_server_final(signature),
        Err(ScramError::ForeignServer)
    );
    assert_eq!(
        client.handle_server_final("e=invalid-proof"),
        Err(ScramError::Refused)
    );
}

#[cfg(feature = "saslprep")]
#[test]
fn scram_normalizes_what_saslprep_normalizes() {
    let keys = |password: &str| ScramVerifier::new(&password.into(), &[1; 16], 4096);
    assert_eq!(keys("\u{2168}"), keys("IX"));
    assert_eq!(keys("\u{212b}"), keys("\u{c5}"));
}

#[test]
fn scram_refuses_what_saslprep_prohibits() {
    for bad in [b"a\x07".as_slice(), b"\xff"] {
        let refused = ScramVerifier::new(&Secret::from_bytes(bad), &[1; 16], 4096);
        assert_eq!(refused, Err(Misuse::NotPreparable), "{bad:?}");
    }
}

#[test]
fn cram_responses_that_are_none_are_refused() {
    for bad in ["", "!", "YWxpY2U=", "YWxpY2UgYWJj", "//8="] {
        assert!(cram::parse_md5_response(bad).is_err(), "{bad}");
    }
    let long = "A".repeat(513);
    let error = Malformed::TooLong {
        what: "CRAM-MD5 response",
        got: 513,
        limit: 512,
    };
    assert_eq!(cram::parse_md5_response(&long), Err(error));
}

#[test]
fn secure_tokens_of_odd_sizes_are_refused() {
    let key = SecureToken::new(&"k".into()).unwrap();
    for bad in [
        "",
        "00",
        "00000000",
        "000000000",
        "zz00000000000000",
        "0000000000000000aa",
    ] {
        assert!(key.answer(bad).is_err(), "{bad}");
    }
    assert!(matches!(
        key.answer(&"0".repeat(2050)),
        Err(Malformed::TooLong { .. })
    ));
    assert!(matches!(
        key.encrypt(&"x".repeat(1025)),
        Err(Misuse::TooLong { .. })
    ));
    assert!(!SecureToken::matches("", ""), "an empty token is no token");
}

#[test]
fn a_megabyte_of_app_is_answered_at_once() {
    let users = UsersFile::parse("alice=s3cr3t,ROLE_USER").unwrap();
    let keys = ServerKeys::new(&Secret::from_bytes(&[1; 32]));
    let mut server = Authenticator::new(Config::default(), keys, [2; 32]);
    let flood = "&a=b".repeat(250_000);
    for app in [
        format!("live?authmod=adobe&user=alice&opaque=x&response={flood}"),
        format!("live?authmod=adobe&user={}", "x".repeat(1_000_000)),
        format!(
            "live?authmod=scram-sha-256&user=alice&data={}",
            "A".repeat(1_000_000)
        ),
        format!(
            "live?{flood}&authmod=adobe&user=alice&response=x&opaque={}",
            "A".repeat(1_000_000)
        ),
    ] {
        let answer =
            server.rtmp_connect(&users, &RtmpConnect::new(&app, [127, 0, 0, 1].into()), T0);
        let RtmpAnswer::Reject(reject) = answer else {
            panic!()
        };
        assert!(reject.description.len() <= 255);
        assert_ne!(reject.cause, Refusal::NoCredentials);
    }
}
