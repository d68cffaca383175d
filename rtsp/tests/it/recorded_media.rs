//! The media of the recorded sessions: packets of FFmpeg, GStreamer and live555.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;
use weir_rtsp::Limits;
use weir_rtsp::message::{Item, Reader, Resync};
use weir_rtsp::payload::{Codec, Depacketizer, Framing};
use weir_rtsp::rtcp::{Compound, CompoundRule};
use weir_rtsp::rtp::{ReorderBuffer, ReorderLimits, RtpPacket, is_rtcp};
use weir_rtsp::sdp::{Fmtp, Format};

use crate::payload::{digest, scan_of};
use crate::vectors::number;

/// The recorded sessions with media.
pub(crate) const SESSIONS: [&str; 14] = [
    "ffsrv_record_mjpeg_ffmpeg_tcp",
    "gst_basicauth_ffmpeg_tcp",
    "gst_h264aac_gstsrc_tcp",
    "gst_h264pcma_ffmpeg_httptunnel",
    "gst_h264pcma_ffmpeg_tcp",
    "gst_h264pcma_ffmpeg_udp",
    "gst_h265opus_ffmpeg_tcp",
    "gst_mp2t_ffmpeg_tcp",
    "gst_pipeline_custom_tcp",
    "gst_record_ffmpeg_tcp",
    "gst_record_ffmpeg_udp",
    "gst_vp8g722_ffmpeg_tcp",
    "l5_aac_ffmpeg_tcp",
    "l5_mkv_openrtsp_tcp",
];

/// Packets by interleaved channel or destination port.
pub(crate) struct Recording {
    description: Value,
    flows: HashMap<u64, Vec<Bytes>>,
}

pub(crate) fn read(name: &str) -> Recording {
    let folder = format!("{}/tests/data/sessions/{name}", env!("CARGO_MANIFEST_DIR"));
    let file = |end: &str| std::fs::read(format!("{folder}.{end}")).unwrap();
    let description: Value = serde_json::from_slice(&file("json")).unwrap();
    let mut flows: HashMap<u64, Vec<Bytes>> = HashMap::new();
    if description["files"]["udp"].is_string() {
        let bytes = file("udp.bin");
        let mut rest = &bytes[..];
        while let Some((head, after)) = rest.split_first_chunk::<14>() {
            let to = u16::from_be_bytes([head[10], head[11]]);
            let len = usize::from(u16::from_be_bytes([head[12], head[13]]));
            let packet = Bytes::copy_from_slice(&after[..len]);
            flows.entry(to.into()).or_default().push(packet);
            rest = &after[len..];
        }
        return Recording { description, flows };
    }
    let records = description["direction"]
        .as_str()
        .unwrap()
        .starts_with("record");
    let mut bytes = file(if records { "c2s.bin" } else { "s2c.bin" });
    if bytes.starts_with(b"HTTP/") {
        // The answer to the tunnel's GET.
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        bytes.drain(..head.unwrap() + 4);
    }
    let mut reader = Reader::new(Limits::default(), Resync::Skip);
    reader.push(bytes);
    while let Some(item) = reader.read().unwrap() {
        if let Item::Data(frame) = item {
            flows
                .entry(frame.channel.into())
                .or_default()
                .push(frame.payload);
        }
    }
    Recording { description, flows }
}

impl Recording {
    /// The flow of a track's RTP (0) or RTCP (1).
    pub(crate) fn flow(&self, stream: &Value, kind: usize) -> &[Bytes] {
        let records = self.description["direction"]
            .as_str()
            .unwrap()
            .starts_with("record");
        let ports = if records {
            "server_port"
        } else {
            "client_port"
        };
        let channel = ["rtp_channel", "rtcp_channel"][kind];
        let key = stream[channel]
            .as_u64()
            .or_else(|| stream[ports][kind].as_u64());
        self.flows.get(&key.unwrap()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn streams(&self) -> &[Value] {
        self.description["sdp_streams"].as_array().unwrap()
    }
}

pub(crate) fn codec_of(stream: &Value) -> Codec {
    let encoding = stream["encoding"].as_str().unwrap().to_string();
    let mut fmtp = Fmtp::default();
    for (key, value) in stream["fmtp"].as_object().into_iter().flatten() {
        fmtp.push(key, value.as_str().unwrap());
    }
    let pt = number(&stream["pt"]);
    let mut format = Format::new(pt, encoding, number(&stream["clock_rate"])).with_fmtp(fmtp);
    if stream["channels"].is_u64() {
        format = format.with_channels(number(&stream["channels"]));
    }
    Codec::from_sdp(&format).unwrap()
}

#[test]
fn every_recorded_track_gives_the_units_that_were_sent() {
    let mut tracks = 0;
    for name in SESSIONS {
        let recording = read(name);
        for stream in recording.streams() {
            let expect = &stream["rtp"]["depacketized"];
            let codec = codec_of(stream);
            let mut depacketizer = Depacketizer::new(&codec, Framing::LengthPrefixed).unwrap();
            let mut units = Vec::new();
            let mut frames = 0;
            for packet in recording.flow(stream, 0) {
                if is_rtcp(packet) || packet.len() < 12 {
                    continue;
                }
                let packet = RtpPacket::decode(packet).unwrap();
                if packet.ssrc().get() == 0 {
                    // FFmpeg's hole punch.
                    continue;
                }
                depacketizer.push(&packet).unwrap();
                while let Some(frame) = depacketizer.poll() {
                    assert!(frame.complete, "{name}: {frame:?}");
                    frames += 1;
                    units.extend(frame.units().map(<[u8]>::to_vec));
                }
            }
            if codec == Codec::Jpeg {
                units = units.iter().map(|image| scan_of(image)).collect();
            }
            let what = format!("{name} {}", stream["encoding"]);
            assert_eq!(frames, expect["frames"], "{what}");
            assert_eq!(units.len(), expect["units"], "{what}");
            assert_eq!(
                units.iter().map(Vec::len).sum::<usize>(),
                expect["bytes"],
                "{what}"
            );
            let wanted = &expect["sha256_of_be32len_prefixed_units"];
            assert_eq!(&digest(&units), wanted, "{what}");
            tracks += 1;
        }
    }
    assert_eq!(tracks, 26);
}

#[test]
fn recorded_packets_pass_the_reorder_buffer_unchanged() {
    for name in SESSIONS {
        let recording = read(name);
        for stream in recording.streams() {
            let mut buffer = ReorderBuffer::new(ReorderLimits::default());
            let (mut given, mut taken) = (Vec::new(), Vec::new());
            for packet in recording.flow(stream, 0) {
                let Ok(packet) = RtpPacket::decode(packet.clone()) else {
                    continue;
                };
                if packet.ssrc().get() != 0 {
                    given.push(packet.sequence());
                    buffer.push(packet, std::time::Duration::ZERO);
                }
                taken.extend(std::iter::from_fn(|| buffer.poll()).map(|o| o.packet.sequence()));
            }
            buffer.flush();
            taken.extend(std::iter::from_fn(|| buffer.poll()).map(|o| o.packet.sequence()));
            assert_eq!(taken, given, "{name}");
            assert_eq!(buffer.dropped(), 0, "{name}");
        }
    }
}

#[test]
fn recorded_rtcp_is_read_and_keeps_the_rules() {
    let mut compounds = 0;
    for name in SESSIONS {
        let recording = read(name);
        for stream in recording.streams() {
            for packet in recording.flow(stream, 1) {
                assert!(is_rtcp(packet), "{name}");
                let compound = Compound::decode(packet).unwrap();
                // FFmpeg sends its reports without a description.
                let rules = compound.check_rules();
                let kept = matches!(rules, Ok(()) | Err(CompoundRule::NoCname));
                assert!(kept, "{name}: {rules:?}");
                compounds += 1;
            }
        }
    }
    assert!(compounds >= 20, "{compounds} compound packets");
}
