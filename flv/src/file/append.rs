//! Going on with a recording that ended, by intent or by a crash.

use super::heads::{FileError, Heads};
use super::recorder::{Place, Recorder, RecorderConfig, keep_config};
use super::source::Source;
use crate::body::Class;
use crate::script::{self, Layout};
use crate::{Tag, Unwrap};

/// What [`Recorder::append`] found in a file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Resumed {
    /// Goes on behind the last whole tag.
    pub recorder: Recorder,
    /// Length to cut the file to before anything is appended: the end of the last whole tag.
    pub keep_len: u64,
    /// Bytes behind it, which are lost: a torn tag, or what a power failure left.
    pub torn_len: u64,
}

impl Recorder {
    /// Reads a recording to go on with it.
    ///
    /// Every tag is looked at, so the index and the length are right even when the file was never
    /// finalised. Cut the file to [`Resumed::keep_len`], push tags of the next publisher, whose
    /// times go on where the old ones end, and write appends and patches as for a new file.
    /// Configurations are written again only when they changed.
    ///
    /// To repair a torn recording, push nothing: cut the file and write the patches. What the
    /// file keeps no room for (length or index, in files of other writers) is not written.
    ///
    /// A file without one whole tag begins anew: then 0 bytes of it are kept.
    ///
    /// # Errors
    /// [`FileError`] when the source fails or the file has no FLV header.
    pub fn append<S: Source>(
        source: &mut S,
        config: RecorderConfig,
    ) -> Result<Resumed, FileError<S::Error>> {
        let len = source.len().map_err(FileError::Source)?;
        let mut recorder = Self::new(config);
        if len < SHORTEST_FILE {
            return Ok(Resumed {
                recorder,
                keep_len: 0,
                torn_len: len,
            });
        }
        let mut heads = Heads::open(source)?;
        let mut clock = Unwrap::new();
        while let Some(head) = heads.next().map_err(FileError::Source)? {
            let tag = heads.tag(&head).map_err(FileError::Source)?;
            recorder.len = head.offset;
            recorder.resume(&tag, &mut clock);
        }
        let keep_len = heads.position().min(len);
        if recorder.len == 0 {
            // Not even the metadata is whole: the file begins anew.
            return Ok(Resumed {
                recorder,
                keep_len: 0,
                torn_len: len,
            });
        }
        recorder.len = keep_len;
        recorder.resume_at = recorder.seen.end.max(recorder.seen.last + 1);
        if !recorder.seen.audio && !recorder.seen.video {
            recorder.resume_at = 0;
        }
        recorder.seen.last_of_kind = [None; 2];
        let torn_len = len.saturating_sub(keep_len);
        Ok(Resumed {
            recorder,
            keep_len,
            torn_len,
        })
    }

    /// Takes in a tag that is already in the file.
    fn resume(&mut self, tag: &Tag, clock: &mut Unwrap) {
        let class = tag.class();
        if class == Class::Script && self.place.is_none() && script::is_metadata(tag) {
            let layout = Layout::of(&tag.body, &self.config.limits).unwrap_or_default();
            self.place = Some(Place {
                body: self.len + 11,
                layout,
            });
        }
        if class == Class::Config {
            keep_config(&mut self.configs, tag);
        }
        let time = clock.tag(tag);
        self.note(tag, class, time);
    }
}

/// A header and the PreviousTagSize behind it.
const SHORTEST_FILE: u64 = 13;
