//! RTSP messages, descriptions, RTP, RTCP and H.264 payloads.

use std::hint::black_box;

use bytes::{Buf, Bytes};
use weir_rtsp::Limits;
use weir_rtsp::message::{Head, Item, Reader, Resync};
use weir_rtsp::payload::{Codec, Depacketizer, Framing, Packetizer, PacketizerConfig, h264};
use weir_rtsp::rtcp::{Compound, RtcpPacket};
use weir_rtsp::rtp::{RtpPacket, RtpTime, Ssrc};
use weir_rtsp::sdp::Description;

use super::{Amount, Row, Run, run, run_on};
#[cfg(feature = "peers")]
use crate::peers::{retina, rtsp as peers, str0m};
use crate::{rtp, rtsp as inputs};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(heads());
    rows.extend(messages());
    rows.push(interleaved());
    rows.extend(descriptions());
    rows.extend(rtp_packets());
    rows.push(rtcp());
    rows.extend(depacketize());
    rows.extend(packetize());
    rows
}

const MESSAGES: [(&str, &[u8]); 2] = [("options", inputs::OPTIONS), ("setup", inputs::SETUP)];

/// A text; the floor goes from the end of one line to the next and keeps nothing.
fn text(name: String, input: &'static [u8]) -> Row {
    Row::new(name, || Amount::Bytes(input.len() as u64))
        .floor(move || run(move || memchr::memchr_iter(b'\n', black_box(input)).sum::<usize>()))
}

/// A head that borrows the input.
fn heads() -> [Row; 2] {
    MESSAGES.map(|(name, input)| {
        text(format!("rtsp/head/{name}"), input).weir(move || {
            let limits = Limits::default();
            run(move || {
                drop(black_box(
                    Head::parse(black_box(input), &limits).expect("a head"),
                ))
            })
        })
    })
}

/// A message of its own, out of a stream.
fn messages() -> [Row; 2] {
    MESSAGES.map(|(name, input)| {
        let row = text(format!("rtsp/message/{name}"), input).weir(move || {
            let mut reader = Reader::new(Limits::default(), Resync::Never);
            run(move || {
                reader.push(black_box(input));
                reader.read().expect("a message").expect("a whole one")
            })
        });
        #[cfg(feature = "peers")]
        let row = row
            .with("rtsp-types", move || {
                run(move || peers::rtsp_types(black_box(input)))
            })
            .with("retina", move || {
                run(move || retina::message(black_box(input)))
            });
        row
    })
}

/// Packets between messages, out of a stream.
fn interleaved() -> Row {
    let frames = || rtp::frames_by_hand(&rtp::interleaved()).0 as u64;
    let row = Row::new("rtsp/interleaved/1400", move || {
        Amount::Elements(frames(), "frame")
    })
    .weir(|| {
        let block = rtp::interleaved();
        let mut reader = Reader::new(Limits::default(), Resync::Never);
        let mut read = move |block: &Bytes| {
            reader.push(block.clone());
            let mut sum = (0, 0);
            loop {
                match reader.read() {
                    Ok(Some(Item::Data(frame))) => {
                        sum = (sum.0 + 1, sum.1 + black_box(&frame.payload[..]).len());
                    }
                    Ok(None) => return sum,
                    other => panic!("{other:?}"),
                }
            }
        };
        assert_eq!(read(&block), rtp::frames_by_hand(&block), "all frames");
        run(move || read(black_box(&block)))
    })
    .floor(|| {
        let block = rtp::interleaved();
        run(move || rtp::frames_by_hand(black_box(&block)))
    });
    #[cfg(feature = "peers")]
    let row = row
        .with("rtsp-types", || peer_frames(peers::rtsp_types_frames))
        .with("retina", || peer_frames(retina::frames));
    row
}

#[cfg(feature = "peers")]
fn peer_frames(read: fn(&[u8]) -> (usize, usize)) -> Run {
    let block = rtp::interleaved();
    assert_eq!(read(&block), rtp::frames_by_hand(&block), "all frames");
    run(move || read(black_box(&block)))
}

/// The lines of a camera's description, and with them the parameters of each codec.
fn descriptions() -> [Row; 2] {
    let row = |what| text(format!("rtsp/sdp/{what}"), inputs::CAMERA);
    let lines = row("description").weir(|| {
        let limits = Limits::default();
        run(move || {
            drop(black_box(Description::parse(
                black_box(inputs::CAMERA),
                &limits,
            )))
        })
    });
    #[cfg(feature = "peers")]
    let lines = lines.with("sdp-types", || {
        run(|| peers::sdp_types(black_box(inputs::CAMERA)))
    });
    let codecs = row("codecs").weir(|| {
        let limits = Limits::default();
        run(move || {
            let description = Description::parse(black_box(inputs::CAMERA), &limits);
            for media in &description.media {
                if let Some(format) = media.format() {
                    let _ = black_box(Codec::from_sdp(&format));
                }
            }
        })
    });
    [lines, codecs]
}

/// Headers; of the extension, what it skips and what its elements are.
fn rtp_packets() -> [Row; 3] {
    let row = |name, packet: fn() -> Vec<u8>| {
        Row::new(format!("rtsp/rtp/{name}"), || Amount::Elements(1, "packet")).floor(move || {
            let packet = packet();
            run(move || rtp::header_by_hand(black_box(&packet)))
        })
    };
    [
        headers(row("plain", rtp::plain_packet), rtp::plain_packet),
        headers(row("extension", rtp::extended_packet), rtp::extended_packet),
        elements(row("elements", rtp::extended_packet)),
    ]
}

fn headers(row: Row, packet: fn() -> Vec<u8>) -> Row {
    let row = row.weir(move || {
        let packet = packet();
        run(move || {
            let packet = RtpPacket::decode(black_box(&packet[..])).expect("a valid packet");
            let payload_len = packet.payload().len();
            (packet.sequence(), packet.timestamp(), payload_len)
        })
    });
    #[cfg(feature = "peers")]
    let row = [
        ("rtp-types", peers::rtp_types as fn(&[u8])),
        ("retina", retina::rtp),
    ]
    .into_iter()
    .fold(row, |row, (peer, parse)| {
        row.with(peer, move || {
            let packet = packet();
            run(move || parse(black_box(&packet)))
        })
    });
    #[cfg(feature = "peers")]
    let row = with_webrtc(row, packet);
    row
}

fn elements(row: Row) -> Row {
    let row = row.weir(|| {
        let packet = rtp::extended_packet();
        run(move || {
            let packet = RtpPacket::decode(black_box(&packet[..])).expect("a valid packet");
            let elements = packet.extension().map_or(0, |e| e.elements().count());
            (packet.sequence(), elements)
        })
    });
    #[cfg(feature = "peers")]
    let row = with_webrtc(row, rtp::extended_packet);
    row
}

#[cfg(feature = "peers")]
fn with_webrtc(row: Row, packet: fn() -> Vec<u8>) -> Row {
    row.with("webrtc-rs", move || {
        let packet = Bytes::from(packet());
        run(move || peers::webrtc_rtp(black_box(&packet)))
    })
}

/// A sender report with a block, and a description; all of it is looked at.
fn rtcp() -> Row {
    let row = Row::new("rtsp/rtcp/sr_sdes", || Amount::Elements(1, "compound"))
        .weir(|| {
            let bytes = rtp::compound();
            run(move || look_at(&Compound::decode(black_box(&bytes)).expect("a valid compound")))
        })
        .floor(|| {
            let bytes = rtp::compound();
            run(move || rtp::compound_by_hand(black_box(&bytes)).expect("a valid compound"))
        });
    #[cfg(feature = "peers")]
    let row = [
        ("rtcp-types", peers::rtcp_types as fn(&[u8])),
        ("retina", retina::rtcp),
    ]
    .into_iter()
    .fold(row, |row, (peer, parse)| {
        row.with(peer, move || {
            let bytes = rtp::compound();
            run(move || parse(black_box(&bytes)))
        })
    });
    row
}

fn look_at(compound: &Compound<'_>) {
    for packet in compound.packets() {
        match packet {
            RtcpPacket::SenderReport(report) => {
                black_box(report.info());
                report.blocks().for_each(|block| {
                    black_box(block);
                });
            }
            RtcpPacket::SourceDescription(sdes) => {
                for chunk in sdes.chunks() {
                    chunk.items().for_each(|item| {
                        black_box(item);
                    });
                }
            }
            _ => {}
        }
    }
}

fn picture(what: &str) -> Row {
    Row::new(format!("rtsp/h264/{what}"), || {
        Amount::Bytes(rtp::access_unit().len() as u64)
    })
}

fn codec() -> Codec {
    Codec::H264(h264::Parameters::default())
}

fn views() -> Vec<RtpPacket<Bytes>> {
    let view = |packet: Bytes| RtpPacket::decode(packet).expect("a valid packet");
    rtp::fu_a_packets().into_iter().map(view).collect()
}

/// A picture of 100 kB out of 73 packets whose headers are read: into one buffer, or by handles.
fn depacketize() -> [Row; 2] {
    let copy = picture("depacketize_copy")
        .weir(|| {
            let packets = views();
            let mut depacketizer = Depacketizer::new(&codec(), Framing::AnnexB).expect("H.264");
            run(move || {
                for packet in black_box(&packets) {
                    let _ = depacketizer.push(packet);
                }
                let frame = depacketizer.poll().expect("a picture");
                depacketizer.restart();
                frame
            })
        })
        .floor(|| {
            let packets = rtp::fu_a_packets();
            let mut buffer = Vec::with_capacity(rtp::access_unit().len());
            run(move || {
                buffer.clear();
                for packet in black_box(&packets) {
                    buffer.extend_from_slice(packet.get(14..).unwrap_or_default());
                }
                buffer.len()
            })
        });
    #[cfg(feature = "peers")]
    let copy = copy
        .with("webrtc-rs", || {
            peer_depacketizer(peers::webrtc_depacketizer())
        })
        .with("str0m", || peer_depacketizer(str0m::depacketizer()))
        .with("retina", || peer_depacketizer(retina::depacketizer()));
    let slices = picture("depacketize_slices")
        .weir(|| {
            let packets = views();
            let mut depacketizer = Depacketizer::slices(&codec()).expect("H.264");
            run_on(
                move || packets.clone(),
                move |packets| {
                    for packet in packets {
                        let _ = depacketizer.push(packet);
                    }
                    let frame = depacketizer.poll().expect("a picture");
                    depacketizer.restart();
                    frame
                },
            )
        })
        .floor(|| {
            let packets = rtp::fu_a_packets();
            run_on(
                move || packets.clone(),
                |packets| {
                    let payload = |mut packet: Bytes| {
                        packet.advance(14);
                        packet
                    };
                    packets.into_iter().map(payload).collect::<Vec<_>>()
                },
            )
        });
    [copy, slices]
}

#[cfg(feature = "peers")]
fn peer_depacketizer(mut depacketize: impl FnMut(&[Bytes]) -> usize + 'static) -> Run {
    let packets = rtp::fu_a_packets();
    let payloads: Vec<Bytes> = packets.iter().map(|packet| packet.slice(12..)).collect();
    // A start code of four bytes, or a length.
    assert_eq!(
        depacketize(&payloads),
        rtp::access_unit().len(),
        "all of it"
    );
    run(move || depacketize(black_box(&payloads)))
}

/// The same picture into packets: from Annex B or from behind its length, each packet into a buffer
/// or told as the parts of a vectored write.
fn packetize() -> [Row; 3] {
    let annex_b = picture("packetize_copy")
        .weir(|| written(Framing::AnnexB, rtp::access_unit()))
        .floor(|| cut(true));
    #[cfg(feature = "peers")]
    let annex_b = annex_b
        .with("webrtc-rs", || {
            let mut packetize = peers::webrtc_packetizer();
            peer_packetizer(rtp::access_unit().into(), move |frame| packetize(frame))
        })
        .with("str0m", || {
            let mut packetize = str0m::packetizer();
            peer_packetizer(rtp::access_unit().into(), move |frame| packetize(frame))
        });
    let lengths = picture("packetize_lengths")
        .weir(|| written(Framing::LengthPrefixed, rtp::length_prefixed()))
        .floor(|| cut(false));
    #[cfg(feature = "peers")]
    let lengths = lengths.with("retina", || {
        peer_packetizer(rtp::length_prefixed().into(), retina::packetizer())
    });
    let vectored = picture("packetize_vectored").weir(|| {
        let frame = rtp::length_prefixed();
        let mut packetizer = packetizer(Framing::LengthPrefixed);
        run(move || {
            let packets = packetizer.packetize(black_box(&frame), RtpTime::new(9));
            let mut packets = packets.expect("a frame");
            while let Some(packet) = packets.next_packet() {
                black_box(packet);
            }
        })
    });
    [annex_b, lengths, vectored]
}

fn packetizer(framing: Framing) -> Packetizer {
    let mut config = PacketizerConfig::new(96, Ssrc::new(1));
    config.max_packet_len = 1400;
    config.framing = framing;
    Packetizer::new(&codec(), config).expect("H.264")
}

/// One buffer for all packets, as a driver has it.
fn written(framing: Framing, frame: Vec<u8>) -> Run {
    let mut packetizer = packetizer(framing);
    let mut buffer = Vec::new();
    run(move || {
        let packets = packetizer.packetize(black_box(&frame), RtpTime::new(9));
        let mut packets = packets.expect("a frame");
        while let Some(packet) = packets.next_packet() {
            buffer.clear();
            packet.write_to(&mut buffer);
            black_box(&buffer);
        }
    })
}

/// Cut by hand, with a search for start codes in front where there are any.
fn cut(searches: bool) -> Run {
    let finder = memchr::memmem::Finder::new(&[0, 0, 1]);
    let frame = rtp::access_unit();
    let mut buffer = Vec::with_capacity(1400);
    run(move || {
        let unit = black_box(&frame).get(5..).unwrap_or_default();
        if searches {
            black_box(finder.find(unit));
        }
        for chunk in unit.chunks(1386) {
            buffer.clear();
            buffer.extend_from_slice(&[0; 14]);
            buffer.extend_from_slice(chunk);
            black_box(&buffer);
        }
    })
}

#[cfg(feature = "peers")]
fn peer_packetizer(frame: Bytes, mut packetize: impl FnMut(&Bytes) -> usize + 'static) -> Run {
    assert_eq!(packetize(&frame), rtp::fu_a_packets().len(), "all packets");
    run(move || packetize(black_box(&frame)))
}
