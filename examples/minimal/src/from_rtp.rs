//! H.264 and AAC of a presentation as tags of an FLV file.

use std::error::Error;

use weir_flv::body::{
    self, Codec as FlvCodec, FrameType, MediaKind, Packet, PacketType, SoundFormat, SoundHeader,
    VideoCodecId,
};
use weir_flv::{Tag, Timestamp, codec::AvcConfig};
use weir_rtsp::MediaFrame;
use weir_rtsp::payload::{Codec, ParameterSets};
use weir_rtsp::sdp::Media;

/// Makes the tags of one track of what a receiver gives.
#[derive(Debug)]
pub struct FlvTrack {
    codec: Codec,
    /// The configuration record that was written last.
    written: Vec<u8>,
}

impl FlvTrack {
    /// A track of H.264 or AAC, and how it is coded; `None` for other media.
    pub fn of(medium: &Media<'_>) -> Option<(Self, Codec)> {
        let codec = Codec::from_sdp(&medium.format()?).ok()?;
        let track = Self {
            codec: codec.clone(),
            written: Vec::new(),
        };
        matches!(codec, Codec::H264(_) | Codec::Aac(_)).then_some((track, codec))
    }

    /// The tag of a frame, behind that of the configuration where it is new; `sets` are the
    /// parameter sets known so far. None before there is a configuration.
    ///
    /// # Errors
    /// If parameter sets or times are out of all bounds.
    pub fn tags(
        &mut self,
        media: &MediaFrame,
        sets: Option<&ParameterSets>,
    ) -> Result<Vec<Tag>, Box<dyn Error>> {
        let mut tags = Vec::new();
        let record = self.record(sets)?;
        if record != self.written {
            tags.push(self.tag(PacketType::SequenceStart, media, &record)?);
            self.written = record;
        }
        if !self.written.is_empty() {
            tags.push(self.tag(PacketType::CodedFrames, media, &media.frame.data)?);
        }
        Ok(tags)
    }

    fn record(&self, sets: Option<&ParameterSets>) -> Result<Vec<u8>, Box<dyn Error>> {
        match (&self.codec, sets.filter(|sets| sets.is_ready())) {
            (Codec::Aac(parameters), _) => Ok(parameters.config.to_vec()),
            (_, Some(sets)) => {
                let sps = sets.sps().map(|unit| &unit[..]).collect();
                let pps = sets.pps().map(|unit| &unit[..]).collect();
                Ok(AvcConfig::new(sps, pps)?.encode()?)
            }
            (_, None) => Ok(self.written.clone()),
        }
    }

    fn tag(
        &self,
        packet_type: PacketType,
        media: &MediaFrame,
        payload: &[u8],
    ) -> Result<Tag, Box<dyn Error>> {
        let (kind, codec) = match self.codec {
            Codec::H264(_) => (MediaKind::Video, FlvCodec::Video(VideoCodecId::AVC)),
            _ => (MediaKind::Audio, FlvCodec::Audio(SoundFormat::AAC)),
        };
        let dts = Timestamp::wrapping_from(media.dts.as_millis() + START);
        let mut packet = Packet::new(kind, codec, packet_type, dts).with_payload(payload);
        packet.sound = (kind == MediaKind::Audio).then_some(SoundHeader::AAC);
        if packet_type == PacketType::CodedFrames {
            packet.cts = i32::try_from(media.pts.as_millis() - media.dts.as_millis())?;
            if !media.frame.keyframe {
                packet.frame_type = FrameType::INTER;
            }
        }
        let body = body::encode(&[packet])?;
        Ok(Tag::new(kind.tag_kind(), dts, body.into()))
    }
}

/// Where the presentation begins in the file, in milliseconds: its first pictures are decoded
/// before that, and sound may have been captured before the first picture.
const START: i64 = 1000;
