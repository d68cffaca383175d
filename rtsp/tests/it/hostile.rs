//! What the crate does with input that is broken, or wants to break something.

use weir_rtsp::{
    LimitExceeded, Limits, Malformed, ReadError, ValueError, WarningCode,
    header::{Range, Transports},
    message::{Head, Item, Reader, Response, Resync, StatusCode},
    sdp::{Description, SdpProblem},
    tunnel::{self, TunnelError},
};

fn read(bytes: &[u8], limits: Limits) -> Result<Option<Item>, ReadError> {
    let mut reader = Reader::new(limits, Resync::Never);
    reader.push(bytes.to_vec());
    let first = reader.read();
    if first.is_err() {
        assert_eq!(reader.read(), first, "an error is sticky");
    }
    first
}

#[test]
fn a_head_may_be_as_long_as_the_limit_and_no_longer() {
    let head = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n";
    for (limit, fits) in [(head.len(), true), (head.len() - 1, false)] {
        let mut limits = Limits::default();
        limits.max_head_len = limit;
        let got = read(head, limits);
        if fits {
            assert!(matches!(got, Ok(Some(Item::Request(_)))), "{got:?}");
        } else {
            assert_eq!(got, Err(LimitExceeded::Head { offset: 0, limit }.into()));
        }
    }
}

#[test]
fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
    let mut limits = Limits::default();
    limits.max_body_len = 4;
    let message = |len| format!("OPTIONS * RTSP/1.0\r\nContent-Length: {len}\r\n\r\nbody!");
    assert!(matches!(
        read(message(4).as_bytes(), limits.clone()),
        Ok(Some(Item::Request(_)))
    ));
    let error = LimitExceeded::Body {
        offset: 0,
        got: 5,
        limit: 4,
    };
    assert_eq!(read(message(5).as_bytes(), limits), Err(error.into()));
}

#[test]
fn lengths_that_hide_the_next_message_are_errors() {
    let error = Err(Malformed::ContentLength { offset: 2 }.into());
    for length in [
        "-1",
        "+1",
        "1.0",
        "0x10",
        "",
        "18446744073709551616",
        "1, 2",
        "1\r\nContent-Length: 2",
    ] {
        let text = format!("\r\nOPTIONS * RTSP/1.0\r\nContent-Length: {length}\r\n\r\n");
        assert_eq!(read(text.as_bytes(), Limits::default()), error, "{length}");
    }
    let twice = "OPTIONS * RTSP/1.0\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\nx";
    assert!(matches!(
        read(twice.as_bytes(), Limits::default()),
        Ok(Some(Item::Request(_)))
    ));
}

#[test]
fn first_lines_that_are_none_are_errors_with_their_place() {
    let lines = [
        ("OPTIONS * HTTP/1.1", "a version such as RTSP/1.0"),
        ("OPTIONS RTSP/1.0", "a URI and a version"),
        ("OPTIONS   RTSP/1.0", "a URI and a version"),
        ("OPTIONS *RTSP/1.0", "a URI and a version"),
        ("OPTIONS * RTSP/1.0.0", "a URI and a version"),
        ("OPTIONS", "a method and a blank"),
        ("OPT/IONS * RTSP/1.0", "a method and a blank"),
        (" * RTSP/1.0", "a method and a blank"),
        ("RTSP/1.0 20 OK", "a status code of three digits"),
        ("RTSP/1.0 2000 OK", "a status code of three digits"),
        ("RTSP/10 200 OK", "a version such as RTSP/1.0"),
    ];
    for (line, expected) in lines {
        let error = Malformed::StartLine {
            offset: 0,
            expected,
        };
        let head = format!("{line}\r\n\r\n");
        let got = Head::parse(head.as_bytes(), &Limits::default());
        assert_eq!(got.err(), Some(error.into()), "{line}");
    }
    let error = Malformed::Unframed {
        offset: 0,
        first: 0x16,
    };
    assert_eq!(
        read(b"\x16\x03\x01\x02", Limits::default()),
        Err(error.into())
    );
}

/// RFC 7826, section 20.1: no line may end between a name and its colon.
#[test]
fn a_colon_on_a_continuation_line_makes_no_field() {
    for fold in ["\r\n ", "\r\n\t", "\n ", " \r\n \r\n "] {
        let text = format!(
            "OPTIONS * RTSP/1.0\r\nContent-Length{fold}: 5\r\nA: b{fold}: c\r\n\r\n$\0\0\0"
        );
        let mut reader = Reader::new(Limits::default(), Resync::Never);
        reader.push(text.into_bytes());
        let Ok(Some(Item::Request(request))) = reader.read() else {
            panic!("a request");
        };
        let fields: Vec<_> = request.headers.iter().collect();
        assert_eq!((fields, request.body.len()), (vec![("A", "b : c")], 0));
        let warning = reader.next_warning().map(|warning| warning.code);
        assert_eq!(warning, Some(WarningCode::HeaderLineIgnored));
        assert!(matches!(reader.read(), Ok(Some(Item::Data(_)))));
    }
}

#[test]
fn rubbish_without_end_is_given_up() {
    let mut limits = Limits::default();
    limits.max_skipped = 100;
    let mut reader = Reader::new(limits, Resync::Skip);
    for _ in 0..10 {
        reader.push(vec![0; 10]);
        assert_eq!(reader.read(), Ok(None));
    }
    reader.push(vec![0]);
    let error = LimitExceeded::Skipped {
        offset: 0,
        limit: 100,
    };
    assert_eq!(reader.read(), Err(error.into()));
}

#[test]
fn an_unfinished_head_is_not_read_again_with_every_read() {
    // 64 KiB in reads of one byte: quadratic work would take minutes.
    let mut reader = Reader::new(Limits::default(), Resync::Never);
    reader.push("OPTIONS * RTSP/1.0\r\n");
    for _ in 0..60_000 {
        reader.push(vec![b'a']);
        assert_eq!(reader.read(), Ok(None));
    }
}

#[test]
fn a_value_cannot_end_its_line() {
    let mut response = Response::new(StatusCode::OK);
    response.headers.push(
        "Location",
        "rtsp://h/\r\nSet-Cookie: a\r\n\r\nRTSP/1.0 200 OK",
    );
    let bytes = response.encode();
    let Ok(Some(Item::Response(read))) = read(&bytes, Limits::default()) else {
        panic!()
    };
    assert_eq!(read.headers.len(), 1);
    assert_eq!(
        bytes
            .windows(4)
            .filter(|window| *window == b"\r\n\r\n")
            .count(),
        1
    );
}

#[test]
fn a_transport_that_cannot_be_read_costs_that_one_only() {
    let list = Transports::from(
        "RTP/AVP;client_port=x-y,RTP/AVP/TCP;interleaved=256,,RTP/AVP/TCP;interleaved=0-1",
    );
    assert_eq!(list.0.iter().filter(|one| one.is_err()).count(), 3);
    assert_eq!(
        list.readable().next().unwrap().interleaved,
        Some((0, Some(1)))
    );
}

#[test]
fn ranges_out_of_the_grammar_are_errors() {
    let expected = "now, seconds or hours:minutes:seconds";
    let error: ValueError = "npt=1x-".parse::<Range>().unwrap_err();
    assert_eq!((error.offset, error.expected), (4, expected));
    for text in [
        "npt=-",
        "npt=1:60:00-",
        "smpte=1:2-",
        "clock=2026-",
        "npt",
        "foo=1-2",
        "npt=1e3-",
    ] {
        assert!(text.parse::<Range>().is_err(), "{text}");
    }
}

#[test]
fn a_bomb_of_lines_or_media_is_cut_off_and_reported() {
    let mut limits = Limits::default();
    (limits.max_sdp_lines, limits.max_media) = (10, 3);
    let sdp = Description::parse("a=b\n".repeat(1000).as_bytes(), &limits).into_owned();
    assert_eq!((sdp.attributes.len(), sdp.warnings.len()), (10, 1));
    assert_eq!(
        (sdp.warnings[0].line, sdp.warnings[0].problem),
        (11, SdpProblem::TooManyLines)
    );
    let sdp = Description::parse("m=a 0 b 1\n".repeat(1000).as_bytes(), &limits).into_owned();
    assert_eq!(
        (sdp.media.len(), sdp.warnings[0].problem),
        (3, SdpProblem::TooManyMedia)
    );
}

#[test]
fn what_is_no_tunnel_is_refused() {
    let limits = Limits::default();
    let parse = |text: &str| tunnel::Request::parse(text.as_bytes(), &limits);
    assert_eq!(parse("GET / HTTP/1.0\r\n\r\n"), Err(TunnelError::NoCookie));
    assert_eq!(
        parse("PUT / HTTP/1.0\r\n\r\n"),
        Err(TunnelError::NotATunnel)
    );
    assert_eq!(parse("GET / HTTP/1.0\r\n"), Ok(None));
    let answer = tunnel::Answer::parse(b"HTTP/1.0 404 Not Found\r\n\r\n", &limits);
    assert_eq!(answer, Err(TunnelError::Refused { status: 404 }));
    let error = TunnelError::NotBase64 {
        offset: 5,
        byte: b'!',
    };
    assert_eq!(
        tunnel::Decoder::new().decode(b"T1BUA!", &mut Vec::new()),
        Err(error)
    );
    assert_eq!(
        [&b"GE"[..], b"GET ", b"GET_P", b"POST /"].map(tunnel::is_tunnel),
        [None, Some(true), Some(false), Some(true)]
    );
}
