//! Both ends of the handshake, against each other and against recorded peers.

use serde_json::json;
use weir_rtmp::handshake::{DigestLayout, Greeting, Handshake, HandshakeKind, PART_LEN, Role};
use weir_rtmp::{Error, Malformed, PeerMisbehaved, Quirks, WarningCode};

use crate::capture::{self, Direction};

const SEED: [u8; 32] = [7; 32];

#[test]
fn greetings_of_captures_are_read_as_their_json_says() {
    for capture in capture::all() {
        for (direction, sender) in [(&capture.c2s, Role::Client), (&capture.s2c, Role::Server)] {
            let greeting = Greeting::read(&direction.bytes[1..=PART_LEN], sender).unwrap();
            let version: String = greeting
                .version
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            let read = json!({
                "version": direction.bytes[0],
                "c1s1_time": greeting.time.as_millis(),
                "c1s1_version_bytes": version,
                "complex": greeting.digest.is_some(),
            });
            assert_eq!(
                read, direction.expect["handshake"],
                "{} {sender:?}",
                capture.name
            );
        }
    }
}

#[test]
fn the_server_answers_recorded_clients_as_they_began() {
    for capture in capture::all() {
        for len in [1, 7, 1460, 65536] {
            let mut server = Handshake::server(&Quirks::default(), SEED);
            let (handshaken, rest) = run(&mut server, &capture.c2s, len);
            let output = server.poll_output().unwrap();
            assert_eq!(output.len(), 1 + 2 * PART_LEN);
            let own = Greeting::read(&output[1..=PART_LEN], Role::Server).unwrap();
            assert_eq!(own.digest, handshaken.greeting.digest, "{}", capture.name);
            if own.digest.is_none() {
                assert_eq!(output[1 + PART_LEN..], capture.c2s.bytes[1..=PART_LEN]);
            }
            assert_eq!(rest, capture.c2s.bytes.len() - 1 - 2 * PART_LEN);
        }
    }
}

#[test]
fn ffmpegs_answer_to_another_server_is_reported_and_accepted() {
    let capture = capture::load("ff5_pub_avc_aac_cs4096");
    let mut server = Handshake::server(&Quirks::default(), SEED);
    let (handshaken, _) = run(&mut server, &capture.c2s, 65536);
    assert!(!handshaken.answered);
    let warning = server.poll_warning().unwrap();
    assert_eq!(
        (warning.code, warning.offset),
        (WarningCode::HandshakeMismatch, 1537)
    );

    let mut strict = Handshake::server(&Quirks::strict(), SEED);
    let error = strict.read(&mut &capture.c2s.bytes[..]).unwrap_err();
    assert_eq!(
        error,
        PeerMisbehaved::HandshakeMismatch { offset: 1537 }.into()
    );
    assert_eq!(strict.read(&mut &[0_u8][..]), Err(error));
}

#[test]
fn signatures_of_recorded_answers_hold() {
    for (name, client_signs) in [
        ("rtmpdump_play_live_complex_cs128", true),
        ("q_ff9_swfvfy", true),
        ("ff5_pub_avc_aac_cs4096", false),
    ] {
        let capture = capture::load(name);
        let parts = |direction: &Direction| {
            let (greeting, rest) = direction.bytes[1..].split_at(PART_LEN);
            (greeting.to_vec(), rest[..PART_LEN].to_vec())
        };
        let ((c1, c2), (s1, s2)) = (parts(&capture.c2s), parts(&capture.s2c));
        let c1 = Greeting::read(&c1, Role::Client).unwrap();
        let s1 = Greeting::read(&s1, Role::Server).unwrap();
        assert!(c1.is_signed_answer(&s2), "{name}");
        assert_eq!(s1.is_signed_answer(&c2), client_signs, "{name}");
    }
}

#[test]
fn the_client_answers_recorded_servers_as_they_began() {
    for capture in capture::all() {
        let mut client = Handshake::client(HandshakeKind::Digest, &Quirks::default(), SEED);
        client.poll_output().unwrap();
        let (handshaken, rest) = run(&mut client, &capture.s2c, 1460);
        let complex = capture.s2c.expect["handshake"]["complex"] == true;
        assert_eq!(
            handshaken.greeting.digest.is_some(),
            complex,
            "{}",
            capture.name
        );
        let c2 = client.poll_output().unwrap();
        assert_eq!(c2.len(), PART_LEN);
        assert_eq!(
            c2[..] == capture.s2c.bytes[1..=PART_LEN],
            !complex,
            "{}",
            capture.name
        );
        assert_eq!(rest, capture.s2c.bytes.len() - 1 - 2 * PART_LEN);
        let s1 = &capture.s2c.bytes[1..=PART_LEN];
        assert_eq!(handshaken.swf_key, s1[PART_LEN - 32..]);
    }
}

fn run(
    handshake: &mut Handshake,
    direction: &Direction,
    read_len: usize,
) -> (weir_rtmp::handshake::Handshaken, usize) {
    let mut rest = direction.bytes.len();
    for mut read in direction.in_reads_of(read_len) {
        let len = read.len();
        let handshaken = handshake.read(&mut read).unwrap();
        rest -= len - read.len();
        if let Some(handshaken) = handshaken {
            return (handshaken, rest);
        }
        assert!(read.is_empty());
    }
    panic!("the handshake did not end");
}

#[test]
fn both_kinds_of_client_and_the_server_understand_each_other_strictly() {
    for (kind, layout) in [
        (HandshakeKind::Plain, None),
        (HandshakeKind::Digest, Some(DigestLayout::DigestFirst)),
    ] {
        let mut client = Handshake::client(kind, &Quirks::strict(), [1; 32]);
        let mut server = Handshake::server(&Quirks::strict(), [2; 32]);
        let c0_c1 = client.poll_output().unwrap();
        assert_eq!(server.read(&mut &c0_c1[..]).unwrap(), None);
        let s0_s1_s2 = server.poll_output().unwrap();
        let seen = client.read(&mut &s0_s1_s2[..]).unwrap().unwrap();
        assert!(seen.answered);
        assert_eq!(seen.greeting.digest, layout);
        let c2 = client.poll_output().unwrap();
        let mut c2_and_more = [&c2[..], b"chunks"].concat();
        let mut input = &mut c2_and_more[..] as &[u8];
        let seen = server.read(&mut input).unwrap().unwrap();
        assert!(seen.answered);
        assert_eq!(seen.greeting.digest, layout);
        assert_eq!(input, b"chunks");
    }
}

#[test]
fn a_peer_with_another_protocol_is_told_from_its_first_byte() {
    let first = |byte: u8, quirks: &Quirks| {
        Handshake::server(quirks, SEED)
            .read(&mut &[byte][..])
            .unwrap_err()
    };
    let tolerant = Quirks::tolerant();
    assert_eq!(first(0x16, &tolerant), Malformed::Tls.into());
    assert_eq!(
        first(b'P', &tolerant),
        Malformed::Http { first: b'P' }.into()
    );
    let version = |got| Error::from(PeerMisbehaved::HandshakeVersion { got });
    assert_eq!(first(32, &tolerant), version(32));
    assert_eq!(first(5, &Quirks::strict()), version(5));
}

#[test]
fn an_unknown_version_is_answered_with_three() {
    let mut server = Handshake::server(&Quirks::tolerant(), SEED);
    let mut c0_c1 = vec![4];
    c0_c1.resize(1 + PART_LEN, 0);
    assert_eq!(server.read(&mut &c0_c1[..]).unwrap(), None);
    assert_eq!(server.poll_output().unwrap()[0], 3);
    assert_eq!(
        server.poll_warning().unwrap().code,
        WarningCode::HandshakeVersion
    );
    assert_eq!(server.poll_warning(), None);
}

#[cfg(feature = "rtmpe")]
mod rtmpe {
    use super::*;
    use weir_rtmp::handshake::SwfIdentity;

    #[test]
    fn both_ends_of_an_encrypted_handshake_have_the_same_ciphers() {
        let mut client = Handshake::client(HandshakeKind::Encrypted, &Quirks::strict(), [1; 32]);
        let mut server = Handshake::server(&Quirks::strict(), [2; 32]);
        let c0_c1 = client.poll_output().unwrap();
        assert_eq!(c0_c1[0], 6);
        assert_eq!(server.read(&mut &c0_c1[..]).unwrap(), None);
        let s0_s1_s2 = server.poll_output().unwrap();
        assert_eq!(s0_s1_s2[0], 6);
        let seen = client.read(&mut &s0_s1_s2[..]).unwrap().unwrap();
        assert!(seen.answered);
        assert_eq!(seen.greeting.digest, Some(DigestLayout::KeyFirst));
        let c2 = client.poll_output().unwrap();
        assert!(server.read(&mut &c2[..]).unwrap().unwrap().answered);
        let mut client = client.take_ciphers().unwrap();
        let mut server = server.take_ciphers().unwrap();
        let text = bytes::Bytes::from_static(b"what the client says");
        let secret = client.output.apply(text.clone());
        assert_ne!(secret, text);
        assert_eq!(server.input.apply(secret), text);
        let secret = server.output.apply(text.clone());
        assert_eq!(client.input.apply(secret), text);
    }

    #[test]
    fn an_encrypted_greeting_without_a_key_is_refused() {
        let mut c0_c1 = vec![6];
        c0_c1.resize(1 + PART_LEN, 7);
        let error = Handshake::server(&Quirks::default(), SEED)
            .read(&mut &c0_c1[..])
            .unwrap_err();
        assert_eq!(error, PeerMisbehaved::NoKey { offset: 1 }.into());
    }

    #[test]
    fn ffmpegs_answer_to_swf_verification_has_the_shape_of_ours() {
        let ffmpegs = "01010000109200001092a070f85be0670b43588b3049b8b91e45161470d7eb5c084804ec\
                       56e00562aeb5";
        let ours = SwfIdentity::new([0; 32], 4242).response(&[0; 32]);
        let hex: String = ours.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex.len(), ffmpegs.len());
        assert_eq!(hex[..20], ffmpegs[..20]);
    }
}
