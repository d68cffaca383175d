//! One RTMP player: what it has to begin with, what comes next, and what it misses when it is slow.

use std::time::{Duration, Instant};

use weir_rtmp::{
    MediaPacket, ServerSession,
    chunk::{MessageStreamId, Timestamp},
};

use crate::{hub::Subscription, metrics::Entered, stream::Update};

/// A stream on its way to a message stream of a session.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) stream: MessageStreamId,
    subscription: Subscription,
    paused: bool,
    _counted: Entered,
}

impl Player {
    pub(crate) fn new(
        stream: MessageStreamId,
        subscription: Subscription,
        counted: Entered,
    ) -> Self {
        Self {
            stream,
            subscription,
            paused: false,
            _counted: counted,
        }
    }

    /// Sends what a player begins with: metadata, configurations, the pictures since the key frame.
    pub(crate) fn begin(&mut self, session: &mut ServerSession) {
        let now = Instant::now();
        for tag in self.subscription.take_start() {
            let packet = MediaPacket::from(tag);
            // An error means that the client closed the message stream: its event is on the way.
            let _ = session.send_media(self.stream, &packet, packet.class(), now);
        }
    }

    /// Waits for what comes next. Cancelling loses nothing.
    pub(crate) async fn next(&mut self) -> Update {
        self.subscription.next().await
    }

    /// Sends what came next; gives the number of messages that a slow player misses for it.
    pub(crate) fn forward(&mut self, session: &mut ServerSession, update: Update) -> usize {
        let now = Instant::now();
        match update {
            Update::Began => {
                let _ = session.notify_published(self.stream, now);
            }
            Update::Ended => {
                let _ = session.notify_unpublished(self.stream, now);
            }
            Update::Tags(_) if self.paused => {}
            Update::Tags(frames) => {
                for frame in frames.iter() {
                    if let Some(tag) = self.subscription.viewer.forward(&frame.tag) {
                        let time = Timestamp::from_millis(tag.timestamp.as_millis());
                        let (message, class) = (&frame.message, frame.class);
                        let _ = session.send_prepared(self.stream, message, class, time, now);
                    }
                }
            }
        }
        let backlog = session.output().backlog(now);
        let is_behind = backlog.oldest > MAX_AGE || backlog.bytes > MAX_BACKLOG;
        match is_behind && backlog.droppable.messages > 0 {
            true => session.output().drop_to_keyframe().messages,
            false => 0,
        }
    }

    /// Stops and goes on; what comes in between is not kept.
    pub(crate) fn pause(&mut self, pause: bool) {
        self.paused = pause;
        if !pause {
            self.subscription.viewer.wait_for_key();
        }
    }
}

/// How long a message may wait for a slow player before frames are dropped.
const MAX_AGE: Duration = Duration::from_secs(5);
/// How much may wait for a slow player, in bytes: the frames themselves are shared.
const MAX_BACKLOG: usize = 32 << 20;
