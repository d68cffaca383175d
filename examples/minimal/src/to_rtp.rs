//! H.264 and AAC of an FLV file as tracks of a presentation.

use std::error::Error;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use weir_flv::{Tag, TagKind, body::Packet, codec::CodecConfig};
use weir_rtsp::payload::{Codec, Framing, Packetizer, PacketizerConfig, aac, h264};
use weir_rtsp::rtp::{RtpTime, SenderClock, Ssrc};
use weir_rtsp::sdp::{Description, Media};
use weir_rtsp::{Class, ClientSession, TrackId};

use crate::seed;

/// How the tracks of a file are coded.
pub fn codecs(tags: &[Tag]) -> Vec<(TagKind, Codec)> {
    let mut codecs: Vec<(TagKind, Codec)> = Vec::new();
    for packet in tags.iter().flat_map(|tag| tag.packets().flatten()) {
        let kind = packet.kind.tag_kind();
        let is_known = codecs.iter().any(|(known, _)| *known == kind);
        if packet.is_sequence_start() && !is_known {
            codecs.extend(codec_of(&packet).map(|codec| (kind, codec)));
        }
    }
    codecs
}

/// The description of tracks with payload types from 96 on.
pub fn describe(codecs: &[(TagKind, Codec)]) -> Description<'static> {
    let mut sdp = Description::new("weir", 1);
    for (payload_type, (kind, codec)) in (96..).zip(codecs) {
        let is_video = *kind == TagKind::VIDEO;
        let medium = if is_video { "video" } else { "audio" };
        let control = format!("trackID={}", sdp.media.len());
        let format = codec.to_sdp(payload_type);
        sdp.media.push(Media::new(medium, &format, &control));
    }
    sdp
}

fn codec_of(start: &Packet<'_>) -> Option<Codec> {
    match CodecConfig::decode(start.codec, start.payload).ok()?? {
        CodecConfig::Avc(record) => {
            let mut parameters = h264::Parameters::default();
            for set in record.sps.iter().chain(&record.pps) {
                parameters = parameters.with_parameter_set(set);
            }
            Some(Codec::H264(parameters))
        }
        CodecConfig::Aac(config) => {
            let (rate, channels) = (config.output_rate(), config.channels()?);
            let record = start.payload.to_vec().into();
            Some(Codec::Aac(aac::Parameters::new(record, rate, channels)))
        }
        _ => None,
    }
}

/// How the frames of FLV stand in a buffer: units of H.264 behind their lengths, AAC as it is.
pub const fn framing(codec: &Codec) -> Framing {
    match codec {
        Codec::H264(_) => Framing::LengthPrefixed,
        _ => Framing::Raw,
    }
}

/// A track of H.264 or AAC on its way to a server.
#[derive(Debug)]
pub struct RtpTrack {
    /// The kind of its tags.
    pub kind: TagKind,
    track: TrackId,
    packetizer: Packetizer,
    clock: SenderClock,
    begin: Instant,
}

impl RtpTrack {
    /// Begins a track that was set up; all tracks of a file begin at the same moment.
    ///
    /// # Errors
    /// If the codec cannot be used, or the system has no random numbers.
    pub fn begin(
        session: &mut ClientSession,
        track: TrackId,
        (kind, codec): &(TagKind, Codec),
        payload_type: u8,
        begin: Instant,
    ) -> Result<Self, Box<dyn Error>> {
        // The numbers a track begins with are random, so that they tell nothing.
        let [a, b, c, d, e, f, g, h, ..] = seed()?;
        let source = Ssrc::new(u32::from_be_bytes([a, b, c, d]));
        let first = RtpTime::new(u32::from_be_bytes([e, f, g, h]));
        let mut config = PacketizerConfig::new(payload_type, source);
        config.framing = framing(codec);
        let packetizer = Packetizer::new(codec, config)?;
        let clock = SenderClock::new(first, begin, codec.clock_rate());
        session.set_sender_clock(track, clock)?;
        let kind = *kind;
        Ok(Self {
            kind,
            track,
            packetizer,
            clock,
            begin,
        })
    }

    /// Sends the frames of a tag.
    ///
    /// # Errors
    /// If they are not what the codec says, or the session does not record.
    pub fn send(&mut self, session: &mut ClientSession, tag: &Tag) -> Result<(), Box<dyn Error>> {
        let (now, mut block) = (Instant::now(), BytesMut::new());
        for packet in tag.packets().flatten().filter(|packet| packet.is_coded()) {
            let shown = self.begin + Duration::from_millis(packet.pts().as_millis().into());
            let time = self.clock.timestamp_at(shown);
            let mut packets = self.packetizer.packetize(packet.payload, time)?;
            while let Some(packet) = packets.next_bytes(&mut block) {
                session.send_rtp(self.track, packet, Class::Essential, now)?;
            }
        }
        Ok(())
    }
}
