//! What came on the channels of one track: packets, reports, frames.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use weir_rtsp::payload::{Codec, Depacketizer, Framing, jpeg};
use weir_rtsp::rtcp::{Compound, RtcpPacket};
use weir_rtsp::rtp::{RtpPacket, is_rtcp};
use weir_rtsp::sdp::Description;

use super::depay::{Digest, bare};
use super::direction::Sender;
use super::packet::rtcp_packet;

/// The totals of one channel.
#[derive(Debug, Default)]
pub(crate) struct Track {
    payload_type: Option<u8>,
    packets: u64,
    /// RTP of another payload type than the description names.
    other: u64,
    ssrcs: Vec<String>,
    first: Option<Position>,
    last: Option<Position>,
    markers: u64,
    seq_gaps: u64,
    payload_bytes: u64,
    max_payload: usize,
    padded: u64,
    with_extension: u64,
    frames: Option<Frames>,
    reports: BTreeMap<String, u64>,
    unparseable: u64,
    first_sr: Option<Value>,
}

#[derive(Clone, Copy, Debug)]
struct Position {
    sequence: u16,
    timestamp: u32,
}

#[derive(Debug)]
struct Frames {
    codec: Codec,
    depacketizer: Depacketizer,
    count: u64,
    units: u64,
    bytes: usize,
    digest: Digest,
    errors: u64,
    /// Units of a frame whose end did not come.
    unfinished: usize,
    /// Timestamps and sizes of the first ones.
    first: Vec<Value>,
    /// What the first packet of a JPEG track says.
    jpeg: Option<Value>,
}

impl Track {
    /// Counts one packet. `media` is the track's description where it is known.
    pub(crate) fn add(&mut self, sender: Sender, payload: &[u8], media: Option<&Description<'_>>) {
        if is_rtcp(payload) {
            self.report(sender, payload);
            return;
        }
        if let Some(media) = media.and_then(|sdp| sdp.media.first()) {
            self.payload_type = media.payload_type();
            let codec = media
                .format()
                .and_then(|format| Codec::from_sdp(&format).ok());
            self.frames = codec.and_then(Frames::new);
        }
        match RtpPacket::decode(payload) {
            Ok(packet) => self.packet(&packet),
            Err(_) => self.unparseable += 1,
        }
    }

    fn packet(&mut self, packet: &RtpPacket<&[u8]>) {
        if self
            .payload_type
            .is_some_and(|known| known != packet.payload_type())
        {
            self.other += 1;
            return;
        }
        self.packets += 1;
        let ssrc = packet.ssrc().to_string();
        if !self.ssrcs.contains(&ssrc) && self.ssrcs.len() < MAX_SSRCS {
            self.ssrcs.push(ssrc);
        }
        let position = Position {
            sequence: packet.sequence().get(),
            timestamp: packet.timestamp().get(),
        };
        let expected = self.last.map(|last| last.sequence.wrapping_add(1));
        self.seq_gaps += u64::from(expected.is_some_and(|next| next != position.sequence));
        self.first.get_or_insert(position);
        self.last = Some(position);
        self.markers += u64::from(packet.marker());
        self.payload_bytes += packet.payload().len() as u64;
        self.max_payload = self.max_payload.max(packet.payload().len());
        self.padded += u64::from(packet.has_padding());
        self.with_extension += u64::from(packet.extension().is_some());
        if let Some(frames) = &mut self.frames {
            frames.add(packet);
        }
    }

    fn report(&mut self, sender: Sender, payload: &[u8]) {
        let Ok(compound) = Compound::decode(payload) else {
            self.unparseable += 1;
            return;
        };
        let from = match sender {
            Sender::Client => "c2s",
            Sender::Server => "s2c",
        };
        for (packet, raw) in compound.packets().zip(compound.raw_packets()) {
            if let (RtcpPacket::SenderReport(report), None) = (&packet, &self.first_sr) {
                let info = report.info();
                self.first_sr = Some(json!({
                    "ssrc": info.ssrc.get(),
                    "ntp": info.ntp.get(),
                    "rtp": info.rtp.get(),
                    "packets": info.packet_count,
                    "octets": info.octet_count,
                }));
            }
            let shown = rtcp_packet(packet, raw);
            let kind = shown.get("kind").and_then(Value::as_str).unwrap_or("other");
            *self.reports.entry(format!("{from}:{kind}")).or_default() += 1;
        }
    }

    /// Takes what the last packets left unfinished.
    pub(crate) fn end(&mut self) {
        if let Some(frames) = &mut self.frames {
            frames.depacketizer.flush();
            while let Some(frame) = frames.depacketizer.poll() {
                frames.unfinished += frame.units().count();
            }
        }
    }

    /// The totals, with the reports of the track's other channel.
    pub(crate) fn show(&self, rtcp: Option<&Self>) -> Value {
        let rtcp = rtcp.unwrap_or(self);
        json!({
            "packets": self.packets,
            "other": self.other,
            "ssrc": self.ssrcs.first(),
            "ssrcs": self.ssrcs,
            "first_seq": self.first.map(|first| first.sequence),
            "last_seq": self.last.map(|last| last.sequence),
            "first_ts": self.first.map(|first| first.timestamp),
            "last_ts": self.last.map(|last| last.timestamp),
            "markers": self.markers,
            "seq_gaps": self.seq_gaps,
            "payload_bytes": self.payload_bytes,
            "max_payload": self.max_payload,
            "padded": self.padded,
            "with_extension": self.with_extension,
            "depacketized": self.frames.as_ref().map(Frames::show),
            "rtcp": {
                "counts": rtcp.reports,
                "unparseable": rtcp.unparseable,
                "first_sr": rtcp.first_sr,
            },
        })
    }
}

impl Frames {
    fn new(codec: Codec) -> Option<Self> {
        Some(Self {
            depacketizer: Depacketizer::new(&codec, Framing::Raw).ok()?,
            codec,
            count: 0,
            units: 0,
            bytes: 0,
            digest: Digest::default(),
            errors: 0,
            unfinished: 0,
            first: Vec::new(),
            jpeg: None,
        })
    }

    fn add(&mut self, packet: &RtpPacket<&[u8]>) {
        if self.codec == Codec::Jpeg && self.jpeg.is_none() {
            self.jpeg = jpeg::Header::decode(packet.payload()).map(|header| {
                json!({
                    "type": header.kind,
                    "q": header.quality,
                    "width": header.width,
                    "height": header.height,
                    "qt_len": header.tables.map(<[u8]>::len),
                })
            });
        }
        self.errors += u64::from(self.depacketizer.push(packet).is_err());
        while let Some(frame) = self.depacketizer.poll() {
            let mut sizes = Vec::new();
            for unit in frame.units().map(|unit| bare(&self.codec, unit)) {
                self.units += 1;
                self.bytes += unit.len();
                self.digest.add(&unit);
                sizes.push(unit.len());
            }
            if self.first.len() < FIRST_FRAMES {
                let timestamp = frame.timestamp.get();
                self.first
                    .push(json!({ "ts": timestamp, "unit_sizes": sizes }));
            }
            self.count += 1;
        }
    }

    fn show(&self) -> Value {
        let mut shown = json!({
            "frames": self.count,
            "units": self.units,
            "bytes": self.bytes,
            "sha256_of_be32len_prefixed_units": self.digest.clone().hex(),
            "errors": self.errors,
            "unfinished_tail_units": self.unfinished,
            "first_frames": self.first,
        });
        if let (Some(jpeg), Some(shown)) = (&self.jpeg, shown.as_object_mut()) {
            shown.insert("jpeg".into(), jpeg.clone());
        }
        shown
    }
}

const FIRST_FRAMES: usize = 6;
const MAX_SSRCS: usize = 16;
