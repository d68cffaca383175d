//! The tags a viewer needs who joins now.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use crate::body::{Class, MediaKind, PacketType, TrackId};
use crate::file::FileHeader;
use crate::{Tag, TagKind, Timestamp, Unwrap, script};

/// Bounds of a [`GopCache`]; whichever is reached first counts.
///
/// One cache holds at most `3 * max_bytes`: the tags, with 64 bytes of bookkeeping each, the
/// configurations, and the metadata. Bodies that are slices of a larger buffer hold that too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GopLimits {
    /// Most bytes. Default: 32 MiB, 10 s at 25 Mbit/s.
    pub max_bytes: usize,
    /// Most tags. Default: 4,096 (SRS keeps 2,500 frames).
    pub max_tags: usize,
    /// Longest time from the first frame to the last. Default: 30 s.
    ///
    /// A group of pictures that grows past a limit is dropped as a whole, because its frames are
    /// useless without its beginning; viewers then wait for the next key frame.
    pub max_duration: Duration,
    /// How much is kept of a stream that has no video. Default: 2 s.
    pub audio_only: Duration,
    /// How long, in the stream's own time, [`GopCache::is_settled`] waits for a track that the
    /// metadata announces. Default: 1 s.
    pub settle: Duration,
    /// Most tracks whose configuration is kept. Default: 32.
    pub max_tracks: usize,
}

impl Default for GopLimits {
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_tags: 4_096,
            max_duration: Duration::from_secs(30),
            audio_only: Duration::from_secs(2),
            settle: Duration::from_secs(1),
            max_tracks: 32,
        }
    }
}

/// What [`GopCache::push`] made of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pushed {
    /// Pass it on.
    New(Class),
    /// A configuration that every viewer has already. Passing it on makes some players start
    /// their decoder anew (flv.js 1.6 does at each one).
    Repeated,
}

/// Keeps the metadata, the configuration of every track, and the tags since the last key frame.
///
/// Push every tag of the publisher, in order. Bodies are shared, never copied. A stream without
/// video keeps its last moments instead.
#[derive(Debug, Clone)]
pub struct GopCache {
    limits: GopLimits,
    metadata: Option<Tag>,
    /// The newest configurations.
    configs: Vec<Config>,
    /// Those that were in force where `tags` begin.
    gop_configs: Vec<Config>,
    tags: VecDeque<Tag>,
    bytes: usize,
    clock: Unwrap,
    began: Option<i64>,
    last: Option<Timestamp>,
    gop_began: i64,
    /// The lowest video track: its key frames begin groups.
    video_track: Option<TrackId>,
    has_audio: bool,
    /// Whether `tags` begin where decoding can.
    complete: bool,
}

#[derive(Debug, Clone)]
struct Config {
    kind: MediaKind,
    track: TrackId,
    packet_type: PacketType,
    tag: Tag,
}

impl GopCache {
    /// An empty cache.
    #[must_use]
    pub fn new(limits: GopLimits) -> Self {
        Self {
            limits,
            metadata: None,
            configs: Vec::new(),
            gop_configs: Vec::new(),
            tags: VecDeque::new(),
            bytes: 0,
            clock: Unwrap::new(),
            began: None,
            last: None,
            gop_began: 0,
            video_track: None,
            has_audio: false,
            complete: false,
        }
    }

    /// Takes the next tag of the publisher.
    ///
    /// Tags that no viewer needs later (empty, malformed, encrypted, commands) are not kept.
    pub fn push(&mut self, tag: &Tag) -> Pushed {
        let class = tag.class();
        match class {
            Class::Script => {
                if !script::is_metadata(tag) {
                    self.keep_between(tag);
                } else if cost(tag) <= self.limits.max_bytes {
                    self.metadata = Some(tag.clone());
                }
            }
            Class::Config => return self.config(tag),
            Class::KeyFrame | Class::Frame | Class::Disposable => self.frame(tag, class),
            _ => {}
        }
        Pushed::New(class)
    }

    /// Replaces the metadata that viewers get, for servers that edit it.
    pub fn set_metadata(&mut self, tag: Option<Tag>) {
        self.metadata = tag;
    }

    /// The newest onMetaData as it came; [`Viewer::start`](super::Viewer::start) leaves out what
    /// a live stream must not say.
    #[must_use]
    pub const fn metadata(&self) -> Option<&Tag> {
        self.metadata.as_ref()
    }

    /// The newest configuration of every track, in the order of their first appearance.
    pub fn configs(&self) -> impl Iterator<Item = &Tag> {
        distinct(&self.configs)
    }

    /// The tags since the last key frame of the lowest video track; the last moments of a stream
    /// without video. Empty when that group outgrew its limits.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter().filter(|_| self.complete)
    }

    /// The configurations that were in force where [`tags`](Self::tags) begins.
    pub fn configs_before_tags(&self) -> impl Iterator<Item = &Tag> {
        distinct(if self.complete {
            &self.gop_configs
        } else {
            &self.configs
        })
    }

    /// Bytes held by [`tags`](Self::tags), 64 of bookkeeping for each included.
    #[must_use]
    pub const fn len_bytes(&self) -> usize {
        self.bytes
    }

    /// The time of the last frame, as on the wire.
    #[must_use]
    pub const fn last_timestamp(&self) -> Option<Timestamp> {
        self.last
    }

    /// The header of a file for a viewer who joins now: flags for the tracks that had frames.
    ///
    /// Players wait for every track that is announced and ignore every other, so ask
    /// [`is_settled`](Self::is_settled) first.
    #[must_use]
    pub const fn header(&self) -> FileHeader {
        FileHeader::new(self.has_audio, self.video_track.is_some())
    }

    /// Whether the tracks are known: both kinds had frames, or those that were announced by a
    /// configuration did, or the stream has gone on long enough without them.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let (Some(began), Some(last)) = (self.began, self.last) else {
            return false;
        };
        if self.has_audio && self.video_track.is_some() {
            return true;
        }
        self.clock.resolve(last) - began >= millis(self.limits.settle)
    }

    /// Forgets everything, for the next publisher.
    pub fn clear(&mut self) {
        *self = Self::new(self.limits.clone());
    }

    fn config(&mut self, tag: &Tag) -> Pushed {
        let mut is_new = false;
        let held: usize = self.configs.iter().map(|config| cost(&config.tag)).sum();
        let fits = held + cost(tag) <= self.limits.max_bytes;
        for packet in tag.packets().map_while(Result::ok) {
            let config = Config {
                kind: packet.kind,
                track: packet.track,
                packet_type: packet.packet_type,
                tag: tag.clone(),
            };
            // One of each packet type for each track: 4 at most.
            let has_room = self.configs.len() < self.limits.max_tracks.saturating_mul(4);
            match self.configs.iter_mut().find(|old| old.is_for(&config)) {
                Some(old) if old.tag.body == tag.body => {}
                Some(old) if fits => {
                    *old = config;
                    is_new = true;
                }
                None if fits && has_room => {
                    self.configs.push(config);
                    is_new = true;
                }
                // Passed on, not kept.
                _ => is_new = true,
            }
        }
        if !is_new {
            return Pushed::Repeated;
        }
        if !self.tags.is_empty() {
            self.keep_between(tag);
        }
        Pushed::New(Class::Config)
    }

    fn frame(&mut self, tag: &Tag, class: Class) {
        let time = self.clock.advance(tag.timestamp);
        self.last = Some(tag.timestamp);
        self.began.get_or_insert(time);
        if tag.kind == TagKind::AUDIO {
            self.has_audio = true;
        } else if let Some(Ok(packet)) = tag.packets().next() {
            let lowest = self
                .video_track
                .map_or(packet.track, |lowest| lowest.min(packet.track));
            if self.video_track.is_none() {
                // What was kept of a stream without video is no group of pictures.
                self.drop_tags();
            }
            self.video_track = Some(lowest);
            if class == Class::KeyFrame && packet.track == lowest {
                self.begin(time);
            }
        }
        if self.video_track.is_none() && self.tags.is_empty() {
            self.begin(time);
        }
        self.keep(tag);
        if self.video_track.is_some() {
            let too_long = time - self.gop_began > millis(self.limits.max_duration);
            if too_long || self.is_over() {
                self.drop_tags();
            }
        } else {
            self.keep_last_moments(time);
        }
    }

    fn begin(&mut self, time: i64) {
        self.drop_tags();
        self.gop_configs.clone_from(&self.configs);
        self.gop_began = time;
        self.complete = true;
    }

    fn keep(&mut self, tag: &Tag) {
        if self.complete {
            self.bytes += cost(tag);
            self.tags.push_back(tag.clone());
        }
    }

    /// Keeps a tag that is no frame.
    fn keep_between(&mut self, tag: &Tag) {
        self.keep(tag);
        if self.is_over() {
            self.drop_tags();
        }
    }

    fn is_over(&self) -> bool {
        self.bytes > self.limits.max_bytes || self.tags.len() > self.limits.max_tags
    }

    fn drop_tags(&mut self) {
        // A drained cache gives its memory back.
        self.tags = VecDeque::new();
        self.bytes = 0;
        self.complete = false;
    }

    /// Drops the oldest sounds of a stream without video.
    fn keep_last_moments(&mut self, now: i64) {
        let keep = millis(self.limits.audio_only);
        while let Some(oldest) = self.tags.front() {
            if now - self.clock.resolve(oldest.timestamp) <= keep && !self.is_over() {
                break;
            }
            self.bytes -= cost(oldest);
            self.tags.pop_front();
        }
        self.gop_configs.clone_from(&self.configs);
    }
}

impl Config {
    fn is_for(&self, other: &Self) -> bool {
        (self.kind, self.track, self.packet_type) == (other.kind, other.track, other.packet_type)
    }
}

/// Each tag once, though it may configure several tracks.
fn distinct(configs: &[Config]) -> impl Iterator<Item = &Tag> {
    configs
        .iter()
        .enumerate()
        .filter_map(move |(index, config)| {
            let mut before = configs.iter().take(index);
            let seen = before.any(|other| {
                other.tag.body.as_ptr() == config.tag.body.as_ptr()
                    && other.tag.body.len() == config.tag.body.len()
                    && other.kind == config.kind
            });
            (!seen).then_some(&config.tag)
        })
}

fn cost(tag: &Tag) -> usize {
    tag.body.len() + 64
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
