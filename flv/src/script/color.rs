//! The Metadata packet of enhanced video: `colorInfo`.

use weir_amf::{DecodeError, Document, Value, amf0};

use super::amf_config;
use crate::Limits;

/// Colours of an HDR stream.
///
/// A packet with an undefined or empty value resets what was said before: then all parts are
/// `None`.
///
/// E-RTMP v2, "Metadata Frame".
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct ColorInfo {
    /// What the numbers mean.
    pub config: Option<ColorConfig>,
    /// Brightness of the content.
    pub light_level: Option<ContentLightLevel>,
    /// The display it was made on.
    pub mastering: Option<MasteringDisplay>,
}

/// `colorConfig`: numbers of ITU-T H.273.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct ColorConfig {
    /// Bits per sample.
    pub bit_depth: Option<f64>,
    /// Colour primaries.
    pub primaries: Option<f64>,
    /// Transfer characteristics.
    pub transfer: Option<f64>,
    /// Matrix coefficients.
    pub matrix: Option<f64>,
}

/// `hdrCll`, in candela per square metre.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct ContentLightLevel {
    /// Most light of a frame on average.
    pub max_frame_average: Option<f64>,
    /// Most light of a sample.
    pub max_content: Option<f64>,
}

/// `hdrMdcv`: CIE 1931 coordinates, and candela per square metre.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct MasteringDisplay {
    /// Red.
    pub red: Option<(f64, f64)>,
    /// Green.
    pub green: Option<(f64, f64)>,
    /// Blue.
    pub blue: Option<(f64, f64)>,
    /// White.
    pub white: Option<(f64, f64)>,
    /// Brightest.
    pub max_luminance: Option<f64>,
    /// Darkest.
    pub min_luminance: Option<f64>,
}

impl ColorInfo {
    /// Reads the payload of a Metadata packet; `None` when it holds no `colorInfo`.
    ///
    /// A field of another type than it should be is left out.
    ///
    /// # Errors
    /// [`DecodeError`] when the payload is no AMF0.
    pub fn decode(payload: &[u8], limits: &Limits) -> Result<Option<Self>, DecodeError> {
        let document = amf0::decode_with(payload, &amf_config(limits))?;
        let mut values = document.values();
        while let Some(name) = values.next() {
            let Some(value) = values.next() else { break };
            if name == "colorInfo" {
                return Ok(Some(Self::read(value)));
            }
        }
        Ok(None)
    }

    /// The payload of a Metadata packet, which is sent with frame type 5: FFmpeg up to 8.1 reads
    /// no other.
    ///
    /// # Errors
    /// None in practice: all names are short.
    pub fn encode(&self) -> Result<alloc::vec::Vec<u8>, weir_amf::EncodeError> {
        let mut info = Document::object();
        if let Some(config) = &self.config {
            let fields = [
                ("bitDepth", config.bit_depth),
                ("colorPrimaries", config.primaries),
                ("transferCharacteristics", config.transfer),
                ("matrixCoefficients", config.matrix),
            ];
            info.set("colorConfig", object(fields));
        }
        if let Some(level) = &self.light_level {
            let fields = [
                ("maxFall", level.max_frame_average),
                ("maxCLL", level.max_content),
            ];
            info.set("hdrCll", object(fields));
        }
        if let Some(display) = &self.mastering {
            let x = |point: Option<(f64, f64)>| point.map(|point| point.0);
            let y = |point: Option<(f64, f64)>| point.map(|point| point.1);
            let fields = [
                ("redX", x(display.red)),
                ("redY", y(display.red)),
                ("greenX", x(display.green)),
                ("greenY", y(display.green)),
                ("blueX", x(display.blue)),
                ("blueY", y(display.blue)),
                ("whitePointX", x(display.white)),
                ("whitePointY", y(display.white)),
                ("maxLuminance", display.max_luminance),
                ("minLuminance", display.min_luminance),
            ];
            info.set("hdrMdcv", object(fields));
        }
        amf0::encode(&Document::new().with_value("colorInfo").with_value(info))
    }

    fn read(info: Value<'_>) -> Self {
        let part =
            |name: &str| Some(info.get(name)).filter(|part| part.children().next().is_some());
        Self {
            config: part("colorConfig").map(|part| ColorConfig {
                bit_depth: part.get("bitDepth").as_f64(),
                primaries: part.get("colorPrimaries").as_f64(),
                transfer: part.get("transferCharacteristics").as_f64(),
                matrix: part.get("matrixCoefficients").as_f64(),
            }),
            light_level: part("hdrCll").map(|part| ContentLightLevel {
                max_frame_average: part.get("maxFall").as_f64(),
                max_content: part.get("maxCLL").as_f64(),
            }),
            mastering: part("hdrMdcv").map(|part| {
                let point = |x: &str, y: &str| part.get(x).as_f64().zip(part.get(y).as_f64());
                MasteringDisplay {
                    red: point("redX", "redY"),
                    green: point("greenX", "greenY"),
                    blue: point("blueX", "blueY"),
                    white: point("whitePointX", "whitePointY"),
                    max_luminance: part.get("maxLuminance").as_f64(),
                    min_luminance: part.get("minLuminance").as_f64(),
                }
            }),
        }
    }
}

fn object<const N: usize>(fields: [(&str, Option<f64>); N]) -> Document {
    let mut object = Document::object();
    for (name, value) in fields {
        if let Some(value) = value {
            object.set(name, value);
        }
    }
    object
}
