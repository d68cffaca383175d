//! A viewer's way into a stream that is already going on.

use alloc::vec::Vec;

use super::GopCache;
use crate::body::Class;
use crate::{Tag, TagKind, Timestamp, Unwrap, script};

/// Where a viewer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum JoinPolicy {
    /// At the last key frame: a picture at once, up to a group of pictures behind.
    #[default]
    LastKey,
    /// At the next key frame: closest to live with a picture that is whole.
    NextKey,
    /// At the next tag, whatever it is: for recorders and relays that want everything.
    Live,
}

/// The clock a viewer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TimeBase {
    /// The publisher's.
    Stream,
    /// One that begins at 0 with the viewer's first frame.
    #[default]
    Zero,
}

/// One viewer's place in a stream: what it has to begin with, and what it can use from then on.
///
/// Nothing shared is changed: tags given out have their own timestamp and the common body.
#[derive(Debug, Clone)]
pub struct Viewer {
    policy: JoinPolicy,
    base: TimeBase,
    clock: Unwrap,
    /// The time that the viewer sees as 0.
    zero: Option<i64>,
    /// The time of the last frame given out.
    now: i64,
    /// Video tracks that had their key frame, one bit each.
    started: [u64; 4],
    any_started: bool,
    /// Whether sound has to wait for a picture.
    has_video: bool,
}

impl Viewer {
    /// A viewer that has seen nothing.
    #[must_use]
    pub const fn new(policy: JoinPolicy, base: TimeBase) -> Self {
        Self {
            policy,
            base,
            clock: Unwrap::new(),
            zero: None,
            now: 0,
            started: [0; 4],
            any_started: false,
            has_video: false,
        }
    }

    /// The tags a viewer begins with, in order: metadata without the length of a file, the
    /// configuration of every track and, by [`JoinPolicy::LastKey`], the cached frames.
    ///
    /// In HTTP-FLV the bytes of [`GopCache::header`] go before them.
    #[must_use]
    pub fn start(&mut self, cache: &GopCache) -> Vec<Tag> {
        self.has_video = cache.header().has_video();
        let cached = self.policy == JoinPolicy::LastKey && cache.tags().next().is_some();
        let first = match cached {
            true => cache.tags().map(|tag| tag.timestamp).next(),
            false => cache.last_timestamp(),
        };
        if let Some(first) = first {
            self.now = self.clock.advance(first);
            if cached {
                self.zero = Some(self.now);
            }
        }
        let configs: Vec<&Tag> = if cached {
            cache.configs_before_tags().collect()
        } else {
            cache.configs().collect()
        };
        let metadata = cache.metadata().map(script::for_viewers);
        let begin = self.given(self.now);
        let mut tags: Vec<Tag> = metadata
            .into_iter()
            .chain(configs.into_iter().cloned())
            .map(|tag| tag.at(begin))
            .collect();
        if cached {
            tags.extend(cache.tags().filter_map(|tag| self.forward(tag)));
        }
        tags
    }

    /// The tag as this viewer gets it; `None` while the viewer cannot use it yet.
    #[must_use]
    pub fn forward(&mut self, tag: &Tag) -> Option<Tag> {
        let time = match tag.class() {
            class @ (Class::KeyFrame | Class::Frame | Class::Disposable) => {
                if !self.can_use(tag, class) {
                    return None;
                }
                let time = self.clock.advance(tag.timestamp);
                self.zero.get_or_insert(time);
                self.now = time;
                time
            }
            Class::Script => {
                let time = self.clock.resolve(tag.timestamp);
                // Encoders write 0 into script tags in the middle of a stream.
                if (time - self.now).abs() > NEAR {
                    self.now
                } else {
                    time
                }
            }
            Class::Empty | Class::Unknown if tag.kind.is_media() => {
                self.zero?;
                self.clock.resolve(tag.timestamp)
            }
            _ => self.now,
        };
        Some(tag.at(self.given(time)))
    }

    /// Says that tags were dropped on the way to the viewer: it waits for the next key frame.
    ///
    /// Its clock goes on.
    pub fn wait_for_key(&mut self) {
        self.started = [0; 4];
        self.any_started = false;
        if self.policy == JoinPolicy::LastKey {
            self.policy = JoinPolicy::NextKey;
        }
    }

    fn can_use(&mut self, tag: &Tag, class: Class) -> bool {
        if self.policy == JoinPolicy::Live {
            return true;
        }
        if tag.kind == TagKind::AUDIO {
            return self.any_started || !self.has_video;
        }
        self.has_video = true;
        let Some(Ok(packet)) = tag.packets().next() else {
            return false;
        };
        let track = packet.track.as_u8();
        let Some(word) = self.started.get_mut(usize::from(track >> 6)) else {
            return false;
        };
        let bit = 1 << (track & 63);
        if class == Class::KeyFrame {
            *word |= bit;
            self.any_started = true;
        }
        *word & bit != 0
    }

    /// A time on the viewer's clock. What is a little older than its first frame is put there.
    fn given(&self, time: i64) -> Timestamp {
        match self.base {
            TimeBase::Stream => Timestamp::wrapping_from(time),
            TimeBase::Zero => match self.zero {
                Some(zero) => Timestamp::wrapping_from((time - zero).max(0)),
                None => Timestamp::ZERO,
            },
        }
    }
}

/// How far a script tag's time may be from the last frame's to be believed, in milliseconds.
const NEAR: i64 = 10_000;
