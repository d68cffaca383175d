//! Laws: any cut gives the same items, what is written reads back, nothing panics.

use proptest::prelude::*;
use weir_rtsp::{
    Limits, ReadError, Url,
    header::{Options, Public, Range, RtpInfo, Scale, Session, Speed, Transport, Transports},
    join_control,
    message::{Head, Item, Method, Reader, Request, Response, Resync, StatusCode},
    sdp::Description,
    tunnel,
};

/// Everything a reader makes of a stream in these parts, with the error that ends it.
fn read_all(parts: impl Iterator<Item = Vec<u8>>) -> (Vec<Item>, Option<ReadError>) {
    let mut limits = Limits::default();
    (limits.max_head_len, limits.max_body_len, limits.max_skipped) = (512, 256, 128);
    let mut reader = Reader::new(limits, Resync::Skip);
    let mut items = Vec::new();
    for part in parts {
        reader.push(part);
        loop {
            match reader.read() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Some(error)),
            }
        }
    }
    (items, None)
}

/// Parts of streams: messages, frames, and rubbish of all kinds.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".to_vec()),
        Just(b"RTSP/1.0 200 OK\nCSeq: 2\nX: a\n b\n\n".to_vec()),
        Just(b"PLAY rtsp://h/a RTSP/1.0\r\nContent-Length: 5\r\n\r\n$\0\0\x01x".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"$\x01\0\x0c\x80\xc8\0\0abcdefgh".to_vec()),
        Just(b"$\0\0\0".to_vec()),
        Just(b"]\x11\x02garbage".to_vec()),
        prop::collection::vec(any::<u8>(), 0..12),
        "[ -~]{0,20}".prop_map(String::into_bytes),
    ]
}

/// Text as headers have it, with the characters that mean something more often than others.
fn value() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            "[a-z0-9.:/ -]{0,8}",
            Just("RTP/AVP".to_owned()),
            Just("url=".to_owned()),
            Just("\"".to_owned()),
            Just(";".to_owned()),
            Just(",".to_owned()),
            Just("=".to_owned()),
            Just("npt=".to_owned()),
            Just("interleaved=1-2".to_owned()),
            Just("timeout=9".to_owned()),
            Just("é".to_owned()),
        ],
        0..12,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_cut_of_a_stream_gives_the_same_items(
        pieces in prop::collection::vec(piece(), 0..8),
        cuts in prop::collection::vec(1_usize..40, 1..60),
    ) {
        let bytes = pieces.concat();
        let whole = read_all(std::iter::once(bytes.clone()));
        let by_byte = read_all(bytes.iter().map(|byte| vec![*byte]));
        prop_assert_eq!(&by_byte, &whole);
        let mut rest = bytes.as_slice();
        let mut cuts = cuts.into_iter().cycle();
        let parts = std::iter::from_fn(|| {
            let at = cuts.next().unwrap_or(1).min(rest.len());
            let (part, behind) = rest.split_at(at);
            rest = behind;
            (!part.is_empty()).then(|| part.to_vec())
        });
        prop_assert_eq!(&read_all(parts), &whole);
        for at in 0..bytes.len() {
            let (first, second) = bytes.split_at(at);
            let parts = [first.to_vec(), second.to_vec()];
            prop_assert_eq!(&read_all(parts.into_iter()), &whole);
        }
    }

    #[test]
    fn a_written_message_reads_back(
        names in prop::collection::vec("[A-Za-z-]{1,12}", 0..6),
        values in prop::collection::vec("[ -~é]{0,20}", 6),
        body in prop::collection::vec(any::<u8>(), 0..100),
        status in 100_u16..=999,
    ) {
        let mut request = Request::new(Method::SETUP, "rtsp://h/a b");
        let mut response = Response::new(StatusCode::from_u16(status).unwrap());
        for (name, value) in names.iter().zip(&values) {
            if !name.eq_ignore_ascii_case("content-length") {
                request.headers.push(name, value.trim_ascii());
                response.headers.push(name, value.trim_ascii());
            }
        }
        (request.body, response.body) = (body.clone().into(), body.into());
        let mut reader = Reader::new(Limits::default(), Resync::Never);
        reader.push(request.encode());
        reader.push(response.encode());
        let (Ok(Some(Item::Request(mut read))), Ok(Some(Item::Response(mut answer)))) =
            (reader.read(), reader.read())
        else {
            return Err(TestCaseError::fail("not two messages"));
        };
        prop_assert_eq!(read.encode(), request.encode());
        prop_assert_eq!(answer.encode(), response.encode());
        read.headers.remove("Content-Length");
        answer.headers.remove("Content-Length");
        let lower = |headers: &weir_rtsp::message::Headers| {
            headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect::<Vec<_>>()
        };
        prop_assert_eq!(lower(&read.headers), lower(&request.headers));
        prop_assert_eq!(lower(&answer.headers), lower(&response.headers));
    }

    #[test]
    fn a_header_value_that_reads_writes_and_reads_the_same(text in value()) {
        macro_rules! round_trip {
            ($($kind:ty),*) => {$(
                if let Ok(value) = text.parse::<$kind>() {
                    let written = value.to_string();
                    let again = written.parse::<$kind>();
                    prop_assert_eq!(again, Ok(value), "{}", written);
                }
            )*};
        }
        round_trip!(Session, Range, Scale, Speed, Url);
        for transport in Transports::from(text.as_str()).readable() {
            let written = transport.to_string();
            let again = written.parse::<Transport>().map(|again| again.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&written));
        }
        if let Ok(info) = text.parse::<RtpInfo>() {
            let written = info.to_string();
            let again = written.parse::<RtpInfo>().map(|again| again.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&written));
        }
        let public = Public::from(text.as_str());
        prop_assert_eq!(Public::from(public.to_string().as_str()), public);
        let options = Options::from(text.as_str());
        prop_assert_eq!(Options::from(options.to_string().as_str()), options);
        prop_assert!(join_control("rtsp://h/a", Some(&text)).contains(text.trim_ascii()) || text.trim_ascii() == "*");
    }

    #[test]
    fn a_description_that_was_written_reads_the_same(
        lines in prop::collection::vec(
            prop_oneof![
                "[a-z]=[ -~]{0,20}",
                Just("m=video 0 RTP/AVP 96 97".to_owned()),
                Just("a=rtpmap:96 H264/90000".to_owned()),
                Just("a=fmtp:96 a=b;c=d".to_owned()),
                Just("a=sendonly".to_owned()),
                "[ -~]{0,12}",
            ],
            0..20,
        ),
    ) {
        let text = lines.join("\r\n");
        let limits = Limits::default();
        let sdp = Description::parse(text.as_bytes(), &limits);
        let written = sdp.to_string();
        let again = Description::parse(written.as_bytes(), &limits);
        prop_assert_eq!(&again.to_string(), &written);
        prop_assert_eq!(again.media.len(), sdp.media.len());
        let formats = |sdp: &Description<'_>| {
            sdp.media.iter().map(|m| m.format().map(weir_rtsp::sdp::Format::into_owned)).collect::<Vec<_>>()
        };
        prop_assert_eq!(formats(&again), formats(&sdp));
    }

    #[test]
    fn base64_in_any_cut_decodes_to_what_was_sent(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..5),
        step in 1_usize..9,
    ) {
        let body: Vec<u8> = messages.iter().flat_map(|message| tunnel::encode(message)).collect();
        let (mut decoder, mut text) = (tunnel::Decoder::new(), Vec::new());
        for part in body.chunks(step) {
            decoder.decode(part, &mut text).unwrap();
        }
        prop_assert_eq!(text, messages.concat());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let limits = Limits::default();
        let _ = Head::parse(&bytes, &limits);
        let _ = Description::parse(&bytes, &limits);
        let _ = tunnel::Request::parse(&bytes, &limits);
        let _ = tunnel::Answer::parse(&bytes, &limits);
        let text = String::from_utf8_lossy(&bytes);
        let _ = text.parse::<Url>();
        let _ = text.parse::<Range>();
        let _ = weir_rtsp::content_base("rtsp://h/a", Some(&text));
    }
}
