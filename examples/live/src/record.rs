//! Streams on their way into files.
//!
//! Each recording has a thread of its own: writing to a disk blocks.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IoSlice, Read, Seek, SeekFrom, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use bytes::Buf;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};
use tracing::{error, info};
use weir_flv::{
    Tag,
    file::{Framed, Recorder, RecorderConfig, Source},
};

use crate::hub::StreamKey;

/// Where recordings go.
#[derive(Debug)]
pub(crate) struct Recordings {
    folder: PathBuf,
    all: bool,
}

/// Whether and how a publisher wants to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recording {
    /// Not, unless the server records everything.
    No,
    /// Into a new file, in place of an old one.
    Replace,
    /// At the end of the file, if there is one.
    Append,
}

impl Recordings {
    /// Records into `folder`, all streams or those that ask for it.
    pub(crate) fn new(folder: PathBuf, all: bool) -> Self {
        Self { folder, all }
    }

    /// Starts to record a stream, if it is to be recorded.
    pub(crate) fn start(&self, key: &StreamKey, recording: Recording) -> Option<Recorded> {
        if recording == Recording::No && !self.all {
            return None;
        }
        let (tags, queue) = mpsc::channel(QUEUE);
        let path = self.path(key);
        let task = spawn_blocking(move || match record(path, recording, queue) {
            Ok((path, duration)) => {
                info!(file = %path.display(), seconds = duration.as_secs_f32(), "recorded");
            }
            Err(error) => error!("recording failed: {error}"),
        });
        Some(Recorded { tags, task })
    }

    /// The file of a stream. Different names have different files, all inside the folder.
    pub(crate) fn path(&self, key: &StreamKey) -> PathBuf {
        let mut path = self.folder.clone();
        for segment in key.as_str().split('/') {
            path.push(file_name(segment));
        }
        path.as_mut_os_string().push(".flv");
        path
    }
}

/// A running recording.
#[derive(Debug)]
pub(crate) struct Recorded {
    tags: mpsc::Sender<Tag>,
    task: JoinHandle<()>,
}

impl Recorded {
    /// Records a tag; waits while the disk is behind.
    pub(crate) async fn send(&self, tag: Tag) {
        // A recording that failed has said so.
        let _ = self.tags.send(tag).await;
    }

    /// Finalises the file.
    pub(crate) async fn finish(self) {
        drop(self.tags);
        if let Err(panic) = self.task.await {
            error!("recording failed: {panic}");
        }
    }
}

/// Writes tags as they come, until there are no more; gives the file's path and length.
fn record(
    path: PathBuf,
    recording: Recording,
    mut queue: mpsc::Receiver<Tag>,
) -> io::Result<(PathBuf, Duration)> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let (path, mut file, mut recorder) = open(path, recording)?;
    let mut tags = Vec::new();
    let mut patched = Instant::now();
    while queue.blocking_recv_many(&mut tags, QUEUE) > 0 {
        for tag in tags.drain(..) {
            // A tag that was a message is not too long for a file.
            let _ = recorder.push(&tag);
        }
        while let Some(append) = recorder.poll_append() {
            write(&mut file, append)?;
        }
        if patched.elapsed() > PATCH_INTERVAL {
            patch(&mut file, &mut recorder)?;
            patched = Instant::now();
        }
    }
    patch(&mut file, &mut recorder)?;
    Ok((path, recorder.duration()))
}

/// Opens the file of a recording, with its position at the end.
fn open(path: PathBuf, recording: Recording) -> io::Result<(PathBuf, File, Recorder)> {
    let config = RecorderConfig::default();
    match recording {
        Recording::Replace => {
            let file = File::create(&path)?;
            Ok((path, file, Recorder::new(config)))
        }
        Recording::Append => {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let mut file = Ranges(options.open(&path)?);
            let resumed = Recorder::append(&mut file, config).map_err(io::Error::other)?;
            if resumed.torn_len > 0 {
                info!(file = %path.display(), bytes = resumed.torn_len, "cut off a torn end");
            }
            let Ranges(mut file) = file;
            file.set_len(resumed.keep_len)?;
            file.seek(SeekFrom::End(0))?;
            Ok((path, file, resumed.recorder))
        }
        // Nobody asked for this recording, so it must not cost an older one.
        Recording::No => {
            let mut free = path.clone();
            for number in 2.. {
                match File::create_new(&free) {
                    Ok(file) => return Ok((free, file, Recorder::new(config))),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                free.set_file_name(format!("{name}-{number}.flv"));
            }
            unreachable!("there are more numbers than files");
        }
    }
}

/// Writes the tracks, the length and the index to the places kept for them.
fn patch(file: &mut File, recorder: &mut Recorder) -> io::Result<()> {
    // A recording without tags begins with the first call.
    let patches = recorder.patches();
    while let Some(append) = recorder.poll_append() {
        write(file, append)?;
    }
    for patch in patches {
        file.seek(SeekFrom::Start(patch.offset))?;
        file.write_all(&patch.bytes)?;
    }
    file.seek(SeekFrom::End(0))?;
    Ok(())
}

/// Writes head, body and tail of a tag in one call, so that only a full disk tears it.
fn write(file: &mut File, mut append: Framed) -> io::Result<()> {
    while append.has_remaining() {
        let mut slices = [IoSlice::new(&[]); 3];
        let filled = append.chunks_vectored(&mut slices);
        let written = file.write_vectored(slices.get(..filled).unwrap_or_default())?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        append.advance(written);
    }
    Ok(())
}

/// A file as weir reads it.
pub(crate) struct Ranges(pub(crate) File);

impl Source for Ranges {
    type Error = io::Error;

    fn len(&mut self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset))?;
        let mut read = 0;
        while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.0.read(rest) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }
}

/// A file name for any text: different texts have different names, none of which is hidden or
/// leads elsewhere.
pub(crate) fn file_name(text: &str) -> String {
    let encoded = utf8_percent_encode(text, UNSAFE).to_string();
    match encoded.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None => encoded,
    }
}

/// Everything that a file name or a URL could take for something else.
const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// How often a running recording is made ready for a crash.
const PATCH_INTERVAL: Duration = Duration::from_secs(10);
/// Tags that may wait for the disk: some seconds.
const QUEUE: usize = 512;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let recordings = Recordings::new("recordings".into(), true);
        let file = |app, name| recordings.path(&StreamKey::new(app, name));
        assert_eq!(file("live", "test"), Path::new("recordings/live/test.flv"));
        assert_eq!(
            file("live", "../../x"),
            Path::new("recordings/live/%2E./%2E./x.flv")
        );
        assert_eq!(
            file("..", "a\\b\0"),
            Path::new("recordings/%2E./a%5Cb%00.flv")
        );
        assert_eq!(file("", "a//b"), Path::new("recordings/a/b.flv"));
    }
}
