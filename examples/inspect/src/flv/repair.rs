//! `flv --repair`: what can be read of a file, written into a whole and seekable one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytes::Buf;
use serde_json::{Value, json};
use weir_flv::Repair;
use weir_flv::file::{FileTag, Recorder, RecorderConfig};

use crate::failure::Failure;

/// Writes a copy of the tags that are whole, without breaks in their times, with the length and an index of the
/// key frames in the metadata.
#[derive(Debug)]
pub(super) struct Copy {
    target: PathBuf,
    /// Where it is written to until it is whole: the target may be the file that is repaired.
    part: PathBuf,
    out: BufWriter<File>,
    times: Repair,
    recorder: Recorder,
    tags: u64,
    /// Breaks in the times: the tag's place, its time, and where it was put.
    jumps: Vec<Value>,
}

impl Copy {
    pub(super) fn create(target: &str) -> Result<Self, Failure> {
        let target = PathBuf::from(target);
        let mut part = target.clone();
        part.as_mut_os_string().push(".part");
        let file = File::create(&part).map_err(|error| named(&part, &error))?;
        Ok(Self {
            target,
            part,
            out: BufWriter::new(file),
            times: Repair::new(weir_flv::RepairConfig::default()),
            recorder: Recorder::new(RecorderConfig::default()),
            tags: 0,
            jumps: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, file_tag: &FileTag) -> Result<(), Failure> {
        let (tag, jump) = self.times.tag(&file_tag.tag);
        if let Some(jump) = jump {
            let (at, to) = (jump.at.as_millis(), jump.to);
            self.jumps.push(json!([file_tag.offset, at, to]));
        }
        self.recorder
            .push(&tag)
            .map_err(|error| Failure::at("limit", file_tag.offset, error))?;
        self.append().map_err(|error| named(&self.part, &error))
    }

    fn append(&mut self) -> io::Result<()> {
        while let Some(mut append) = self.recorder.poll_append() {
            self.tags += 1;
            while append.has_remaining() {
                let written = self.out.write(append.chunk())?;
                append.advance(written);
            }
        }
        Ok(())
    }

    /// Puts the copy in its place and tells what it holds.
    pub(super) fn finish(mut self) -> Result<Value, Failure> {
        let finished = self.complete();
        finished.map_err(|error| named(&self.part, &error))?;
        fs::rename(&self.part, &self.target).map_err(|error| named(&self.target, &error))?;
        let millis = u64::try_from(self.recorder.duration().as_millis()).unwrap_or(u64::MAX);
        Ok(json!({
            "file": self.target.display().to_string(),
            "bytes": self.recorder.file_len(),
            // The first thing written is the header.
            "tags": self.tags.saturating_sub(1),
            "duration_ms": millis,
            "index_entries": self.recorder.index().entries().len(),
            "jump_columns": ["offset", "timestamp", "moved_to"],
            "jumps": self.jumps,
        }))
    }

    fn complete(&mut self) -> io::Result<()> {
        // Without a single tag this writes the header and empty metadata.
        let patches = self.recorder.patches();
        self.append()?;
        for patch in patches {
            self.out.seek(SeekFrom::Start(patch.offset))?;
            self.out.write_all(&patch.bytes)?;
        }
        self.out.flush()
    }
}

/// A copy that was not finished leaves nothing behind.
impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.part);
    }
}

fn named(path: &Path, error: &io::Error) -> Failure {
    Failure::new("io", format!("{}: {error}", path.display()))
}
