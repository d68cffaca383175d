//! Recording a stream into a file that can be played whenever the writing stops.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use weir_amf::Document;

use super::{FileHeader, Framed};
use crate::body::{Class, MediaKind, PacketType, TrackId};
use crate::script::{Keyframe, KeyframeIndex, Layout, Metadata, Script, encode_index, is_metadata};
use crate::{EncodeError, Limits, Tag, TagKind, Timestamp, Unwrap};

/// How a [`Recorder`] writes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecorderConfig {
    /// Most key frames in the index. Default: 2,048, for which 36 KiB are kept free in the
    /// metadata.
    ///
    /// When a recording has more, every second one is left out, again and again.
    pub max_keyframes: u32,
    /// Which tracks the header announces until the recording is finalised. Default: both.
    pub header: FileHeader,
    /// Bounds on the metadata that is read.
    pub limits: Limits,
}

impl Default for RecorderConfig {
    fn default() -> Self {
        Self {
            max_keyframes: 2_048,
            header: FileHeader::new(true, true),
            limits: Limits::default(),
        }
    }
}

/// Bytes to write over others in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patch {
    /// Position of the first byte in the file.
    pub offset: u64,
    /// The bytes, all of which stand inside the file as it is.
    pub bytes: Bytes,
}

/// Writes tags to the end of a file, and what only the end can tell over places kept free.
///
/// Push tags; write what [`poll_append`](Self::poll_append) gives to the end of the file; at the
/// end, or at any time between, write the [`patches`](Self::patches) to their places. Every prefix
/// of what is appended is a valid file: a crash costs the torn tag and the index.
///
/// Times begin at 0 with the first frame. Later onMetaData tags and repeated configurations are
/// left out, because players stumble over them.
///
/// ```
/// use bytes::{Buf, Bytes};
/// use weir_flv::file::{Recorder, RecorderConfig, walk};
/// use weir_flv::{Tag, TagKind, Timestamp};
///
/// let mut recorder = Recorder::new(RecorderConfig::default());
/// let mut file = Vec::new();
/// for millis in [70_000, 70_040, 70_080] {
///     let body = Bytes::from_static(&[0x17, 1, 0, 0, 0, 0, 0, 0, 1, 0x65]);
///     recorder.push(&Tag::new(TagKind::VIDEO, Timestamp::from_millis(millis), body))?;
///     while let Some(mut append) = recorder.poll_append() {
///         file.extend_from_slice(&append.copy_to_bytes(append.remaining()));
///     }
/// }
/// for patch in recorder.patches() {
///     let begin = patch.offset as usize;
///     file[begin..begin + patch.bytes.len()].copy_from_slice(&patch.bytes);
/// }
/// let (header, tags) = walk(&file)?;
/// assert!(header.has_video() && !header.has_audio());
/// let times: Vec<u32> = tags.map(|tag| tag.header.timestamp.as_millis()).collect();
/// assert_eq!(times, [0, 0, 40, 80]); // metadata, then the frames
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recorder {
    pub(super) config: RecorderConfig,
    /// What the publisher said, until the file begins.
    metadata: Option<Metadata>,
    /// Where the metadata stands, once the file has begun.
    pub(super) place: Option<Place>,
    appends: VecDeque<Framed>,
    /// Length of the file with everything handed out.
    pub(super) len: u64,
    pub(super) clock: Unwrap,
    /// What to add to the publisher's times.
    pub(super) shift: Option<i64>,
    /// Where the times of this file go on, when it has tags from before.
    pub(super) resume_at: i64,
    pub(super) seen: Seen,
    pub(super) index: KeyframeIndex,
    /// Key frames between two entries of the index.
    stride: u32,
    skipped: u32,
    pub(super) configs: Vec<StoredConfig>,
}

/// Where the metadata tag's body stands in the file, and what can be written over in it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) body: u64,
    pub(super) layout: Layout,
}

/// What was recorded so far. Times are the file's, in milliseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) audio: bool,
    pub(super) video: bool,
    pub(super) last: i64,
    pub(super) end: i64,
    pub(super) last_key: Option<Keyframe>,
    /// The last time of each kind, to know how long its last frame lasts.
    pub(super) last_of_kind: [Option<i64>; 2],
}

/// The configuration of one track as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredConfig {
    pub(super) kind: MediaKind,
    pub(super) track: TrackId,
    pub(super) packet_type: PacketType,
    pub(super) body: Bytes,
}

impl Recorder {
    /// A recorder of a new file.
    #[must_use]
    pub fn new(config: RecorderConfig) -> Self {
        Self {
            config,
            metadata: None,
            place: None,
            appends: VecDeque::new(),
            len: 0,
            clock: Unwrap::new(),
            shift: None,
            resume_at: 0,
            seen: Seen::default(),
            index: KeyframeIndex::default(),
            stride: 1,
            skipped: 0,
            configs: Vec::new(),
        }
    }

    /// Records a tag.
    ///
    /// # Errors
    /// [`EncodeError::Range`] when the body has more than 2^24 - 1 bytes; nothing is recorded.
    pub fn push(&mut self, tag: &Tag) -> Result<(), EncodeError> {
        let class = tag.class();
        if class == Class::Empty {
            return Ok(());
        }
        if class == Class::Script && is_metadata(tag) {
            if self.place.is_none() {
                let script = Script::decode(tag, &self.config.limits).ok();
                self.metadata = script.and_then(Metadata::from_script);
            }
            return Ok(());
        }
        // Checked before anything changes.
        let framed = Framed::new(tag)?;
        if class == Class::Config && !self.keep_config(tag) {
            return Ok(());
        }
        self.begin()?;
        let time = self.time(tag, class);
        self.note(tag, class, time);
        self.emit(framed.at(Timestamp::wrapping_from(time)));
        Ok(())
    }

    /// The next bytes to write to the end of the file.
    pub fn poll_append(&mut self) -> Option<Framed> {
        self.appends.pop_front()
    }

    /// Length of the file once everything pushed so far has been written.
    #[must_use]
    pub const fn file_len(&self) -> u64 {
        self.len
    }

    /// How long the recording is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.seen.end).unwrap_or(0))
    }

    /// The index of key frames so far. Its first entry is the video's configuration: flv.js takes
    /// it for that and never seeks to it.
    #[must_use]
    pub const fn index(&self) -> &KeyframeIndex {
        &self.index
    }

    /// What to write over in the file so that it says its tracks, length and index.
    ///
    /// Call it at the end, when everything appended has been written. Calling it now and then
    /// before keeps the file ready for a crash.
    #[must_use]
    pub fn patches(&mut self) -> Vec<Patch> {
        if self.begin().is_err() {
            return Vec::new();
        }
        let mut patches = Vec::new();
        let mut patch = |offset: u64, bytes: Vec<u8>| {
            patches.push(Patch {
                offset,
                bytes: bytes.into(),
            });
        };
        let header = FileHeader::new(self.seen.audio, self.seen.video);
        patch(4, alloc::vec![header.flags]);
        let Some(place) = &self.place else {
            return patches;
        };
        let last_key = self.seen.last_key;
        #[expect(
            clippy::cast_precision_loss,
            reason = "files are shorter than 2^53 bytes"
        )]
        let numbers = [
            seconds(self.seen.end),
            self.len as f64,
            seconds(self.seen.last),
            last_key.map_or(0.0, |key| key.time),
            last_key.map_or(0.0, |key| key.position as f64),
        ];
        for (at, value) in place.layout.numbers.iter().zip(numbers) {
            if let Some(at) = at {
                patch(place.body + *at as u64, value.to_be_bytes().to_vec());
            }
        }
        let booleans = [
            self.seen.video,
            self.seen.audio,
            last_key.is_some(),
            last_key.is_some(),
        ];
        for (at, value) in place.layout.booleans.iter().zip(booleans) {
            if let Some(at) = at {
                patch(place.body + *at as u64, alloc::vec![value.into()]);
            }
        }
        if let Some(range) = &place.layout.index {
            let bytes = encode_index(&self.index, place.layout.capacity());
            patch(place.body + range.start as u64, bytes);
        }
        patches
    }

    /// Writes header and metadata in front of the first tag.
    fn begin(&mut self) -> Result<(), EncodeError> {
        if self.place.is_some() || self.len > 0 {
            return Ok(());
        }
        let mut metadata = self.metadata.take().unwrap_or_default();
        metadata.remove_file_fields();
        metadata.set("duration", 0.0);
        metadata.set("filesize", 0.0);
        metadata.set("lasttimestamp", 0.0);
        metadata.set("lastkeyframetimestamp", 0.0);
        metadata.set("lastkeyframelocation", 0.0);
        metadata.set("hasMetadata", true);
        metadata.set("hasVideo", self.config.header.has_video());
        metadata.set("hasAudio", self.config.header.has_audio());
        metadata.set("hasKeyframes", false);
        metadata.set("canSeekToEnd", false);
        let mut tag = self.metadata_tag(&metadata);
        if Framed::new(&tag).is_err() {
            // What the publisher said does not fit a tag; the recording goes on without it.
            tag = self.metadata_tag(&Metadata::new());
        }
        let framed = Framed::new(&tag)?;
        let layout = Layout::of(&tag.body, &self.config.limits).unwrap_or_default();
        self.emit(Framed::file_header(self.config.header));
        self.place = Some(Place {
            body: self.len + 11,
            layout,
        });
        self.emit(framed);
        Ok(())
    }

    /// The metadata with room for the index as its last two fields.
    fn metadata_tag(&self, metadata: &Metadata) -> Tag {
        let spare = self.config.max_keyframes.max(2) as usize * 2;
        let mut metadata = metadata.clone();
        metadata.set("keyframes", KeyframeIndex::default().to_value());
        metadata.set(
            "spacer",
            Document::strict_array(core::iter::repeat_n(0.0, spare)),
        );
        metadata.to_tag(Timestamp::ZERO).unwrap_or_else(|_| {
            Tag::new(
                TagKind::SCRIPT,
                Timestamp::ZERO,
                Bytes::from_static(EMPTY_METADATA),
            )
        })
    }

    fn emit(&mut self, framed: Framed) {
        self.len += framed.len() as u64;
        self.appends.push_back(framed);
    }

    /// The tag's time in the file.
    fn time(&mut self, tag: &Tag, class: Class) -> i64 {
        match class {
            Class::KeyFrame | Class::Frame | Class::Disposable => {
                let time = self.clock.advance(tag.timestamp);
                let shift = *self.shift.get_or_insert(self.resume_at - time);
                // A frame a little older than the first one.
                (time + shift).max(self.resume_at)
            }
            Class::Script | Class::Unknown => match self.shift {
                Some(shift) => {
                    let time = self.clock.resolve(tag.timestamp) + shift;
                    if (time - self.seen.last).abs() > NEAR {
                        self.seen.last
                    } else {
                        time
                    }
                }
                None => self.resume_at,
            },
            // Configurations often carry 0.
            _ => self.seen.last.max(self.resume_at),
        }
    }

    pub(super) fn note(&mut self, tag: &Tag, class: Class, time: i64) {
        if class == Class::Config && tag.kind == TagKind::VIDEO && has_record(tag) {
            // Not only the first: who seeks behind a change finds here what a decoder needs.
            self.make_room();
            self.index.push(Keyframe::new(self.len, seconds(time)));
        }
        if !matches!(class, Class::KeyFrame | Class::Frame | Class::Disposable) {
            return;
        }
        let is_audio = tag.kind == TagKind::AUDIO;
        self.seen.audio |= is_audio;
        self.seen.video |= !is_audio;
        let [video, audio] = &mut self.seen.last_of_kind;
        let before = if is_audio { audio } else { video };
        let lasts = before.map_or(0, |before| (time - before).clamp(0, LONGEST_FRAME));
        *before = Some(time);
        self.seen.last = self.seen.last.max(time);
        self.seen.end = self.seen.end.max(time + lasts);
        if class == Class::KeyFrame && is_default_track(tag) {
            let keyframe = Keyframe::new(self.len, seconds(time));
            self.seen.last_key = Some(keyframe);
            self.add_to_index(keyframe);
        }
    }

    fn add_to_index(&mut self, keyframe: Keyframe) {
        self.skipped += 1;
        if self.skipped < self.stride && self.index.entries().len() > 1 {
            return;
        }
        self.skipped = 0;
        self.make_room();
        self.index.push(keyframe);
    }

    fn make_room(&mut self) {
        let capacity = self
            .place
            .as_ref()
            .map_or(0, |place| place.layout.capacity())
            .max(2);
        if self.index.entries().len() >= capacity {
            self.index.thin_out();
            self.stride = self.stride.saturating_mul(2);
        }
    }

    /// Remembers a configuration; `false` when the file has it already.
    fn keep_config(&mut self, tag: &Tag) -> bool {
        keep_config(&mut self.configs, tag)
    }
}

/// Remembers what a configuration tag says of each track; `false` when it says nothing new.
pub(super) fn keep_config(configs: &mut Vec<StoredConfig>, tag: &Tag) -> bool {
    let mut is_new = false;
    for packet in tag.packets().map_while(Result::ok) {
        let (kind, track, packet_type) = (packet.kind, packet.track, packet.packet_type);
        let fits = tag.body.len() <= MAX_CONFIG_LEN;
        let has_room = configs.len() < MAX_CONFIGS;
        let known = configs
            .iter_mut()
            .find(|old| (old.kind, old.track, old.packet_type) == (kind, track, packet_type));
        match known {
            Some(old) if old.body == tag.body => {}
            Some(old) => {
                old.body = if fits { tag.body.clone() } else { Bytes::new() };
                is_new = true;
            }
            None => {
                is_new = true;
                // What is not remembered is written each time it comes.
                if has_room && fits {
                    let body = tag.body.clone();
                    configs.push(StoredConfig {
                        kind,
                        track,
                        packet_type,
                        body,
                    });
                }
            }
        }
    }
    is_new
}

/// Whether a video tag has the track that players show.
fn is_default_track(tag: &Tag) -> bool {
    matches!(tag.packets().next(), Some(Ok(packet)) if packet.track == TrackId::DEFAULT)
}

/// Whether a configuration tag has the codec's record of that track.
fn has_record(tag: &Tag) -> bool {
    is_default_track(tag)
        && matches!(tag.packets().next(), Some(Ok(packet)) if packet.is_sequence_start())
}

fn seconds(millis: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "recordings are shorter than 2^53 ms"
    )]
    let millis = millis as f64;
    millis / 1000.0
}

/// onMetaData with an ECMA array of no fields.
const EMPTY_METADATA: &[u8] = b"\x02\0\x0aonMetaData\x08\0\0\0\0\0\0\x09";
/// Configurations that are remembered, and the longest of them: 8 MiB in all.
const MAX_CONFIGS: usize = 128;
/// See [`MAX_CONFIGS`].
const MAX_CONFIG_LEN: usize = 64 * 1024;
/// How far a script tag's time may be from the last frame's to be believed, in milliseconds.
const NEAR: i64 = 10_000;
/// The longest that a last frame is taken to last, in milliseconds.
const LONGEST_FRAME: i64 = 1_000;
