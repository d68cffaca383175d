//! One stream: a task that takes tags from the publisher and hands them to everyone else.
//!
//! Viewers share one ring of updates. Tags are handed on in batches of what came in within one
//! flush interval, which grows with the number of viewers: a system call for each frame and viewer
//! is what a live server spends its time on, and a few milliseconds of waiting save most of them.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{broadcast, mpsc, oneshot},
    time::{Instant, sleep_until},
};
use weir_flv::{
    Tag, TagKind,
    live::{GopCache, GopLimits, JoinPolicy, Pushed, TimeBase, Viewer},
};
use weir_rtmp::{
    Class, MediaPacket,
    chunk::{ChunkSize, MessageStreamId, PreparedMessage},
};

use crate::{
    hub::{Command, Hub, NameTaken, Publication, StreamKey, Subscription},
    record::{Recorded, Recording},
};

/// A tag on its way to the viewers, who share all of it.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) tag: Tag,
    /// What may happen to it when a viewer is behind.
    pub(crate) class: Class,
    /// The same for RTMP, cut into chunks.
    pub(crate) message: PreparedMessage,
}

impl Frame {
    /// Prepares a tag; `None` if it is too long for a message, which no tag from a message is.
    fn new(tag: Tag, chunk_size: ChunkSize) -> Option<Self> {
        let packet = MediaPacket::from(tag.clone());
        let class = packet.class();
        let message =
            PreparedMessage::new(packet.to_message(MessageStreamId::default()), chunk_size).ok()?;
        Some(Self {
            tag,
            class,
            message,
        })
    }
}

/// What happens next on a stream.
#[derive(Debug, Clone)]
pub(crate) enum Update {
    /// A publisher came.
    Began,
    /// Tags, in order.
    Tags(Arc<[Frame]>),
    /// The publisher is gone.
    Ended,
}

/// A stream in a few figures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Summary {
    pub(crate) viewers: usize,
}

/// Runs a stream until nobody publishes or watches it.
pub(crate) async fn run(
    hub: Arc<Hub>,
    key: StreamKey,
    sender: mpsc::UnboundedSender<Command>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let mut stream = Stream {
        hub,
        key,
        commands: sender,
        publisher: None,
        last_tag: Instant::now(),
        recorder: None,
        cache: GopCache::new(GopLimits::default()),
        pending: Vec::new(),
        flush_at: None,
        unsettled: Vec::new(),
        updates: broadcast::Sender::new(UPDATES),
    };
    let mut received = Vec::new();
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => stream.obey(command).await,
                None => unreachable!("the stream keeps a sender of its own commands"),
            },
            count = receive(&mut stream.publisher, &mut received) => match count {
                0 => stream.end().await,
                _ => stream.take(&mut received).await,
            },
            () = sleep_until(stream.flush_at.unwrap_or_else(Instant::now)),
                if stream.flush_at.is_some() => stream.flush(),
        }
        if stream.is_unused() && stream.hub.leave(&stream.key, &commands) {
            break;
        }
    }
}

struct Stream {
    hub: Arc<Hub>,
    key: StreamKey,
    /// Given to subscriptions, so that they can say they left.
    commands: mpsc::UnboundedSender<Command>,
    publisher: Option<mpsc::Receiver<Tag>>,
    /// When the publisher came or sent something.
    last_tag: Instant,
    recorder: Option<Recorded>,
    cache: GopCache,
    /// Taken from the publisher and not yet handed on.
    pending: Vec<Frame>,
    /// `Some` exactly while `pending` waits for more.
    flush_at: Option<Instant>,
    /// Viewers who wait until the tracks are known; empty without a publisher.
    unsettled: Vec<oneshot::Sender<Subscription>>,
    updates: broadcast::Sender<Update>,
}

impl Stream {
    fn is_unused(&self) -> bool {
        self.publisher.is_none() && self.updates.receiver_count() == 0
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Publish { recording, reply } => self.publish(recording, reply).await,
            Command::Watch { policy, reply } => self.watch(policy, [reply]),
            Command::WatchSettled { reply } => {
                if self.publisher.is_some() {
                    self.unsettled.push(reply);
                    self.settle();
                }
            }
            Command::Left => {}
            Command::Summarise { reply } => {
                let viewers = self.updates.receiver_count();
                let _ = reply.send(self.publisher.is_some().then_some(Summary { viewers }));
            }
        }
    }

    async fn publish(
        &mut self,
        recording: Recording,
        reply: oneshot::Sender<Result<Publication, NameTaken>>,
    ) {
        match &mut self.publisher {
            // A publisher that says nothing for so long gives way to one that wants to begin.
            Some(tags) if !tags.is_closed() && self.last_tag.elapsed() < SILENCE => {
                let _ = reply.send(Err(NameTaken));
                return;
            }
            Some(tags) => {
                tags.close();
                self.drain().await;
            }
            None => {}
        }
        let (sender, tags) = mpsc::channel(PUBLISHED);
        if reply.send(Ok(Publication::new(sender))).is_err() {
            return;
        }
        self.recorder = self.hub.recordings().start(&self.key, recording);
        self.publisher = Some(tags);
        self.last_tag = Instant::now();
        let _ = self.updates.send(Update::Began);
    }

    fn watch(
        &mut self,
        policy: JoinPolicy,
        replies: impl IntoIterator<Item = oneshot::Sender<Subscription>>,
    ) {
        // What is pending is in the cache already, so it must not come a second time.
        self.flush();
        for reply in replies {
            let mut viewer = Viewer::new(policy, TimeBase::Zero);
            let start = viewer.start(&self.cache);
            let header = self.cache.header();
            let updates = self.updates.subscribe();
            let commands = self.commands.clone();
            let _ = reply.send(Subscription::new(viewer, header, start, updates, commands));
        }
    }

    /// Lets in the viewers who wait until the tracks are known, if they are.
    fn settle(&mut self) {
        if !self.unsettled.is_empty() && self.cache.is_settled() {
            let waiting = std::mem::take(&mut self.unsettled);
            self.watch(
                JoinPolicy::LastKey,
                waiting.into_iter().filter(|reply| !reply.is_closed()),
            );
        }
    }

    async fn take(&mut self, tags: &mut Vec<Tag>) {
        self.last_tag = Instant::now();
        for tag in tags.drain(..) {
            // `@clearDataFrame`: who joins from here on gets no metadata.
            if tag.kind == TagKind::SCRIPT && tag.body.is_empty() {
                self.cache.set_metadata(None);
                continue;
            }
            if let Some(recorder) = &self.recorder {
                recorder.send(tag.clone()).await;
            }
            if matches!(self.cache.push(&tag), Pushed::New(_)) {
                self.pending.extend(Frame::new(tag, self.hub.chunk_size()));
            }
        }
        match flush_interval(self.updates.receiver_count()) {
            Duration::ZERO => self.flush(),
            interval => {
                let flush_at = Instant::now() + interval;
                self.flush_at.get_or_insert(flush_at);
            }
        }
        self.settle();
    }

    fn flush(&mut self) {
        self.flush_at = None;
        if !self.pending.is_empty() {
            let frames = self.pending.drain(..).collect();
            // An error means that there is no viewer.
            let _ = self.updates.send(Update::Tags(frames));
        }
    }

    /// Takes what a vanished publisher left behind, and ends its publication.
    async fn drain(&mut self) {
        let mut left = Vec::new();
        while receive(&mut self.publisher, &mut left).await > 0 {
            self.take(&mut left).await;
        }
        self.end().await;
    }

    async fn end(&mut self) {
        self.flush();
        self.publisher = None;
        self.cache.clear();
        self.unsettled.clear();
        // The next publication may write the same file, so this one has to be closed first.
        if let Some(recorder) = self.recorder.take() {
            recorder.finish().await;
        }
        let _ = self.updates.send(Update::Ended);
    }
}

/// Takes what the publisher has sent; 0 when it is gone, never without a publisher.
async fn receive(publisher: &mut Option<mpsc::Receiver<Tag>>, tags: &mut Vec<Tag>) -> usize {
    match publisher {
        Some(publisher) => publisher.recv_many(tags, PUBLISHED).await,
        None => std::future::pending().await,
    }
}

/// How long tags wait for company: not at all for few viewers, 50 ms for 500 and more.
fn flush_interval(viewers: usize) -> Duration {
    let viewers = u32::try_from(viewers).unwrap_or(u32::MAX);
    let above = viewers.clamp(AT_ONCE, BATCHED) - AT_ONCE;
    MAX_FLUSH_INTERVAL * above / (BATCHED - AT_ONCE)
}

/// Up to this many viewers get each frame at once.
const AT_ONCE: u32 = 50;
/// From this many viewers on, the interval grows no further.
const BATCHED: u32 = 500;
/// nginx-rtmp sends each frame, SRS collects 350 ms; measured, 50 ms save most of the calls.
const MAX_FLUSH_INTERVAL: Duration = Duration::from_millis(50);
/// How long a publisher may say nothing and keep its name when another one wants it.
const SILENCE: Duration = Duration::from_secs(10);
/// Tags that may wait for the stream's task.
const PUBLISHED: usize = 64;
/// Updates a viewer may be behind before it misses some: 5 s at 100 tags each second.
const UPDATES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_viewers_get_each_frame_at_once() {
        assert_eq!(flush_interval(0), Duration::ZERO);
        assert_eq!(flush_interval(50), Duration::ZERO);
    }

    #[test]
    fn the_flush_interval_grows_to_50_ms() {
        assert_eq!(flush_interval(275), Duration::from_millis(25));
        assert_eq!(flush_interval(500), MAX_FLUSH_INTERVAL);
        assert_eq!(flush_interval(10_000), MAX_FLUSH_INTERVAL);
    }
}
