//! Sixteen odd requests, and what this server answers to each.
//!
//! The rows are those measured on gst-rtsp-server 1.22 and live555 2026.06.

use bytes::Bytes;
use weir_rtsp::{
    Error, Malformed, PlayAnswer, ServerConfig, ServerEvent, ServerSession, SetupAnswer,
    message::StatusCode,
    sdp::{Description, Format, Media},
};

use crate::pair::{said, server};

/// Sends text to a fresh server and returns what it says, and whether it stays open.
fn ask(text: &str) -> (String, bool) {
    let (mut server, now) = server(ServerConfig::default());
    server.handle_input(Bytes::copy_from_slice(text.as_bytes()), now);
    let open = answer_all(&mut server).is_ok();
    (said(&mut server), open)
}

/// The application: one stream at /a with one track.
fn answer_all(server: &mut ServerSession) -> Result<(), Error> {
    while let Some(event) = server.poll_event()? {
        match event {
            ServerEvent::DescribeRequested { id, request } if request.uri.ends_with("/a") => {
                let mut sdp = Description::new("a", 1);
                let format = Format::new(96, "H264", 90_000);
                sdp.media.push(Media::new("video", &format, "track1"));
                server.accept_describe(id, &sdp).unwrap();
            }
            ServerEvent::DescribeRequested { id, .. } => {
                server.reject(id, StatusCode::NOT_FOUND).unwrap();
            }
            ServerEvent::SetupRequested { id, .. } => {
                server.accept_setup(id, SetupAnswer::new(90_000)).unwrap();
            }
            ServerEvent::PlayRequested { id, .. } => {
                server.accept_play(id, PlayAnswer::default()).unwrap();
            }
            _ => {}
        }
    }
    Ok(())
}

/// The claim of most rows: one answer with this status, and the connection stays.
#[track_caller]
fn answers(text: &str, status: &str) -> String {
    let (said, open) = ask(text);
    assert!(said.starts_with(&format!("RTSP/1.0 {status} ")), "{said}");
    assert_eq!(said.matches("RTSP/").count(), 1, "{said}");
    assert!(open, "{said}");
    said
}

const SETUP: &str = "SETUP rtsp://h/a/track1 RTSP/1.0\r\nCSeq: 1\r\n\
    Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n";

#[test]
fn options_of_everything_names_the_methods() {
    let said = answers("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "200");
    assert!(said.contains("\r\nPublic: OPTIONS, DESCRIBE, "), "{said}");
    assert!(said.contains("RTSP/1.0 200 OK\r\nCSeq: 1\r\n"), "{said}");
}

#[test]
fn an_unknown_method_is_not_implemented() {
    answers("FOO rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n", "501");
}

#[test]
fn the_application_refuses_an_unknown_path() {
    answers("DESCRIBE rtsp://h/nope RTSP/1.0\r\nCSeq: 1\r\n\r\n", "404");
}

#[test]
fn describe_answers_with_sdp_whatever_is_accepted() {
    let text = "DESCRIBE rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\nAccept: text/html\r\n\r\n";
    let said = answers(text, "200");
    assert!(
        said.contains("\r\nContent-Type: application/sdp\r\n"),
        "{said}"
    );
    assert!(said.contains("\r\nContent-Base: rtsp://h/a/\r\n"), "{said}");
    assert!(said.ends_with("a=control:track1\r\n"), "{said}");
}

#[test]
fn a_required_option_it_has_not_got_is_named() {
    let text = "OPTIONS rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\nRequire: implicit-play\r\n\r\n";
    let said = answers(text, "551");
    assert!(
        said.contains("\r\nUnsupported: implicit-play\r\n"),
        "{said}"
    );
}

#[test]
fn play_without_the_right_session_is_not_found() {
    answers(
        "PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\nSession: 1234\r\n\r\n",
        "454",
    );
    answers("PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n", "454");
}

#[test]
fn a_transport_nobody_serves_is_unsupported() {
    let text = "SETUP rtsp://h/a/track1 RTSP/1.0\r\nCSeq: 1\r\n\
        Transport: RAW/RAW/UDP;unicast;client_port=4-5\r\n\r\n";
    answers(text, "461");
}

#[test]
fn setup_over_tcp_without_channels_gets_the_first_pair() {
    let text = "SETUP rtsp://h/a/track1 RTSP/1.0\r\nCSeq: 1\r\n\
        Transport: RTP/AVP/TCP;unicast\r\n\r\n";
    let said = answers(text, "200");
    assert!(
        said.contains("\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"),
        "{said}"
    );
    assert!(said.contains(";timeout=60\r\n"), "{said}");
}

#[test]
fn version_2_is_served_and_version_3_is_not() {
    let (said, open) = ask("OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n");
    assert!(said.starts_with("RTSP/2.0 200 OK\r\n") && open, "{said}");
    answers("OPTIONS * RTSP/3.0\r\nCSeq: 1\r\n\r\n", "505");
}

#[test]
fn a_request_without_cseq_is_bad_and_the_connection_stays() {
    let said = answers("OPTIONS * RTSP/1.0\r\n\r\n", "400");
    assert!(!said.contains("CSeq"), "{said}");
}

#[test]
fn folds_bare_line_feeds_and_leading_empty_lines_are_read() {
    answers(
        "OPTIONS * RTSP/1.0\r\nCSeq:\r\n 1\r\nX-A: b\r\n\tc\r\n\r\n",
        "200",
    );
    answers("OPTIONS * RTSP/1.0\nCSeq: 1\n\n", "200");
    answers("\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "200");
}

#[test]
fn a_negative_length_is_bad_and_ends_the_connection() {
    let (said, open) = ask("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -1\r\n\r\n");
    assert!(
        said.starts_with("RTSP/1.0 400 Bad Request\r\n") && !open,
        "{said}"
    );

    let (mut server, now) = server(ServerConfig::default());
    server.handle_input(
        Bytes::from_static(b"A b RTSP/1.0\r\nContent-Length: -1\r\n\r\n"),
        now,
    );
    let error = Error::Malformed(Malformed::ContentLength { offset: 0 });
    assert_eq!(server.poll_event(), Err(error));
    assert_eq!(server.poll_event(), Err(error), "sticky");
}

#[test]
fn a_blank_before_the_colon_is_read() {
    answers("OPTIONS * RTSP/1.0\r\nCSeq : 1\r\n\r\n", "200");
}

#[test]
fn get_parameter_needs_no_session() {
    answers(
        "GET_PARAMETER rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        "200",
    );
}

#[test]
fn methods_are_case_sensitive() {
    answers("options * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "501");
}

#[test]
fn a_frame_before_any_setup_is_dropped_and_counted() {
    let (mut server, now) = server(ServerConfig::default());
    server.handle_input(Bytes::from_static(b"$\0\0\x04abcd"), now);
    server.handle_input(
        Bytes::from_static(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
        now,
    );
    answer_all(&mut server).unwrap();
    assert!(said(&mut server).starts_with("RTSP/1.0 200 OK\r\n"));
    assert_eq!(server.unassigned_frames(), 1);
}

#[test]
fn a_second_setup_of_a_track_or_while_playing_is_not_valid() {
    let (mut server, now) = server(ServerConfig::default());
    server.handle_input(Bytes::from_static(SETUP.as_bytes()), now);
    answer_all(&mut server).unwrap();
    let first = said(&mut server);
    let id = first
        .split("Session: ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    server.handle_input(Bytes::from_static(SETUP.as_bytes()), now);
    answer_all(&mut server).unwrap();
    assert!(said(&mut server).starts_with("RTSP/1.0 455 "));

    let play = format!("PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 2\r\nSession: {id};timeout=60\r\n\r\n");
    server.handle_input(Bytes::from(play), now);
    answer_all(&mut server).unwrap();
    assert!(said(&mut server).starts_with("RTSP/1.0 200 OK\r\n"));
    let other = SETUP.replace("track1", "track2");
    server.handle_input(Bytes::from(other), now);
    answer_all(&mut server).unwrap();
    assert!(said(&mut server).starts_with("RTSP/1.0 455 "));
}
