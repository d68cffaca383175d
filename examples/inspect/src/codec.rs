//! `codec`: one codec configuration record, in the words of ffprobe.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use weir_flv::body::Codec;
use weir_flv::codec::{AacConfig, Chroma, CodecConfig, Color, Picture, Signalling};
use weir_flv::{FourCc, Malformed};

use crate::failure::Failure;
use crate::source::{self, Input};

/// Shows one codec configuration record.
#[derive(Debug, Args)]
#[command(after_help = "Example: weir-inspect codec aac --hex 1210")]
pub(crate) struct CodecArgs {
    /// Whose record it is.
    #[arg(value_enum)]
    codec: Name,
    #[command(flatten)]
    input: Input,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    Avc,
    Hevc,
    Vvc,
    Av1,
    Vp8,
    Vp9,
    Aac,
    Opus,
    Flac,
}

pub(crate) fn run(args: &CodecArgs) -> Result<Value, Failure> {
    let codec = match args.codec {
        Name::Avc => FourCc::AVC,
        Name::Hevc => FourCc::HEVC,
        Name::Vvc => FourCc::VVC,
        Name::Av1 => FourCc::AV1,
        Name::Vp8 => FourCc::VP8,
        Name::Vp9 => FourCc::VP9,
        Name::Aac => FourCc::AAC,
        Name::Opus => FourCc::OPUS,
        Name::Flac => FourCc::FLAC,
    };
    decode(Codec::FourCc(codec), &args.input.read()?)
}

/// One line of the vectors: what `truth` should be.
pub(crate) fn vector(entry: &Value) -> Result<Value, Failure> {
    let bytes = source::hex(entry["hex"].as_str().unwrap_or_default())?;
    let code = match entry["codec"].as_str() {
        // The AAC entries name no codec.
        None => FourCc::AAC,
        Some("avc") => FourCc::AVC,
        Some(code) => {
            let code: [u8; 4] = code
                .as_bytes()
                .try_into()
                .map_err(|_| Failure::usage(format!("codec {code:?}")))?;
            FourCc::from(code)
        }
    };
    Ok(json!({ "truth": decode(Codec::FourCc(code), &bytes)? }))
}

fn decode(codec: Codec, record: &[u8]) -> Result<Value, Failure> {
    match CodecConfig::decode(codec, record)? {
        Some(config) => Ok(show(&config)),
        None => Err(Failure::at(
            "eof",
            0,
            format!("{codec} record without bytes"),
        )),
    }
}

/// A record as an object, and of an AVC record what only its parameter set says.
pub(crate) fn show(config: &CodecConfig<'_>) -> Value {
    let mut shown = Map::new();
    let mut add = |key: &str, value: Value| {
        if !value.is_null() {
            shown.insert(key.to_owned(), value);
        }
    };
    match config {
        CodecConfig::Avc(avc) => {
            add("profile", json!(avc.profile_name()));
            add("level", json!(avc.level));
            if let Ok(sps) = avc.parse_sps() {
                add("refs", json!(sps.max_ref_frames));
                add("has_b_frames", json!(sps.max_reorder_frames));
            }
        }
        CodecConfig::Hevc(hevc) => {
            add("profile", json!(hevc.profile_name()));
            add("level", json!(hevc.level));
        }
        CodecConfig::Vvc(vvc) => {
            add("profile", json!(vvc.ptl.as_ref().map(|ptl| ptl.profile)));
            add("level", json!(vvc.ptl.as_ref().map(|ptl| ptl.level)));
        }
        CodecConfig::Av1(av1) => {
            add("profile", json!(av1.profile_name()));
            add("level", json!(av1.level));
        }
        CodecConfig::Vpx(vpx) => {
            add("profile", json!(format!("Profile {}", vpx.profile)));
            add("level", json!(vpx.level));
            let format = vpx.chroma().map(|chroma| pix_fmt(chroma, vpx.bit_depth));
            add("pix_fmt", json!(format));
        }
        CodecConfig::Aac(aac) => return show_aac(aac),
        CodecConfig::Opus(opus) => {
            add("version", json!(opus.version));
            add("channels", json!(opus.channels));
            add("pre_skip", json!(opus.pre_skip));
            add("input_rate", json!(opus.input_rate));
            add("gain", json!(opus.gain));
            add("family", json!(opus.family));
        }
        CodecConfig::Flac(flac) => {
            add("sample_rate", json!(flac.sample_rate));
            add("channels", json!(flac.channels));
            add("bits_per_sample", json!(flac.bits_per_sample));
            add("total_samples", json!(flac.total_samples));
            add("min_block", json!(flac.min_block));
            add("max_block", json!(flac.max_block));
        }
        _ => {}
    }
    if let Some(picture) = config.picture() {
        show_picture(&picture, &mut add);
    }
    Value::Object(shown)
}

fn show_picture(picture: &Picture, add: &mut impl FnMut(&str, Value)) {
    add("width", json!(picture.width));
    add("height", json!(picture.height));
    // ffprobe prints the cropped size under these names too, before it has decoded a picture.
    add("coded_width", json!(picture.width));
    add("coded_height", json!(picture.height));
    add("stored_width", json!(picture.coded_width));
    add("stored_height", json!(picture.coded_height));
    let ratio = picture.sample_aspect_ratio;
    let ratio = ratio.map(|ratio| format!("{}:{}", ratio.num, ratio.den));
    add("sample_aspect_ratio", json!(ratio));
    add("pix_fmt", json!(pix_fmt(picture.chroma, picture.bit_depth)));
    // Which field comes first is said by each picture, not by the record.
    let order = if picture.interlaced {
        "interlaced"
    } else {
        "progressive"
    };
    add("field_order", json!(order));
    let rate = picture.frame_rate;
    add(
        "frame_rate",
        json!(rate.map(|rate| format!("{}/{}", rate.num, rate.den))),
    );
    if let Some(color) = picture.color {
        show_color(color, add);
    }
}

/// The names are ffprobe's for the numbers of ITU-T H.273.
fn show_color(color: Color, add: &mut impl FnMut(&str, Value)) {
    let name = |names: &[(u8, &'static str)], number| {
        let known = names.iter().find(|(known, _)| *known == number);
        json!(known.map(|(_, name)| *name))
    };
    add(
        "color_range",
        json!(if color.full_range { "pc" } else { "tv" }),
    );
    add("color_space", name(&MATRIX, color.matrix));
    add("color_transfer", name(&TRANSFER, color.transfer));
    add("color_primaries", name(&PRIMARIES, color.primaries));
}

fn show_aac(aac: &AacConfig) -> Value {
    let extension = if aac.ps == Some(true) { 29 } else { 5 };
    let mut shown = json!({
        "aot": aac.object_type,
        "ext_aot": extension,
        "core_rate": aac.sample_rate,
        "rate": aac.output_rate(),
        "channel_config": aac.channel_config,
        "channels": aac.channels(),
        "sbr": aac.sbr,
        "ps": aac.ps,
        "frame": aac.frame_len(),
    });
    if let (Value::Object(shown), false) = (&mut shown, aac.signalling == Signalling::Explicit) {
        shown.shift_remove("ext_aot");
    }
    shown
}

/// The pixel format as FFmpeg names it.
fn pix_fmt(chroma: Chroma, bit_depth: u8) -> String {
    let sampling = match chroma {
        Chroma::Monochrome => "gray",
        Chroma::Yuv420 => "yuv420p",
        Chroma::Yuv422 => "yuv422p",
        Chroma::Yuv444 => "yuv444p",
    };
    match bit_depth {
        8 => sampling.to_owned(),
        depth => format!("{sampling}{depth}le"),
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        let (kind, offset) = match malformed {
            Malformed::Short { offset, .. } => ("eof", Some(offset as u64)),
            Malformed::Value { offset, .. } => ("malformed", Some(offset as u64)),
            _ => ("malformed", None),
        };
        Self {
            offset,
            ..Self::new(kind, malformed)
        }
    }
}

const PRIMARIES: [(u8, &str); 10] = [
    (1, "bt709"),
    (4, "bt470m"),
    (5, "bt470bg"),
    (6, "smpte170m"),
    (7, "smpte240m"),
    (8, "film"),
    (9, "bt2020"),
    (10, "smpte428"),
    (11, "smpte431"),
    (12, "smpte432"),
];
const TRANSFER: [(u8, &str); 12] = [
    (1, "bt709"),
    (4, "bt470m"),
    (5, "bt470bg"),
    (6, "smpte170m"),
    (7, "smpte240m"),
    (8, "linear"),
    (11, "iec61966-2-4"),
    (13, "iec61966-2-1"),
    (14, "bt2020-10"),
    (15, "bt2020-12"),
    (16, "smpte2084"),
    (18, "arib-std-b67"),
];
const MATRIX: [(u8, &str); 9] = [
    (0, "gbr"),
    (1, "bt709"),
    (4, "fcc"),
    (5, "bt470bg"),
    (6, "smpte170m"),
    (7, "smpte240m"),
    (8, "ycgco"),
    (9, "bt2020nc"),
    (10, "bt2020c"),
];
