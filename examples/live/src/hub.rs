//! The live streams: who publishes, who watches, and between them one task for each stream.
//!
//! A stream's task exists while somebody publishes or watches it. Commands are sent with the
//! registry locked, and a task leaves the registry with the same lock held and no command
//! waiting, so nobody ever talks to a task that has ended.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::task::TaskTracker;
use weir_flv::{
    Tag,
    file::FileHeader,
    live::{JoinPolicy, TimeBase, Viewer},
};
use weir_rtmp::chunk::ChunkSize;

use crate::{
    record::{Recording, Recordings},
    stream::{self, Update},
};

/// All live streams.
#[derive(Debug)]
pub(crate) struct Hub {
    streams: Mutex<HashMap<StreamKey, mpsc::UnboundedSender<Command>>>,
    recordings: Recordings,
    chunk_size: ChunkSize,
    tasks: TaskTracker,
}

impl Hub {
    /// Starts with no stream; messages are prepared for RTMP with chunks of `chunk_size`, and the
    /// tasks of streams are counted in `tasks`.
    pub(crate) fn new(
        recordings: Recordings,
        chunk_size: ChunkSize,
        tasks: TaskTracker,
    ) -> Arc<Self> {
        Arc::new(Self {
            streams: Mutex::default(),
            recordings,
            chunk_size,
            tasks,
        })
    }

    /// Takes a name for a publisher; the name is free again when the publication is dropped.
    pub(crate) async fn publish(
        self: &Arc<Self>,
        key: &StreamKey,
        recording: Recording,
    ) -> Result<Publication, NameTaken> {
        self.ask(key, |reply| Command::Publish { recording, reply })
            .await
    }

    /// Joins a stream, whether or not somebody publishes it yet.
    pub(crate) async fn watch(
        self: &Arc<Self>,
        key: &StreamKey,
        policy: JoinPolicy,
    ) -> Subscription {
        self.ask(key, |reply| Command::Watch { policy, reply })
            .await
    }

    /// Joins a stream once it is known which tracks it has; `None` without a publisher.
    pub(crate) async fn watch_settled(&self, key: &StreamKey) -> Option<Subscription> {
        let (reply, answer) = oneshot::channel();
        self.lock()
            .get(key)?
            .send(Command::WatchSettled { reply })
            .ok()?;
        answer.await.ok()
    }

    /// Whether a stream has a publisher.
    pub(crate) async fn is_live(&self, key: &StreamKey) -> bool {
        let (reply, answer) = oneshot::channel();
        let asked = match self.lock().get(key) {
            Some(commands) => commands.send(Command::Summarise { reply }),
            None => return false,
        };
        asked.is_ok() && matches!(answer.await, Ok(Some(_)))
    }

    /// The streams that have a publisher, by name.
    pub(crate) async fn live(&self) -> Vec<(StreamKey, stream::Summary)> {
        let mut asked = Vec::new();
        for (key, commands) in self.lock().iter() {
            let (reply, answer) = oneshot::channel();
            let _ = commands.send(Command::Summarise { reply });
            asked.push((key.clone(), answer));
        }
        let mut live = Vec::new();
        for (key, answer) in asked {
            if let Ok(Some(summary)) = answer.await {
                live.push((key, summary));
            }
        }
        live.sort_by(|(a, _), (b, _)| a.cmp(b));
        live
    }

    /// Where streams are recorded.
    pub(crate) fn recordings(&self) -> &Recordings {
        &self.recordings
    }

    pub(crate) fn chunk_size(&self) -> ChunkSize {
        self.chunk_size
    }

    /// Takes the task of `key`, which alone calls this, out of the registry unless a command waits.
    pub(crate) fn leave(
        &self,
        key: &StreamKey,
        commands: &mpsc::UnboundedReceiver<Command>,
    ) -> bool {
        let mut streams = self.lock();
        let idle = commands.is_empty();
        if idle {
            streams.remove(key);
        }
        idle
    }

    /// Sends a command to the stream's task, which is started when there is none.
    async fn ask<T>(
        self: &Arc<Self>,
        key: &StreamKey,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> T {
        let (reply, answer) = oneshot::channel();
        let start = || {
            let (sender, commands) = mpsc::unbounded_channel();
            let task = stream::run(Arc::clone(self), key.clone(), sender.clone(), commands);
            self.tasks.spawn(task);
            sender
        };
        let _ = self
            .lock()
            .entry(key.clone())
            .or_insert_with(start)
            .send(command(reply));
        answer
            .await
            .expect("a stream's task answers each command before it leaves the registry")
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StreamKey, mpsc::UnboundedSender<Command>>> {
        // Nothing is left half done under this lock, so a panic elsewhere does not spoil it.
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a stream's task is asked for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Somebody wants to publish.
    Publish {
        recording: Recording,
        reply: oneshot::Sender<Result<Publication, NameTaken>>,
    },
    /// Somebody wants to watch.
    Watch {
        policy: JoinPolicy,
        reply: oneshot::Sender<Subscription>,
    },
    /// Somebody wants to watch once the tracks are known. Not answered without a publisher.
    WatchSettled {
        reply: oneshot::Sender<Subscription>,
    },
    /// A subscription was dropped.
    Left,
    /// Somebody wants to know; `None` without a publisher.
    Summarise {
        reply: oneshot::Sender<Option<stream::Summary>>,
    },
}

/// The right to publish under a name, until dropped.
#[derive(Debug)]
pub(crate) struct Publication {
    tags: mpsc::Sender<Tag>,
}

impl Publication {
    pub(crate) fn new(tags: mpsc::Sender<Tag>) -> Self {
        Self { tags }
    }

    /// Passes a tag on to everyone; waits while the stream's task is behind.
    ///
    /// # Errors
    /// Another publisher has the name now, because this one was silent for too long.
    pub(crate) async fn send(&self, tag: Tag) -> Result<(), NameTaken> {
        self.tags.send(tag).await.map_err(|_| NameTaken)
    }
}

/// A viewer's end of a stream.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// What this viewer can use, and when.
    pub(crate) viewer: Viewer,
    /// Which tracks there were when the viewer came.
    pub(crate) header: FileHeader,
    start: Vec<Tag>,
    updates: broadcast::Receiver<Update>,
    commands: mpsc::UnboundedSender<Command>,
}

impl Subscription {
    pub(crate) fn new(
        viewer: Viewer,
        header: FileHeader,
        start: Vec<Tag>,
        updates: broadcast::Receiver<Update>,
        commands: mpsc::UnboundedSender<Command>,
    ) -> Self {
        Self {
            viewer,
            header,
            start,
            updates,
            commands,
        }
    }

    /// What the viewer needs first: metadata, configurations, the pictures since the key frame.
    pub(crate) fn take_start(&mut self) -> Vec<Tag> {
        std::mem::take(&mut self.start)
    }

    /// Waits for what comes next. Cancelling loses nothing.
    ///
    /// A viewer that is too slow misses some of it, and can use nothing before the next key frame.
    pub(crate) async fn next(&mut self) -> Update {
        loop {
            match self.updates.recv().await {
                Ok(Update::Began) => {
                    self.viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Zero);
                    return Update::Began;
                }
                Ok(update) => return update,
                Err(broadcast::error::RecvError::Lagged(_)) => self.viewer.wait_for_key(),
                // The task panicked, which is in the log; nothing more will come.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Left);
    }
}

/// The name has another publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameTaken;

/// The name of a live stream: `APP/NAME`, the same for every protocol.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StreamKey(Arc<str>);

impl StreamKey {
    /// Joins an application and a stream's path; empty segments do not count.
    pub(crate) fn new(app: &str, path: &str) -> Self {
        let segments = app.split('/').chain(path.split('/'));
        let segments: Vec<_> = segments.filter(|segment| !segment.is_empty()).collect();
        Self(segments.join("/").into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names come from the network and go into log lines.
        write!(f, "{}", self.0.escape_debug())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use weir_flv::{TagKind, Timestamp};

    use super::*;

    fn hub() -> Arc<Hub> {
        let recordings = Recordings::new("nowhere".into(), false);
        Hub::new(recordings, ChunkSize::default(), TaskTracker::new())
    }

    fn picture() -> Tag {
        Tag::new(
            TagKind::VIDEO,
            Timestamp::ZERO,
            Bytes::from_static(&[0x17, 1, 0, 0, 0, 9]),
        )
    }

    #[tokio::test]
    async fn a_second_publisher_is_refused_until_the_first_is_gone() {
        let (hub, key) = (hub(), StreamKey::new("live", "a"));
        let first = hub.publish(&key, Recording::No).await.unwrap();
        assert_eq!(
            hub.publish(&key, Recording::No).await.unwrap_err(),
            NameTaken
        );
        drop(first);
        hub.publish(&key, Recording::No).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_publisher_gives_way() {
        let (hub, key) = (hub(), StreamKey::new("live", "a"));
        let first = hub.publish(&key, Recording::No).await.unwrap();
        tokio::time::advance(std::time::Duration::from_secs(11)).await;
        hub.publish(&key, Recording::No).await.unwrap();
        assert_eq!(first.send(picture()).await, Err(NameTaken));
    }

    #[tokio::test]
    async fn a_viewer_may_come_before_the_publisher_and_stay_after() {
        let (hub, key) = (hub(), StreamKey::new("live", "a"));
        let mut viewer = hub.watch(&key, JoinPolicy::LastKey).await;
        assert!(hub.watch_settled(&key).await.is_none());
        let publication = hub.publish(&key, Recording::No).await.unwrap();
        publication.send(picture()).await.unwrap();
        drop(publication);
        assert!(matches!(viewer.next().await, Update::Began));
        assert!(matches!(viewer.next().await, Update::Tags(frames) if frames[0].tag == picture()));
        assert!(matches!(viewer.next().await, Update::Ended));
        hub.publish(&key, Recording::No).await.unwrap();
        assert!(matches!(viewer.next().await, Update::Began));
    }

    #[tokio::test]
    async fn a_viewer_that_missed_something_waits_for_a_key_frame() {
        let (hub, key) = (hub(), StreamKey::new("live", "a"));
        let mut viewer = hub.watch(&key, JoinPolicy::LastKey).await;
        let publication = hub.publish(&key, Recording::No).await.unwrap();
        assert!(matches!(viewer.next().await, Update::Began));
        let inter = Tag::new(
            TagKind::VIDEO,
            Timestamp::from_millis(40),
            Bytes::from_static(&[0x27, 1, 0, 0, 0, 9]),
        );
        assert!(viewer.viewer.forward(&picture()).is_some());
        assert!(viewer.viewer.forward(&inter).is_some());
        for _ in 0..100_000 {
            publication.send(inter.clone()).await.unwrap();
        }
        assert!(matches!(viewer.next().await, Update::Tags(_)));
        assert!(viewer.viewer.forward(&inter).is_none());
        assert!(viewer.viewer.forward(&picture()).is_some());
    }

    #[tokio::test]
    async fn a_stream_that_nobody_uses_has_no_task() {
        let (hub, key) = (hub(), StreamKey::new("live", "a"));
        let viewer = hub.watch(&key, JoinPolicy::LastKey).await;
        let publication = hub.publish(&key, Recording::No).await.unwrap();
        assert_eq!(hub.tasks.len(), 1);
        drop((viewer, publication));
        hub.tasks.close();
        hub.tasks.wait().await;
        assert!(hub.lock().is_empty());
    }
}
