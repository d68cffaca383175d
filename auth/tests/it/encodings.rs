//! The users file and what it stores of passwords.

use weir_auth::http::HashAlgorithm;
use weir_auth::scram::ScramVerifier;
use weir_auth::{
    LineProblem, Lookup, Malformed, Misuse, Secret, UserName, UserStore, UsersFile, UsersFileError,
    Verifier,
};

use crate::vectors::vectors;

fn found(file: &UsersFile, name: &str) -> weir_auth::User {
    match file.lookup(name) {
        Lookup::Found(user) => user,
        other => panic!("{other:?}"),
    }
}

fn problem(text: &str) -> LineProblem {
    match UsersFile::parse(text) {
        Err(UsersFileError {
            line: 1, problem, ..
        }) => problem,
        other => panic!("{text:?}: {other:?}"),
    }
}

#[test]
fn lines_are_read_as_spring_reads_them() {
    for v in vectors("spring_users_line", 4) {
        let parsed = UsersFile::parse(v.text("line"));
        if v.expect()["skip"] == true {
            assert_eq!(parsed.unwrap().users().count(), 0, "{}", v.id);
            continue;
        }
        if v.expect()["error"] == "no authority" {
            assert_eq!(
                problem(v.text("line")),
                LineProblem::NoAuthority,
                "{}",
                v.id
            );
            continue;
        }
        let user = found(&parsed.unwrap(), v.expected("user"));
        let password = Verifier::Plain(v.expected("password").into());
        assert_eq!(user.verifiers(), [password], "{}", v.id);
        let roles: Vec<&str> = user.roles().iter().map(|role| role.as_str()).collect();
        let expected = v.expect()["roles"].as_array().unwrap();
        assert!(roles.iter().eq(expected.iter()), "{}", v.id);
        assert_eq!(user.is_enabled(), v.expect()["enabled"], "{}", v.id);
    }
}

#[test]
fn loose_lines_are_read_too() {
    let text =
        "\r\n  ! note\r\n bob = pa:ss= word , disabled , ROLE_A\r\n\tZoë=naïve,ROLE_B,enabled\n";
    let file = UsersFile::parse(text).unwrap();
    let bob = found(&file, "bob");
    assert_eq!(bob.verifiers(), [Verifier::Plain("pa:ss= word".into())]);
    assert!(!bob.is_enabled());
    assert_eq!(found(&file, "Zoë").roles().len(), 1);
    assert_eq!(file.lookup("BOB"), Lookup::Unknown);
}

#[test]
fn bad_lines_fail_the_file_and_say_which_they_are() {
    let missing = LineProblem::Password(Malformed::Missing {
        what: "the password",
    });
    let bad = [
        ("alice", LineProblem::NoPassword),
        ("alice=", missing),
        ("alice=,ROLE_A", missing),
        ("alice={plain},ROLE_A", missing),
        ("alice=pw,enabled", LineProblem::NoAuthority),
        ("alice=pw,", LineProblem::Authority(1)),
        ("alice=pw,ROLE_A,,ROLE_B", LineProblem::Authority(2)),
        ("alice=pw,ROLE A", LineProblem::Authority(1)),
        (
            "=pw,ROLE_A",
            LineProblem::Name(Misuse::UserNameLength { got: 0, limit: 64 }),
        ),
        (
            "a b=pw,ROLE_A",
            LineProblem::Name(Misuse::UserNameCharacter {
                character: ' ',
                offset: 1,
            }),
        ),
    ];
    for (line, expected) in bad {
        assert_eq!(problem(line), expected, "{line}");
    }
    for encoding in [
        "{",
        "{bcrypt}x",
        "{}x",
        "{ha1:MD5}00",
        "{ha1:r:SHA-1}00",
        "{adobe:}AAAA",
        "{sha256}zz",
        "{scram}SCRAM-SHA-1$1:a$b:c",
        "{argon2}x",
        "{ha1:r:MD5}00",
        "{adobe:s&t}AAAA",
    ] {
        let line = format!("alice={encoding},ROLE_A");
        assert!(matches!(problem(&line), LineProblem::Password(_)), "{line}");
    }
    let twice = UsersFile::parse("# x\na=1,ROLE_A\n\na=2,ROLE_A").unwrap_err();
    assert_eq!((twice.line, twice.problem), (4, LineProblem::RepeatedUser));
}

#[test]
fn names_that_cannot_travel_are_refused() {
    for bad in [
        "", "a&b", "a=b", "a?b", "a#b", "a:b", "a,b", "a b", "a\tb", "a\u{a0}b", "a\u{7f}",
    ] {
        assert!(UserName::new(bad).is_err(), "{bad:?}");
    }
    for good in [
        "a",
        "Zoë",
        "бокс",
        "joe@example.org",
        "a.b-c_d+e",
        "a\"b\\c",
        "a%20b",
    ] {
        assert_eq!(UserName::new(good).unwrap().as_str(), good);
    }
    assert!(UserName::new(&"x".repeat(64)).is_ok());
    let long = UserName::new(&"x".repeat(65));
    assert_eq!(long, Err(Misuse::UserNameLength { got: 65, limit: 64 }));
}

fn forms() -> Vec<Verifier> {
    let password = Secret::from("s3cr3t");
    let mut forms = vec![
        Verifier::Plain(password.clone()),
        Verifier::sha256(&password),
        Verifier::ha1(HashAlgorithm::Sha512_256, "alice", "a realm: x", &password),
        Verifier::ha1(HashAlgorithm::Md5, "alice", "live", &password),
        Verifier::adobe("alice", "c2FsdHNh", &password),
        Verifier::Scram(ScramVerifier::new(&password, &[9; 16], 4096).unwrap()),
    ];
    forms.extend(argon2());
    forms
}

/// Made with argon2-cffi 25.1 of Python: password "s3cr3t", salt "saltsalt".
#[cfg(feature = "argon2")]
fn argon2() -> Option<Verifier> {
    Some(
        Verifier::decode("{argon2}$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$jCBCEj9Kow84Duq1ENgkUw")
            .unwrap(),
    )
}

#[cfg(not(feature = "argon2"))]
fn argon2() -> Option<Verifier> {
    None
}

#[test]
fn every_form_is_written_and_read_back_and_knows_its_password() {
    for form in forms() {
        let text = form.encode();
        assert_eq!(Verifier::decode(&text), Ok(form.clone()), "{text}");
        assert!(form.check_password("alice", &"s3cr3t".into()), "{text}");
        assert!(!form.check_password("alice", &"s3cr3T".into()), "{text}");
        let line = format!("alice={text},ROLE_A,disabled");
        let user = found(&UsersFile::parse(&line).unwrap(), "alice");
        assert_eq!(
            (user.verifiers(), user.is_enabled()),
            ([form].as_slice(), false),
            "{line}"
        );
    }
}

#[test]
fn several_forms_of_one_password_stand_behind_each_other() {
    let forms: Vec<Verifier> = forms().split_off(1);
    let joined: Vec<String> = forms.iter().map(Verifier::encode).collect();
    let line = format!("alice={},ROLE_A", joined.join(" "));
    assert_eq!(
        found(&UsersFile::parse(&line).unwrap(), "alice").verifiers(),
        forms,
        "{line}"
    );
}

#[test]
fn a_plain_password_may_begin_with_a_brace_when_it_says_so() {
    assert_eq!(
        Verifier::decode("{plain}{x} y"),
        Ok(Verifier::Plain("{x} y".into()))
    );
}

#[cfg(not(feature = "argon2"))]
#[test]
fn without_the_feature_an_argon2_hash_is_refused_not_taken_for_a_password() {
    assert!(Verifier::decode("{argon2}$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA").is_err());
}

#[cfg(feature = "argon2")]
#[test]
fn an_argon2_hash_that_wants_too_much_memory_is_refused() {
    let hash = "{argon2}$argon2id$v=19$m=4194304,t=3,p=4$c2FsdHNhbHQ$qLml5cTDwzDPpb4NbSsOZg";
    assert!(matches!(
        Verifier::decode(hash),
        Err(Malformed::OutOfRange { got: 4_194_304, .. })
    ));
}

/// The work for somebody who does not exist is that of the costliest stored form.
#[test]
fn the_decoy_has_the_form_that_costs_most() {
    let scram = ScramVerifier::new(&"x".into(), &[1; 16], 5000).unwrap();
    let text = format!("a=plain,R\nb={{scram}}{},R\nc=plain,R", scram.encode());
    let file = UsersFile::parse(&text).unwrap();
    assert!(matches!(file.decoy(), Verifier::Scram(decoy) if decoy.iterations() == 5000));
}
