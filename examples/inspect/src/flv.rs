//! `flv`: an FLV file, tag by tag and packet by packet.

mod repair;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use weir_amf::{Document, Format};
use weir_flv::body::{Codec, MediaKind, Packet, PacketType};
use weir_flv::codec::CodecConfig;
use weir_flv::file::{Demuxer, Event, FileTag, Mode};
use weir_flv::{DemuxError, TagKind};

use crate::codec;
use crate::failure::Failure;
use crate::plain;
use crate::source::Pieces;
use repair::Copy;

/// Shows an FLV file: header, tags, packets, script data, codec records.
#[derive(Debug, Args)]
#[command(after_help = "Example: weir-inspect flv --mode recover broken.flv\n\
    Example: weir-inspect flv broken.flv --repair whole.flv")]
pub(crate) struct FlvArgs {
    /// The file; - reads standard input.
    file: String,
    /// How much to forgive [default: tolerant, and recover with --repair].
    #[arg(long, value_enum)]
    mode: Option<ModeArg>,
    /// Write what can be read into a whole file that can be seeked in.
    #[arg(long, value_name = "OUT")]
    repair: Option<String>,
    /// Feed at most so many bytes at a time; the output must not change.
    #[arg(long, value_name = "N")]
    cut: Option<usize>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeArg {
    Strict,
    Tolerant,
    Recover,
}

pub(crate) fn run(args: &FlvArgs) -> Result<Value, Failure> {
    let mut demuxer = Demuxer::new(match (args.mode, &args.repair) {
        (Some(ModeArg::Strict), _) => Mode::Strict,
        (Some(ModeArg::Tolerant), _) | (None, None) => Mode::Tolerant,
        (Some(ModeArg::Recover), _) | (None, Some(_)) => Mode::Recover,
    });
    let mut pieces = Pieces::open(&args.file, args.cut)?;
    let copy = args.repair.as_deref().map(Copy::create).transpose()?;
    let mut report = Report {
        copy,
        ..Report::default()
    };
    while let Some(piece) = pieces.next()? {
        demuxer.push(piece);
        report.drain(&mut demuxer)?;
    }
    demuxer.finish();
    report.drain(&mut demuxer)?;
    report.into_json()
}

#[derive(Debug, Default)]
struct Report {
    header: Value,
    tags: Vec<Value>,
    packets: Vec<Value>,
    script: Vec<Value>,
    configs: Vec<Value>,
    warnings: Vec<Value>,
    skipped: Vec<Value>,
    copy: Option<Copy>,
}

impl Report {
    fn drain(&mut self, demuxer: &mut Demuxer) -> Result<(), Failure> {
        while let Some(event) = demuxer.poll_event().map_err(|error| failure(&error))? {
            match event {
                Event::Header { header, .. } if self.header.is_null() => {
                    self.header = json!({
                        "version": header.version,
                        "flags": header.flags,
                        "audio": header.has_audio(),
                        "video": header.has_video(),
                        "data_offset": header.data_offset,
                    });
                }
                Event::Tag(tag) => {
                    self.tag(&tag);
                    if let Some(copy) = &mut self.copy {
                        copy.add(&tag)?;
                    }
                }
                Event::Skipped { offset, len } => self.skipped.push(json!([offset, offset + len])),
                Event::Truncated { offset, left } => {
                    self.warn(offset, format!("torn off after {left} bytes"));
                }
                Event::Warning { offset, warning } => self.warn(offset, warning),
                _ => {}
            }
        }
        Ok(())
    }

    fn warn(&mut self, offset: u64, what: impl ToString) {
        let what = what.to_string();
        self.warnings
            .push(json!({ "offset": offset, "message": what }));
    }

    fn tag(&mut self, file_tag: &FileTag) {
        let tag = &file_tag.tag;
        let index = self.tags.len();
        self.tags.push(json!([
            file_tag.offset,
            tag.kind.as_u8(),
            u8::from(tag.filtered),
            tag.body.len(),
            tag.timestamp.as_millis(),
            file_tag.stream_id,
            file_tag.previous_tag_size,
            crc32(&tag.body),
        ]));
        let body_offset = file_tag.offset + 11;
        if tag.kind.is_script() {
            self.script_tag(index, file_tag, body_offset);
            return;
        }
        for packet in tag.packets() {
            match packet {
                Ok(packet) => self.packet(index, &packet, body_offset),
                Err(malformed) => self.warn(body_offset, format!("body: {malformed}")),
            }
        }
    }

    fn script_tag(&mut self, index: usize, file_tag: &FileTag, body_offset: u64) {
        let tag = &file_tag.tag;
        let millis = tag.timestamp.as_millis();
        self.packets.push(json!([
            index,
            "script",
            "amf0",
            "script",
            null,
            millis,
            null,
            null,
            body_offset,
            tag.body.len(),
            crc32(&tag.body),
            {},
        ]));
        // A type 15 body has one format byte in front of its AMF0 values.
        let skip = usize::from(tag.kind != TagKind::SCRIPT);
        let values = tag.body.get(skip..).unwrap_or_default();
        match Document::decode(values, Format::Amf0, &weir_amf::Config::default()) {
            Ok(document) => {
                self.script
                    .push(json!([index, millis, plain::values(&document)]));
            }
            Err(error) => self.warn(body_offset, format!("script data: {error}")),
        }
    }

    fn packet(&mut self, index: usize, packet: &Packet<'_>, body_offset: u64) {
        if packet.is_sequence_start() {
            self.config(index, packet, body_offset);
        }
        let payload_offset = u64::try_from(packet.payload_offset).unwrap_or(u64::MAX);
        let payload_offset = body_offset.saturating_add(payload_offset);
        self.packets.push(json!([
            index,
            kind(packet),
            packet.codec.to_string(),
            packet_type(packet.packet_type),
            packet.track.as_u8(),
            packet.dts.as_millis(),
            packet.pts().as_millis(),
            packet.is_key(),
            payload_offset,
            packet.payload.len(),
            crc32(packet.payload),
            extra(packet),
        ]));
    }

    fn config(&mut self, index: usize, packet: &Packet<'_>, body_offset: u64) {
        match CodecConfig::decode(packet.codec, packet.payload) {
            Ok(Some(config)) => self.configs.push(json!({
                "tag_index": index,
                "kind": kind(packet),
                "track": packet.track.as_u8(),
                "codec": packet.codec.to_string(),
                "config": codec::show(&config),
            })),
            Ok(None) => {}
            Err(malformed) => self.warn(body_offset, format!("configuration record: {malformed}")),
        }
    }

    fn into_json(self) -> Result<Value, Failure> {
        let mut report = json!({
            "header": self.header,
            "tag_columns": TAG_COLUMNS,
            "tags": self.tags,
            "packet_columns": PACKET_COLUMNS,
            "packets": self.packets,
            "script": self.script,
            "configs": self.configs,
            "warnings": self.warnings,
            "skipped": self.skipped,
        });
        if let (Some(copy), Value::Object(report)) = (self.copy, &mut report) {
            report.insert("repaired".to_owned(), copy.finish()?);
        }
        Ok(report)
    }
}

fn failure(error: &DemuxError) -> Failure {
    let (kind, offset) = match *error {
        DemuxError::Truncated { offset, .. } => ("eof", Some(offset)),
        DemuxError::Limit { offset, .. } => ("limit", Some(offset)),
        DemuxError::NotFlv { offset, .. }
        | DemuxError::NotATag { offset, .. }
        | DemuxError::Deviation { offset, .. } => ("malformed", Some(offset)),
        _ => ("malformed", None),
    };
    Failure {
        offset,
        ..Failure::new(kind, error)
    }
}

/// Sound or pictures, as the columns call it.
pub(crate) const fn kind(packet: &Packet<'_>) -> &'static str {
    match packet.kind {
        MediaKind::Audio => "audio",
        _ => "video",
    }
}

const fn packet_type(packet_type: PacketType) -> &'static str {
    match packet_type {
        PacketType::SequenceStart => "sequence_start",
        PacketType::CodedFrames => "coded_frames",
        PacketType::SequenceEnd => "sequence_end",
        PacketType::CodedFramesX => "coded_frames_x",
        PacketType::Metadata => "metadata",
        PacketType::Mpeg2TsSequenceStart => "mpeg2ts_sequence_start",
        PacketType::MultichannelConfig => "multichannel_config",
        PacketType::Command => "command",
        _ => "other",
    }
}

/// What only some header forms say.
fn extra(packet: &Packet<'_>) -> Value {
    let mut extra = Map::new();
    if let Some(sound) = packet.sound {
        extra.insert("rate".into(), sound.rate_bits().into());
        extra.insert("bits".into(), u8::from(sound.is_16_bit()).into());
        extra.insert("stereo".into(), u8::from(sound.is_stereo()).into());
    }
    if packet.kind == MediaKind::Video {
        extra.insert("frame".into(), packet.frame_type.as_u8().into());
        if matches!(packet.codec, Codec::Video(codec) if codec.has_packet_type()) {
            extra.insert("cts_raw".into(), packet.cts.into());
        }
    }
    if let Some(multitrack) = packet.multitrack {
        extra.insert("multitrack".into(), (multitrack as u8).into());
    }
    if !packet.mod_ex.is_empty() {
        extra.insert("nano".into(), packet.nano.into());
        let list = packet.mod_ex.iter();
        let list = list.map(|mod_ex| json!([mod_ex.kind.as_u8(), mod_ex.data.len()]));
        extra.insert("modex".into(), list.collect());
    }
    extra.into()
}

/// CRC-32 as in zlib.
fn crc32(bytes: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(bytes))
}

const TAG_COLUMNS: [&str; 8] = [
    "offset",
    "type",
    "filter",
    "data_size",
    "timestamp",
    "stream_id",
    "previous_tag_size_after",
    "crc32_body",
];
const PACKET_COLUMNS: [&str; 12] = [
    "tag_index",
    "kind",
    "codec",
    "packet_type",
    "track",
    "dts",
    "pts",
    "key",
    "payload_offset",
    "payload_size",
    "crc32_payload",
    "extra",
];
