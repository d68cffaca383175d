//! What fuzzing found.

use bytes::Bytes;
use weir_rtsp::Limits;
use weir_rtsp::header::{RtpInfo, Transport};
use weir_rtsp::message::{Item, Reader, Resync};
use weir_rtsp::payload::{Codec, Framing, PacketizeError, Packetizer, PacketizerConfig};
use weir_rtsp::rtp::{RtpTime, Ssrc};
use weir_rtsp::sdp::Description;

fn items(pieces: &[&[u8]]) -> Vec<Item> {
    let mut reader = Reader::new(Limits::default(), Resync::Skip);
    let mut items = Vec::new();
    for piece in pieces {
        reader.push(Bytes::copy_from_slice(piece));
        while let Some(item) = reader.read().unwrap() {
            items.push(item);
        }
    }
    items
}

#[test]
fn a_method_of_32_letters_is_one_in_any_cut() {
    let request = b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF * RTSP/1.0\r\nCSeq: 1\r\n\r\n";
    let whole = items(&[request]);
    assert!(matches!(&whole[..], [Item::Request(_)]), "{whole:?}");
    assert_eq!(items(&[&request[..32], &request[32..]]), whole);
}

#[test]
fn a_reason_that_begins_with_a_control_character_is_written_without_its_blank() {
    let [Item::Response(response)] = &items(&[b"RTSP/1.0 200 \x01 OK\r\nCSeq: 1\r\n\r\n"])[..]
    else {
        panic!("one response");
    };
    assert!(response.encode().starts_with(b"RTSP/1.0 200 OK\r\n"));
}

#[test]
fn form_feeds_behind_the_url_of_rtp_info_are_no_part_of_it() {
    let info: RtpInfo = "url=rtsp://h/a\u{c}\u{c};".parse().unwrap();
    assert_eq!(info.to_string(), "url=rtsp://h/a");
}

#[test]
fn an_origin_without_address_is_written_with_a_place_for_it() {
    let sdp = Description::parse(b"v=0\r\no=- 1 2\r\ns=-\r\n", &Limits::default());
    assert_eq!(sdp.to_string(), "v=0\r\no=- 1 2 -\r\ns=-\r\n");
}

#[test]
fn what_is_no_opus_packet_is_not_sent() {
    let mut config = PacketizerConfig::new(96, Ssrc::new(1));
    config.framing = Framing::Raw;
    let mut packetizer = Packetizer::new(&Codec::Opus(2), config).unwrap();
    // Code 3 with no frames: RFC 6716, section 3.2.5.
    let sent = packetizer.packetize(&[0xfb, 0x00], RtpTime::new(0));
    let refused = matches!(sent, Err(PacketizeError::Malformed { offset: 0, .. }));
    assert!(refused);
}

#[test]
fn form_feeds_between_the_words_of_a_media_line_are_written_as_blanks() {
    let sdp = Description::parse(
        b"v=0\r\nm=video 0 RTP/AVP\x0c\x0cX 96\r\n",
        &Limits::default(),
    );
    let text = sdp.to_string();
    assert!(text.ends_with("m=video 0 RTP/AVP X 96\r\n"), "{text}");
}

#[test]
fn a_transport_parameter_of_quotes_alone_is_left_out() {
    let transport: Transport = "RTP/AVP;\"".parse().unwrap();
    assert_eq!(transport.to_string(), "RTP/AVP");
    let transport: Transport = "RTP/AVP;\"unicast\"".parse().unwrap();
    assert!(transport.unicast);
}

#[test]
fn a_carriage_return_in_a_media_line_ends_a_word() {
    let sdp = Description::parse(b"v=0\r\nm=video\r0 RTP/AVP 96\r\n", &Limits::default());
    let [media] = &sdp.media[..] else {
        panic!("one media section");
    };
    assert_eq!(
        (&*media.media, &*media.port, &*media.proto),
        ("video", "0", "RTP/AVP")
    );
    assert_eq!(media.fmts[..], ["96"]);
}
