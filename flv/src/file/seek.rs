//! Finding the place in a file from which a time can be played.

use alloc::vec::Vec;
use core::time::Duration;

use super::heads::{FileError, Heads};
use super::source::Source;
use crate::body::Class;
use crate::script::{Keyframe, KeyframeIndex, Metadata, Script, is_metadata};
use crate::{Limits, Tag, TagHeader, TagKind, Unwrap};

/// Where to begin reading, and what a decoder needs before it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SeekPoint {
    /// Position of the first tag to send: a key frame, or a sound in files without video.
    pub position: u64,
    /// The time of that tag in the file.
    pub time: Duration,
    /// The metadata of the file, to send first.
    pub metadata: Option<Tag>,
    /// The configuration of every track there, to send before the first frame.
    pub configs: Vec<Tag>,
    /// Whether the file's index led there; without a good one the tags were stepped through.
    pub by_index: bool,
}

/// Finds the last key frame at or before a time; the first one for earlier times.
///
/// The `keyframes` of the metadata are used as far as the file agrees with them: a wrong entry
/// costs a walk from tag to tag, never a wrong place.
///
/// ```
/// use core::time::Duration;
/// use weir_flv::Limits;
/// use weir_flv::file::seek;
///
/// let file = b"FLV\x01\x04\0\0\0\x09\0\0\0\0\
///     \x08\0\0\x02\0\0\x00\0\0\0\0\x2f\x01\0\0\0\x0d\
///     \x08\0\0\x02\0\0\x1a\0\0\0\0\x2f\x01\0\0\0\x0d";
/// let point = seek(&mut &file[..], Duration::from_millis(30), &Limits::default())?;
/// let point = point.expect("there are frames");
/// assert_eq!((point.position, point.time), (30, Duration::from_millis(26)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// # Errors
/// [`FileError`] when the source fails or the file has no FLV header.
pub fn seek<S: Source>(
    source: &mut S,
    time: Duration,
    limits: &Limits,
) -> Result<Option<SeekPoint>, FileError<S::Error>> {
    let mut heads = Heads::open(source)?;
    let target = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let opening = Opening::read(&mut heads, limits).map_err(FileError::Source)?;
    let mut scan = Scan::new(&opening);
    let jumped = scan
        .jump(&mut heads, &opening, target)
        .map_err(FileError::Source)?;
    if !jumped {
        heads.jump(opening.begin);
    }
    scan.run(&mut heads, target).map_err(FileError::Source)?;
    if jumped && scan.found.is_none() {
        // The index led behind everything that can be played.
        scan = Scan::new(&opening);
        heads.jump(opening.begin);
        scan.run(&mut heads, target).map_err(FileError::Source)?;
    }
    let by_index = scan.jumped;
    Ok(scan.found.map(|found| SeekPoint {
        position: found.position,
        time: Duration::from_millis(u64::try_from(found.time).unwrap_or(0)),
        metadata: opening.metadata,
        configs: found.configs,
        by_index,
    }))
}

/// What stands before the first frame.
struct Opening {
    /// Where the tags begin.
    begin: u64,
    metadata: Option<Tag>,
    index: KeyframeIndex,
    has_video: bool,
}

impl Opening {
    fn read<S: Source>(heads: &mut Heads<'_, S>, limits: &Limits) -> Result<Self, S::Error> {
        let mut opening = Self {
            begin: heads.position(),
            metadata: None,
            index: KeyframeIndex::default(),
            has_video: false,
        };
        let mut frames = 0;
        while let Some(head) = heads.next()? {
            let tag = heads.tag(&head)?;
            if opening.metadata.is_none() && is_metadata(&tag) {
                let script = Script::decode(&tag, limits).ok();
                let metadata = script.and_then(Metadata::from_script);
                opening.index = metadata
                    .and_then(|metadata| metadata.keyframes())
                    .unwrap_or_default();
                opening.metadata = Some(tag);
                continue;
            }
            opening.has_video |= tag.kind == TagKind::VIDEO;
            frames += u32::from(is_frame(tag.class()));
            if opening.has_video && frames > 0 || frames >= LATE_VIDEO {
                break;
            }
        }
        Ok(opening)
    }
}

/// A walk that remembers the last place to play from.
struct Scan {
    has_video: bool,
    clock: Unwrap,
    configs: Vec<Tag>,
    found: Option<Found>,
    jumped: bool,
}

struct Found {
    position: u64,
    time: i64,
    configs: Vec<Tag>,
}

impl Scan {
    const fn new(opening: &Opening) -> Self {
        Self {
            has_video: opening.has_video,
            clock: Unwrap::new(),
            configs: Vec::new(),
            found: None,
            jumped: false,
        }
    }

    /// Goes to the last entry of the index before the target, and takes the configurations that
    /// are in force there: those behind the last entry that is one.
    fn jump<S: Source>(
        &mut self,
        heads: &mut Heads<'_, S>,
        opening: &Opening,
        target: i64,
    ) -> Result<bool, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "times are shorter than 2^53 ms")]
        let seconds = target as f64 / 1000.0;
        let behind = opening
            .index
            .entries()
            .partition_point(|entry| entry.time <= seconds);
        let before = opening.index.entries().get(..behind).unwrap_or_default();
        // FFmpeg's times are a little early, so the tag itself has to be early enough too.
        let mut found = None;
        for entry in before.iter().rev().take(2) {
            let bytes = heads.read(entry.position, PEEK_LEN)?;
            if !entry.agrees_with(bytes) {
                return Ok(false);
            }
            let Ok(header) = TagHeader::decode(bytes) else {
                return Ok(false);
            };
            let time = entry.millis_of(header.timestamp);
            if time <= target {
                self.clock = Unwrap::at(header.timestamp, time);
                found = Some(entry);
                break;
            }
        }
        let Some(entry) = found else {
            return Ok(false);
        };
        let mut config_at = opening.begin;
        for entry in before
            .iter()
            .rev()
            .skip_while(|other| other.position > entry.position)
        {
            if is_config(entry, heads)? {
                config_at = entry.position;
                break;
            }
        }
        // From the beginning too: tracks that did not change since.
        for begin in [opening.begin, config_at] {
            heads.jump(begin);
            self.read_configs(heads)?;
        }
        heads.jump(entry.position);
        self.jumped = true;
        Ok(true)
    }

    /// Takes the configurations up to the next frame.
    fn read_configs<S: Source>(&mut self, heads: &mut Heads<'_, S>) -> Result<(), S::Error> {
        while let Some(head) = heads.next()? {
            let tag = heads.tag(&head)?;
            let class = tag.class();
            if class == Class::Config {
                self.keep_config(tag);
            } else if is_frame(class) {
                break;
            }
        }
        Ok(())
    }

    fn run<S: Source>(&mut self, heads: &mut Heads<'_, S>, target: i64) -> Result<(), S::Error> {
        while let Some(head) = heads.next()? {
            let tag = heads.tag(&head)?;
            let class = tag.class();
            let time = self.clock.tag(&tag);
            if class == Class::Config {
                self.keep_config(tag);
                continue;
            }
            if is_frame(class) && time > target && self.found.is_some() {
                break;
            }
            let can_begin = match self.has_video {
                true => class == Class::KeyFrame,
                false => class == Class::Frame,
            };
            if can_begin {
                self.found = Some(Found {
                    position: head.offset,
                    time,
                    configs: self.configs.clone(),
                });
            }
        }
        Ok(())
    }

    /// Keeps the newest configuration of each packet type and track.
    fn keep_config(&mut self, tag: Tag) {
        let key = |tag: &Tag| {
            let packet = tag.packets().next()?.ok()?;
            Some((packet.kind, packet.track, packet.packet_type))
        };
        let new = key(&tag);
        let has_room = self.configs.len() < MAX_CONFIGS;
        match self.configs.iter_mut().find(|old| key(old) == new) {
            Some(old) => *old = tag,
            None if has_room => self.configs.push(tag),
            None => {}
        }
    }
}

fn is_config<S: Source>(entry: &Keyframe, heads: &mut Heads<'_, S>) -> Result<bool, S::Error> {
    let bytes = heads.read(entry.position, PEEK_LEN)?;
    let body = bytes.get(TagHeader::LEN..).unwrap_or_default();
    Ok(entry.agrees_with(bytes) && crate::body::classify(TagKind::VIDEO, body) == Class::Config)
}

const fn is_frame(class: Class) -> bool {
    matches!(class, Class::KeyFrame | Class::Frame | Class::Disposable)
}

/// Configurations of more tracks than any player has.
const MAX_CONFIGS: usize = 128;
/// Enough to tell a key frame.
const PEEK_LEN: usize = 32;
/// A file whose first this many frames are sound has no video.
const LATE_VIDEO: u32 = 100;
