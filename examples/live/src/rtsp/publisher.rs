//! What a client records: from RTP packets to the tags of a stream.

use std::{error::Error, time::Instant};

use bytes::Bytes;
use tracing::debug;
use weir_flv::{
    Tag, Timestamp,
    body::{self, FrameType, MediaKind, Packet, PacketType, TrackId as FlvTrack},
    codec::CodecConfig,
    script::Metadata,
};
use weir_rtsp::{
    Limits, MediaEvent, MediaFrame, MediaReceiver, TrackId, join_control,
    payload::{Codec, Framing, ParameterSets},
    sdp::{Description, Media},
};

use super::carry;

/// A description that cannot be recorded, in words for the client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) String);

/// The tracks of one recording client, and the timeline they share.
#[derive(Debug)]
pub(crate) struct Publisher {
    /// Numbered as those of the receiver.
    tracks: Vec<Track>,
    receiver: MediaReceiver,
    began: Instant,
}

#[derive(Debug)]
struct Track {
    /// The URL its SETUP is expected with.
    control: String,
    /// Set by SETUP.
    id: Option<TrackId>,
    codec: Codec,
    kind: MediaKind,
    flv_codec: body::Codec,
    flv_track: FlvTrack,
    /// The newest configuration record, once one was sent.
    record: Option<Vec<u8>>,
}

impl Publisher {
    /// Takes the description of an ANNOUNCE for `uri`.
    ///
    /// # Errors
    /// The first track that a stream cannot carry, by the name of its codec.
    pub(crate) fn new(uri: &str, sdp: &Description<'_>) -> Result<Self, Refused> {
        let mut publisher = Self {
            tracks: Vec::new(),
            receiver: MediaReceiver::new(&Limits::default()),
            began: Instant::now(),
        };
        let base = join_control(uri, sdp.control());
        for media in &sdp.media {
            publisher.add(&base, media)?;
        }
        match publisher.tracks.is_empty() {
            true => Err(Refused("there is no media in the description".to_owned())),
            false => Ok(publisher),
        }
    }

    fn add(&mut self, base: &str, media: &Media<'_>) -> Result<(), Refused> {
        let refused = |why: &str| Refused(format!("{}: {why}", media.media));
        let format = media.format().ok_or_else(|| refused("no usable format"))?;
        let codec = Codec::from_sdp(&format).map_err(|error| refused(&error.to_string()))?;
        let same_kind = |kind| {
            self.tracks
                .iter()
                .filter(|track| track.kind == kind)
                .count()
        };
        let not_carried = || Refused(format!("{} cannot be carried", format.encoding));
        let (kind, _) = carry::to_flv(&codec, true).ok_or_else(not_carried)?;
        let number = u8::try_from(same_kind(kind)).map_err(|_| not_carried())?;
        let (_, flv_codec) = carry::to_flv(&codec, number == 0).ok_or_else(not_carried)?;
        let framing = match kind {
            MediaKind::Video => Framing::LengthPrefixed,
            MediaKind::Audio => Framing::Raw,
        };
        let added = self.receiver.add_track(&codec, framing);
        added.map_err(|error| refused(&error.to_string()))?;
        self.tracks.push(Track {
            control: join_control(base, media.control()),
            id: None,
            flv_track: FlvTrack::from(number),
            record: None,
            codec,
            kind,
            flv_codec,
        });
        Ok(())
    }

    /// The clock rate of the track that a SETUP for `uri` is about, or of the next one: some
    /// clients write control URLs of their own.
    pub(crate) fn clock_rate(&self, uri: &str) -> Option<u32> {
        self.wanted(uri).map(|at| {
            self.tracks
                .get(at)
                .map_or(0, |track| track.codec.clock_rate())
        })
    }

    /// Gives the track of a SETUP its id.
    pub(crate) fn set_up(&mut self, uri: &str, id: TrackId) {
        if let Some(track) = self.wanted(uri).and_then(|at| self.tracks.get_mut(at)) {
            track.id = Some(id);
        }
    }

    fn wanted(&self, uri: &str) -> Option<usize> {
        let free = |track: &Track| track.id.is_none();
        let named = |track: &Track| track.control == uri && free(track);
        self.tracks
            .iter()
            .position(named)
            .or_else(|| self.tracks.iter().position(free))
    }

    /// The tag that announces the tracks.
    pub(crate) fn metadata(&self) -> Option<Tag> {
        let mut metadata = Metadata::new();
        metadata.set("server", "weir");
        for track in self
            .tracks
            .iter()
            .filter(|track| track.flv_track == FlvTrack::DEFAULT)
        {
            let codec = track.flv_codec.metadata_id().unwrap_or_default();
            let record = carry::record(&track.codec, carry::parameter_sets(&track.codec), &[]);
            let record = record.ok().flatten().unwrap_or_default();
            let config = CodecConfig::decode(track.flv_codec, &record).ok().flatten();
            match track.kind {
                MediaKind::Video => {
                    if let Some(picture) = config.and_then(|config| config.picture()) {
                        metadata.set("width", f64::from(picture.width));
                        metadata.set("height", f64::from(picture.height));
                    }
                    metadata.set("videocodecid", codec);
                }
                MediaKind::Audio => {
                    if let Some((rate, channels)) = carry::sample_rate(&track.codec) {
                        metadata.set("audiosamplerate", f64::from(rate));
                        metadata.set("stereo", channels > 1);
                    }
                    metadata.set("audiocodecid", codec);
                }
            }
        }
        metadata.to_tag(Timestamp::wrapping_from(LEAD)).ok()
    }

    /// Takes an RTP packet; the tags it completes are added to `tags`.
    pub(crate) fn rtp(&mut self, id: TrackId, packet: Bytes, tags: &mut Vec<Tag>) {
        let Some(track) = self.number(id) else {
            return;
        };
        if let Err(error) = self.receiver.push_rtp(track, packet, self.began.elapsed()) {
            debug!("no RTP: {error}");
        }
        self.poll(tags);
    }

    /// Takes an RTCP packet, for the times in it.
    pub(crate) fn rtcp(&mut self, id: TrackId, packet: &Bytes) {
        if let Some(track) = self.number(id) {
            self.receiver.push_rtcp(track, packet);
        }
    }

    fn number(&self, id: TrackId) -> Option<usize> {
        self.tracks.iter().position(|track| track.id == Some(id))
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        Some(self.began + self.receiver.poll_timeout()?)
    }

    /// Gives up packets that are missing for too long.
    pub(crate) fn handle_timeout(&mut self, tags: &mut Vec<Tag>) {
        self.receiver.handle_timeout(self.began.elapsed());
        self.poll(tags);
    }

    /// Gives what is left when the client ends.
    pub(crate) fn finish(&mut self, tags: &mut Vec<Tag>) {
        self.receiver.flush(self.began.elapsed());
        self.poll(tags);
    }

    fn poll(&mut self, tags: &mut Vec<Tag>) {
        while let Some(event) = self.receiver.poll_event() {
            let told = match event {
                MediaEvent::Frame(media) => {
                    let depacketizer = self.receiver.depacketizer(media.track);
                    let sets = depacketizer.and_then(|it| it.parameter_sets());
                    let track = self.tracks.get_mut(media.track);
                    track.map_or(Ok(()), |track| track.frame(&media, sets, tags))
                }
                MediaEvent::Dropped { error, .. } => Err(error.into()),
                _ => Ok(()),
            };
            if let Err(error) = told {
                debug!("{error}");
            }
        }
    }
}

impl Track {
    /// Makes the tag of a frame, and one of its configuration where that is new.
    fn frame(
        &mut self,
        media: &MediaFrame,
        sets: Option<&ParameterSets>,
        tags: &mut Vec<Tag>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let frame = &media.frame;
        if !frame.complete {
            return Err("a frame has a hole and is left out".into());
        }
        let (pts, dts) = (media.pts.as_millis(), media.dts.as_millis());
        let mut packet = Packet::new(
            self.kind,
            self.flv_codec,
            PacketType::CodedFrames,
            Timestamp::wrapping_from(dts + LEAD),
        );
        packet.track = self.flv_track;
        packet.sound = carry::sound(&self.codec);
        if frame.keyframe && (self.kind == MediaKind::Video || self.record.is_none()) {
            // A key frame whose parameter sets are still to come is of no use.
            match carry::record(&self.codec, sets, &frame.data)? {
                Some(record) if self.record.as_ref() != Some(&record) => {
                    let mut config = packet.with_payload(&record);
                    config.packet_type = PacketType::SequenceStart;
                    tags.push(tag(&config)?);
                    self.record = Some(record);
                }
                Some(_) => {}
                None => self.record = Some(Vec::new()),
            }
        }
        if self.record.is_none() {
            return Ok(());
        }
        packet.cts = i32::try_from(pts - dts)?;
        if !frame.keyframe {
            packet.frame_type = FrameType::INTER;
        }
        tags.push(tag(&packet.with_payload(&frame.data))?);
        Ok(())
    }
}

fn tag(packet: &Packet<'_>) -> Result<Tag, weir_flv::EncodeError> {
    let body = body::encode(&[*packet])?;
    Ok(Tag::new(packet.kind.tag_kind(), packet.dts, body.into()))
}

/// Where a recording begins on the stream's clock, in milliseconds: room for pictures that are
/// decoded before the first is shown, and for sound that turns out to be older.
const LEAD: i64 = 1000;
