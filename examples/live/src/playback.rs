//! One recording on its way to a player: read from the disk, sent in its own time.
//!
//! Each playback has a thread of its own: reading from a disk blocks.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    sync::mpsc,
    task::spawn_blocking,
    time::{Instant, sleep_until},
};
use tracing::warn;
use weir_flv::{
    Limits, Tag, Timestamp, Unwrap,
    file::{Demuxer, Event, Mode, SeekPoint, seek},
    script::{Metadata, Script},
};

use crate::record::Ranges;

/// A recording that is played.
#[derive(Debug)]
pub(crate) struct Playback {
    path: PathBuf,
    tags: mpsc::Receiver<Timed>,
    /// Read from the file and not due yet.
    next: Option<Timed>,
    /// When which time of the recording was played; `None` before the first tag.
    clock: Option<(Instant, Duration)>,
    paused: Option<Instant>,
    /// How far ahead of its time a tag is sent.
    buffer: Duration,
    /// Where the player wants it to end.
    end: Option<Duration>,
    /// The time of the last tag sent.
    time: Duration,
    is_over: bool,
}

/// A tag and its time in the recording, which its timestamp repeats every 49.7 days.
type Timed = (Duration, Tag);

/// What to do next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Send this.
    Tag(Tag),
    /// Say that it was played to its end, and for how long.
    Over(Duration),
}

impl Playback {
    /// Begins at the last key frame before `start`, and plays until `len` later; `None` if there is
    /// no recording, or nothing in it.
    pub(crate) async fn open(
        path: PathBuf,
        start: Duration,
        len: Option<Duration>,
        buffer: Duration,
    ) -> Option<Self> {
        Some(Self {
            tags: read(path.clone(), start).await?,
            path,
            next: None,
            clock: None,
            paused: None,
            buffer,
            // Without length it is the picture at `start`: RTMP 1.0, section 7.2.2.1.
            end: len.map(|len| start.saturating_add(len.max(Duration::from_millis(1)))),
            time: start,
            is_over: false,
        })
    }

    /// Goes on from the last key frame before `position`; false if that is not possible.
    pub(crate) async fn seek(&mut self, position: Duration) -> bool {
        let Some(tags) = read(self.path.clone(), position).await else {
            return false;
        };
        self.tags = tags;
        self.next = None;
        self.clock = None;
        self.time = position;
        self.is_over = false;
        true
    }

    /// Stops and goes on where it stopped.
    pub(crate) fn pause(&mut self, pause: bool) {
        if pause {
            self.paused.get_or_insert_with(Instant::now);
        } else if let (Some(paused), Some((then, _))) = (self.paused.take(), &mut self.clock) {
            *then += paused.elapsed();
        }
    }

    /// How much the player keeps to have in hand.
    pub(crate) fn set_buffer(&mut self, buffer: Duration) {
        self.buffer = buffer;
    }

    /// Waits for what is due next. Cancelling loses nothing.
    pub(crate) async fn next(&mut self) -> Step {
        if self.is_over || self.paused.is_some() {
            return std::future::pending().await;
        }
        if self.next.is_none() {
            self.next = self.tags.recv().await;
        }
        let due = self.next.as_ref().map(|(time, _)| *time);
        let due = due.filter(|time| self.end.is_none_or(|end| *time < end));
        if let Some(time) = due {
            let (then, begin) = *self.clock.get_or_insert_with(|| (Instant::now(), time));
            let early = begin.saturating_add(self.buffer);
            sleep_until(then + time.saturating_sub(early)).await;
            if let Some((time, tag)) = self.next.take() {
                self.time = time;
                return Step::Tag(tag);
            }
        }
        self.is_over = true;
        Step::Over(self.time)
    }
}

/// The length of a recording, as its metadata tell; `None` if there is none.
pub(crate) async fn length(path: PathBuf) -> Option<Duration> {
    let (_, point) = find(path, Duration::ZERO).await?;
    let script = Script::decode(&point.metadata?, &Limits::default()).ok()?;
    let secs = Metadata::from_script(script)?.duration()?;
    Duration::try_from_secs_f64(secs).ok()
}

/// Starts to read a recording from a time on.
async fn read(path: PathBuf, from: Duration) -> Option<mpsc::Receiver<Timed>> {
    let (file, point) = find(path.clone(), from).await?;
    let (tags, queue) = mpsc::channel(READ_AHEAD);
    spawn_blocking(move || {
        if let Err(error) = send(file, point, &tags) {
            warn!(file = %path.display(), "cannot be read to its end: {error}");
        }
    });
    Some(queue)
}

/// Opens a recording and looks for a time in it.
async fn find(path: PathBuf, time: Duration) -> Option<(File, SeekPoint)> {
    let found = spawn_blocking(move || {
        let mut file = match File::open(&path) {
            Ok(file) => Ranges(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                warn!(file = %path.display(), "cannot be opened: {error}");
                return None;
            }
        };
        match seek(&mut file, time, &Limits::default()) {
            Ok(point) => Some((file.0, point?)),
            Err(error) => {
                warn!(file = %path.display(), "cannot be played: {error}");
                None
            }
        }
    });
    found.await.ok().flatten()
}

/// Sends what a decoder needs first, then the tags as they come, until nobody wants them.
fn send(mut file: File, point: SeekPoint, tags: &mpsc::Sender<Timed>) -> io::Result<()> {
    let begin = i64::try_from(point.time.as_millis()).unwrap_or(0);
    let timestamp = Timestamp::wrapping_from(begin);
    for mut tag in point.metadata.into_iter().chain(point.configs) {
        tag.timestamp = timestamp;
        if tags.blocking_send((point.time, tag)).is_err() {
            return Ok(());
        }
    }
    file.seek(SeekFrom::Start(point.position))?;
    let mut clock = Unwrap::at(timestamp, begin);
    let mut demuxer = Demuxer::at(point.position, Mode::Recover);
    let mut block = BytesMut::new();
    loop {
        block.resize(READ_LEN, 0);
        let len = file.read(&mut block)?;
        match len {
            0 => demuxer.finish(),
            len => demuxer.push(block.split_to(len).freeze()),
        }
        while let Some(event) = demuxer.poll_event().map_err(io::Error::other)? {
            let Event::Tag(found) = event else {
                continue;
            };
            let millis = u64::try_from(clock.tag(&found.tag)).unwrap_or(0);
            let time = Duration::from_millis(millis);
            if tags.blocking_send((time, found.tag)).is_err() {
                return Ok(());
            }
        }
        if len == 0 {
            return Ok(());
        }
    }
}

/// Tags that may wait for their time; each may be as long as a message.
const READ_AHEAD: usize = 16;
/// How much is read at a time.
const READ_LEN: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A file with key frames of Sorenson H.263 at these times.
    fn recording(times: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let mut file = b"FLV\x01\x01\0\0\0\x09\0\0\0\0".to_vec();
        for &time in times {
            file.extend(b"\x09\0\0\x02\0\0");
            file.extend([time, 0, 0, 0, 0]);
            file.extend(b"\x12\x84\0\0\0\x0d");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.flv");
        fs::write(&path, file).unwrap();
        (folder, path)
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// When which tags come, until the end.
    async fn watch(playback: &mut Playback) -> Vec<(u128, u32)> {
        let begin = Instant::now();
        let mut came = Vec::new();
        while let Step::Tag(tag) = playback.next().await {
            came.push((begin.elapsed().as_millis(), tag.timestamp.as_millis()));
        }
        came
    }

    #[tokio::test(start_paused = true)]
    async fn tags_come_in_their_own_time() {
        let (_folder, path) = recording(&[0, 40, 80, 120]);
        let mut playback = Playback::open(path, millis(0), None, millis(0))
            .await
            .unwrap();
        let came = watch(&mut playback).await;
        assert_eq!(came, [(0, 0), (40, 40), (80, 80), (120, 120)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_player_keeps_in_hand_comes_at_once() {
        let (_folder, path) = recording(&[0, 40, 80, 120]);
        let mut playback = Playback::open(path, millis(0), None, millis(60))
            .await
            .unwrap();
        let came = watch(&mut playback).await;
        assert_eq!(came, [(0, 0), (0, 40), (20, 80), (60, 120)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_begins_at_the_key_frame_before_it() {
        let (_folder, path) = recording(&[0, 40, 80, 120]);
        let mut playback = Playback::open(path, millis(50), Some(millis(60)), millis(0))
            .await
            .unwrap();
        assert_eq!(watch(&mut playback).await, [(0, 40), (40, 80)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_without_length_is_one_picture() {
        let (_folder, path) = recording(&[0, 40, 80]);
        let mut playback = Playback::open(path, millis(40), Some(millis(0)), millis(0))
            .await
            .unwrap();
        assert_eq!(watch(&mut playback).await, [(0, 40)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_moves_what_follows() {
        let (_folder, path) = recording(&[0, 40, 80]);
        let mut playback = Playback::open(path, millis(0), None, millis(0))
            .await
            .unwrap();
        assert!(matches!(playback.next().await, Step::Tag(_)));
        playback.pause(true);
        let paused = tokio::time::timeout(millis(1_000), playback.next()).await;
        assert!(paused.is_err(), "{paused:?}");
        playback.pause(false);
        assert_eq!(watch(&mut playback).await, [(40, 40), (80, 80)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_seek_goes_on_from_there_at_once() {
        let (_folder, path) = recording(&[0, 40, 80, 120]);
        let mut playback = Playback::open(path, millis(0), None, millis(0))
            .await
            .unwrap();
        watch(&mut playback).await;
        assert!(playback.seek(millis(80)).await);
        assert_eq!(watch(&mut playback).await, [(0, 80), (40, 120)]);
    }
}
