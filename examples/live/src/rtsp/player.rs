//! What a client plays: from the tags of a stream to RTP packets.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use tracing::debug;
use weir_flv::{
    Tag, TagKind, Unwrap,
    body::{self, MediaKind, Packet, TrackId as FlvTrack},
    codec::nal,
    file::FileHeader,
};
use weir_rtsp::{
    Class, PlayAnswer, ServerSession, TrackId,
    header::Range,
    payload::{Codec, Framing, Packetizer, PacketizerConfig, UnsupportedFormat},
    rtp::{RtpTime, SenderClock, SequenceNumber, Ssrc},
    sdp::{Description, Media},
};

use super::carry;
use crate::{
    hub::Subscription,
    metrics::Entered,
    random,
    stream::{Frame, Update},
};

/// The tracks of a stream as RTP carries them.
#[derive(Debug)]
pub(crate) struct Presentation {
    tracks: Vec<Track>,
    /// Codecs that RTP cannot carry, by name.
    pub(crate) left_out: Vec<String>,
}

#[derive(Debug)]
struct Track {
    kind: MediaKind,
    flv_track: FlvTrack,
    codec: Codec,
    payload_type: u8,
    /// Bytes in front of each NAL unit of its frames.
    length_size: u8,
    /// The parameter sets, each behind its length, to go before key frames.
    sets: Vec<u8>,
    packetizer: Packetizer,
    /// The RTP time of the stream's time 0.
    base: RtpTime,
    /// Set by SETUP.
    id: Option<TrackId>,
    /// Whether sender reports know when its frames were captured.
    clocked: bool,
}

impl Presentation {
    /// Finds the tracks in what a viewer of the stream begins with.
    pub(crate) fn new(start: &[Tag]) -> Self {
        let mut presentation = Self {
            tracks: Vec::new(),
            left_out: Vec::new(),
        };
        for packet in start.iter().flat_map(Tag::packets).flatten() {
            let coded = packet.is_coded() || packet.is_sequence_start();
            if coded && presentation.track(&packet).is_none() {
                presentation.add(&packet);
            }
        }
        for packet in start.iter().flat_map(Tag::packets).flatten() {
            let codec = packet.codec.to_string();
            let is_lost = packet.is_coded() && presentation.track(&packet).is_none();
            if is_lost && !presentation.left_out.contains(&codec) {
                presentation.left_out.push(codec);
            }
        }
        presentation
            .tracks
            .sort_by_key(|track| (track.kind == MediaKind::Audio, track.flv_track));
        presentation
    }

    /// Whether each kind of media that a stream has shows in these tags.
    pub(crate) fn is_told(tags: &[Tag], header: FileHeader) -> bool {
        let shows = |kind: TagKind| tags.iter().any(|tag| tag.kind == kind);
        (shows(TagKind::AUDIO) || !header.has_audio())
            && (shows(TagKind::VIDEO) || !header.has_video())
    }

    fn track(&self, packet: &Packet<'_>) -> Option<usize> {
        let is_it = |track: &Track| (track.kind, track.flv_track) == (packet.kind, packet.track);
        self.tracks.iter().position(is_it)
    }

    fn add(&mut self, packet: &Packet<'_>) {
        let Some(codec) = carry::to_rtp(packet) else {
            return;
        };
        let payload_type = DYNAMIC + u8::try_from(self.tracks.len()).unwrap_or(u8::MAX - DYNAMIC);
        match Track::new(packet, codec, payload_type) {
            Ok(track) => self.tracks.push(track),
            Err(error) => debug!("{}: {error}", packet.codec),
        }
    }

    /// Whether there is nothing that RTP can carry.
    pub(crate) fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    /// What the client is told of the tracks.
    pub(crate) fn description(&self, name: &str) -> Description<'static> {
        let mut sdp = Description::new(name.to_owned(), u64::from(number()));
        for (number, track) in self.tracks.iter().enumerate() {
            let kind = match track.kind {
                MediaKind::Video => "video",
                MediaKind::Audio => "audio",
            };
            let format = track.codec.to_sdp(track.payload_type);
            sdp.media
                .push(Media::new(kind, &format, &format!("{CONTROL}{number}")));
        }
        sdp
    }

    /// Clock rate and source of a track, by its number in the description.
    pub(crate) fn source(&self, number: usize) -> Option<(u32, u32)> {
        let track = self.tracks.get(number)?;
        Some((track.codec.clock_rate(), track.packetizer.ssrc().get()))
    }

    /// Gives the track of a SETUP its id.
    pub(crate) fn set_up(&mut self, number: usize, id: TrackId) {
        if let Some(track) = self.tracks.get_mut(number) {
            track.id = Some(id);
        }
    }

    /// The answer to PLAY: where the packets of each track begin.
    pub(crate) fn answer(&self) -> PlayAnswer {
        let tracks = self
            .tracks
            .iter()
            .filter_map(|track| Some((track.id?, track)));
        tracks.fold(PlayAnswer::new(Range::NOW), |answer, (id, track)| {
            let sequence = track.packetizer.next_sequence().get();
            answer.with_first_packet(id, sequence, track.base.get())
        })
    }

    fn send(&mut self, session: &mut ServerSession, tag: &Tag, millis: i64, block: &mut BytesMut) {
        for packet in tag.packets().flatten() {
            let Some(at) = self.track(&packet) else {
                continue;
            };
            if let Some(track) = self.tracks.get_mut(at) {
                track.send(session, &packet, millis, block);
            }
        }
    }
}

impl Track {
    fn new(packet: &Packet<'_>, codec: Codec, payload_type: u8) -> Result<Self, UnsupportedFormat> {
        let mut config = PacketizerConfig::new(payload_type, Ssrc::new(number()));
        // The upper half is left for the first wrap: RFC 3550, section 5.1, asks for a random start.
        config.first_sequence = SequenceNumber::new(u16::try_from(number() >> 17).unwrap_or(0));
        config.max_packet_len = MAX_PACKET_LEN;
        config.framing = match packet.kind {
            MediaKind::Video => Framing::LengthPrefixed,
            MediaKind::Audio => Framing::Raw,
        };
        Ok(Self {
            kind: packet.kind,
            flv_track: packet.track,
            length_size: carry::length_size(packet).unwrap_or(4),
            sets: prefixed(&codec),
            packetizer: Packetizer::new(&codec, config)?,
            base: RtpTime::new(number()),
            id: None,
            clocked: false,
            codec,
            payload_type,
        })
    }

    /// The RTP time of a time on the stream's clock.
    fn time(&self, millis: i64, nanos: u32) -> RtpTime {
        let nanos = i128::from(millis) * 1_000_000 + i128::from(nanos);
        let units = nanos * i128::from(self.codec.clock_rate()) / 1_000_000_000;
        // The clock of RTP wraps.
        let wrapped = u32::try_from(units.rem_euclid(1 << 32)).unwrap_or_default();
        self.base.wrapping_add(wrapped)
    }

    /// Says that what belongs to a time of the stream was captured now.
    fn set_clock(&mut self, session: &mut ServerSession, millis: i64, now: Instant) {
        let clock = SenderClock::new(self.time(millis, 0), now, self.codec.clock_rate());
        if let Some(id) = self.id {
            // An error means that the track is gone, which the client did.
            let _ = session.set_sender_clock(id, clock);
        }
        self.clocked = true;
    }

    fn send(
        &mut self,
        session: &mut ServerSession,
        packet: &Packet<'_>,
        dts: i64,
        block: &mut BytesMut,
    ) {
        if packet.is_sequence_start() {
            self.reconfigure(packet);
        }
        let Some(id) = self
            .id
            .filter(|_| packet.is_coded() && !packet.payload.is_empty())
        else {
            return;
        };
        let now = Instant::now();
        let time = self.time(dts + i64::from(packet.cts), packet.nano);
        if !self.clocked {
            self.set_clock(session, dts, now);
        }
        let class = match packet.kind {
            MediaKind::Audio => Class::Audio,
            _ if packet.is_key_frame() => Class::Keyframe,
            _ if packet.frame_type == body::FrameType::DISPOSABLE => Class::Disposable,
            _ => Class::Interframe,
        };
        let whole;
        let mut frame = packet.payload;
        let needs_sets = !self.sets.is_empty() && packet.is_key_frame();
        if needs_sets || self.length_size != 4 {
            whole = self.rewritten(packet, needs_sets);
            frame = &whole;
        }
        match self.packetizer.packetize(frame, time) {
            Ok(mut packets) => {
                while let Some(packet) = packets.next_bytes(block) {
                    // An error means that the client stopped playing.
                    let _ = session.send_rtp(id, packet, class, now);
                }
            }
            Err(error) => debug!("a frame of {} is left out: {error}", packet.codec),
        }
    }

    /// The frame with lengths of four bytes, and the parameter sets in front of it if asked for.
    fn rewritten(&self, packet: &Packet<'_>, with_sets: bool) -> Vec<u8> {
        let mut frame = Vec::with_capacity(packet.payload.len() + self.sets.len());
        if with_sets {
            frame.extend_from_slice(&self.sets);
        }
        if self.length_size == 4 {
            frame.extend_from_slice(packet.payload);
            return frame;
        }
        for unit in nal::length_prefixed(packet.payload, self.length_size).map_while(Result::ok) {
            push_unit(&mut frame, unit);
        }
        frame
    }

    /// Takes a new configuration of the same codec.
    fn reconfigure(&mut self, packet: &Packet<'_>) {
        if let Some(codec) = carry::to_rtp(packet) {
            self.sets = prefixed(&codec);
            self.length_size = carry::length_size(packet).unwrap_or(4);
        }
    }
}

/// One client that plays a stream.
#[derive(Debug)]
pub(crate) struct Player {
    subscription: Subscription,
    clock: Unwrap,
    /// Packets are cut out of it.
    block: BytesMut,
    paused: bool,
    _counted: Entered,
}

impl Player {
    pub(crate) fn new(subscription: Subscription, counted: Entered) -> Self {
        Self {
            subscription,
            clock: Unwrap::new(),
            block: BytesMut::new(),
            paused: false,
            _counted: counted,
        }
    }

    /// Sends what a player begins with.
    pub(crate) fn begin(&mut self, session: &mut ServerSession, presentation: &mut Presentation) {
        let start = self.subscription.take_start();
        let mut times = Vec::with_capacity(start.len());
        let mut newest = None;
        for tag in &start {
            let time = self.clock.advance(tag.timestamp);
            times.push(time);
            if tag.packets().flatten().any(|packet| packet.is_coded()) {
                newest = Some(time);
            }
        }
        // The newest frame is the one captured now; those before it are older.
        if let Some(newest) = newest {
            let now = Instant::now();
            for track in &mut presentation.tracks {
                track.set_clock(session, newest, now);
            }
        }
        for (tag, millis) in start.iter().zip(times) {
            presentation.send(session, tag, millis, &mut self.block);
        }
    }

    /// Waits for what comes next. Cancelling loses nothing.
    pub(crate) async fn next(&mut self) -> Update {
        self.subscription.next().await
    }

    /// Sends what came next; gives the number of packets that a slow player misses for it.
    pub(crate) fn forward(
        &mut self,
        session: &mut ServerSession,
        presentation: &mut Presentation,
        frames: &[Frame],
    ) -> usize {
        if self.paused {
            return 0;
        }
        for frame in frames {
            if let Some(tag) = self.subscription.viewer.forward(&frame.tag) {
                let millis = self.clock.advance(tag.timestamp);
                presentation.send(session, &tag, millis, &mut self.block);
            }
        }
        let backlog = session.queue().backlog(Instant::now());
        let is_behind = backlog.oldest > MAX_AGE || backlog.bytes > MAX_BACKLOG;
        match is_behind && backlog.droppable.messages > 0 {
            true => session.queue().drop_to_keyframe().messages,
            false => 0,
        }
    }

    /// Stops and goes on; what comes in between is not kept.
    pub(crate) fn pause(&mut self, pause: bool) {
        self.paused = pause;
        if !pause {
            self.subscription.viewer.wait_for_key();
        }
    }
}

/// The number of the track that a SETUP is about, and the URL without it.
pub(crate) fn track_of(uri: &str) -> (&str, Option<usize>) {
    let split = uri.trim_end_matches('/').rsplit_once('/');
    let number = |(base, last): (&str, &str)| {
        let number = last.strip_prefix(CONTROL)?.parse().ok()?;
        Some((base.len(), number))
    };
    match split.and_then(number) {
        Some((len, number)) => (uri.get(..len).unwrap_or(uri), Some(number)),
        None => (uri, None),
    }
}

fn prefixed(codec: &Codec) -> Vec<u8> {
    let mut out = Vec::new();
    for set in carry::parameter_sets(codec)
        .into_iter()
        .flat_map(|sets| sets.iter())
    {
        push_unit(&mut out, set);
    }
    out
}

fn push_unit(out: &mut Vec<u8>, unit: &[u8]) {
    out.extend_from_slice(&u32::try_from(unit.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(unit);
}

/// A number nobody can guess.
fn number() -> u32 {
    u32::from_le_bytes(random::bytes())
}

/// What the control URLs end with, before their number.
const CONTROL: &str = "track";
/// The first payload type that has no fixed meaning.
const DYNAMIC: u8 = 96;
/// Fits the path of every network in use, with room for tunnels.
const MAX_PACKET_LEN: usize = 1_400;
/// How long a packet may wait for a slow player before frames are dropped.
const MAX_AGE: Duration = Duration::from_secs(5);
/// How much may wait for a slow player, in bytes.
const MAX_BACKLOG: usize = 32 << 20;
