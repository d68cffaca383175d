//! `depay`: RTP packets of one track, put together to frames.

use clap::Args;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use weir_rtsp::payload::{Codec, Depacketizer, Framing};
use weir_rtsp::rtp::RtpPacket;
use weir_rtsp::sdp::{Fmtp, Format};

use super::descriptor;
use super::packet::number;
use crate::failure::Failure;
use crate::plain::hex;
use crate::source;

/// Puts the RTP packets of one track together.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: weir-inspect depay --codec h264 --params '{\"clock_rate\":90000}' packets.txt"
)]
pub(crate) struct DepayArgs {
    /// The encoding name of the track, as in its rtpmap.
    #[arg(long, value_name = "NAME")]
    codec: String,
    /// An object with clock_rate, and where the track has them fmtp and channels.
    #[arg(long, value_name = "JSON")]
    params: String,
    /// Packets as hex digits, one on each line; - reads standard input.
    file: String,
}

pub(crate) fn run(args: &DepayArgs) -> Result<Value, Failure> {
    let params: Value = serde_json::from_str(&args.params).map_err(Failure::usage)?;
    let text = source::text(&args.file)?;
    let packets: Result<Vec<_>, _> = text.lines().map(source::hex).collect();
    frames(&args.codec, &params, &packets?)
}

/// One entry of the payload vectors.
pub(super) fn vector(entry: &Value) -> Result<Value, Failure> {
    let name = entry["codec"].as_str().unwrap_or_default();
    let packets = entry["packets"].as_array().into_iter().flatten();
    let packets: Result<Vec<_>, _> = packets
        .map(|packet| source::hex(packet.as_str().unwrap_or_default()))
        .collect();
    frames(name, &entry["params"], &packets?)
}

fn codec(name: &str, params: &Value) -> Result<Codec, Failure> {
    let mut format = Format::new(96, name.to_owned(), number(&params["clock_rate"])?);
    if let Some(fmtp) = params["fmtp"].as_str() {
        format = format.with_fmtp(Fmtp::from(fmtp.to_owned()));
    }
    if params["channels"].is_u64() {
        format = format.with_channels(number(&params["channels"])?);
    }
    Codec::from_sdp(&format).map_err(|error| Failure::new("malformed", error))
}

fn frames(name: &str, params: &Value, packets: &[Vec<u8>]) -> Result<Value, Failure> {
    let codec = codec(name, params)?;
    let mut depacketizer = Depacketizer::new(&codec, Framing::Raw).map_err(Failure::usage)?;
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    let mut first: Option<RtpPacket<&[u8]>> = None;
    for packet in packets {
        let packet = RtpPacket::decode(&packet[..]);
        let packet = packet.map_err(|error| Failure::new("malformed", error))?;
        if first.is_none_or(|first| first.timestamp() != packet.timestamp()) {
            first = Some(packet);
        }
        if let Err(error) = depacketizer.push(&packet) {
            errors.push(json!(error.to_string()));
        }
        while let Some(frame) = depacketizer.poll() {
            let units: Vec<Vec<u8>> = frame.units().map(|unit| bare(&codec, unit)).collect();
            let mut shown = Map::new();
            shown.insert("ts".into(), json!(frame.timestamp.get()));
            shown.insert(
                "units".into(),
                units.iter().map(|unit| json!(hex(unit))).collect(),
            );
            shown.insert(
                "unit_sizes".into(),
                units.iter().map(|unit| json!(unit.len())).collect(),
            );
            let mut digest = Digest::default();
            units.iter().for_each(|unit| digest.add(unit));
            shown.insert("sha256_be32len".into(), json!(digest.hex()));
            shown.insert("keyframe".into(), json!(frame.keyframe));
            shown.insert("complete".into(), json!(frame.complete));
            shown.insert("lost".into(), json!(frame.lost));
            if let Some(duration) = frame.duration {
                shown.insert("duration".into(), json!(duration));
            }
            // A frame that ends with its marker is polled while its first packet is still known.
            if let Some(first) = first.filter(|first| first.timestamp() == frame.timestamp) {
                let pairs = descriptor::show(name, first.payload()).into_iter();
                shown.extend(pairs.map(|(key, value)| (key.to_owned(), value)));
            }
            frames.push(Value::Object(shown));
        }
    }
    Ok(json!({ "frames": frames, "errors": errors }))
}

/// A unit as it travelled: OBUs without the size, JPEG without the headers made for them.
pub(super) fn bare(codec: &Codec, unit: &[u8]) -> Vec<u8> {
    let bare = match codec {
        Codec::Av1(_) => obu_without_size(unit),
        Codec::Jpeg => jpeg_scan(unit).map(<[u8]>::to_vec),
        _ => None,
    };
    bare.unwrap_or_else(|| unit.to_vec())
}

/// AV1 Bitstream, section 5.3.2: bit 1 says that a size follows, bit 2 that an extension does.
fn obu_without_size(obu: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = obu.split_first()?;
    if head & 2 == 0 {
        return None;
    }
    let (extension, rest) = rest.split_at_checked(usize::from(head & 4 != 0))?;
    let size_len = rest.iter().position(|byte| byte & 0x80 == 0)? + 1;
    Some([&[head & !2], extension, rest.get(size_len..)?].concat())
}

/// What stands between the start-of-scan segment and the end of the image. ITU-T T.81, B.1.1.
fn jpeg_scan(image: &[u8]) -> Option<&[u8]> {
    let mut rest = image.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let (&[_, marker, high, low], _) = rest.split_first_chunk()?;
        rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?;
        if marker == 0xDA {
            return rest.strip_suffix(&[0xFF, 0xD9]);
        }
    }
}

/// SHA-256 over units, each behind its length in four bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Digest(Sha256);

impl Digest {
    pub(super) fn add(&mut self, unit: &[u8]) {
        let len = u32::try_from(unit.len()).unwrap_or(u32::MAX);
        self.0.update(len.to_be_bytes());
        self.0.update(unit);
    }

    pub(super) fn hex(self) -> String {
        hex(&self.0.finalize())
    }
}
