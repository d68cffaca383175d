//! One RTMP player: what it has to begin with, what comes next, and what it misses when it is slow.

use std::time::{Duration, Instant};

use futures_util::future::FutureExt;
use weir_flv::Tag;
use weir_rtmp::{
    MediaPacket, ServerSession,
    chunk::{MessageStreamId, Timestamp},
};

use crate::{
    hub::Subscription,
    metrics::Entered,
    playback::{Playback, Step},
    stream::{Frame, Update},
};

/// A stream on its way to a message stream of a session.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) stream: MessageStreamId,
    source: Source,
    _counted: Entered,
}

/// Where it comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Live {
        subscription: Box<Subscription>,
        paused: bool,
    },
    Recorded(Box<Playback>),
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    Live(Update),
    Recorded(Step),
}

impl Player {
    pub(crate) fn new(stream: MessageStreamId, source: Source, counted: Entered) -> Self {
        Self {
            stream,
            source,
            _counted: counted,
        }
    }

    /// Sends what a player of a live stream begins with: metadata, configurations, the pictures
    /// since the key frame.
    pub(crate) fn begin(&mut self, session: &mut ServerSession) {
        if let Source::Live { subscription, .. } = &mut self.source {
            for tag in subscription.take_start() {
                send(session, self.stream, tag);
            }
        }
    }

    /// Waits for what comes next, of a recording only while `has_room`. Cancelling loses nothing.
    pub(crate) async fn next(&mut self, has_room: bool) -> Next {
        match &mut self.source {
            Source::Live { subscription, .. } => Next::Live(subscription.next().await),
            Source::Recorded(playback) if has_room => Next::Recorded(playback.next().await),
            Source::Recorded(_) => std::future::pending().await,
        }
    }

    /// Sends what came next; gives the number of messages that a slow player misses for it.
    pub(crate) fn forward(&mut self, session: &mut ServerSession, next: Next) -> usize {
        let now = Instant::now();
        match next {
            Next::Live(Update::Began) => {
                let _ = session.notify_published(self.stream, now);
            }
            Next::Live(Update::Ended) => {
                let _ = session.notify_unpublished(self.stream, now);
            }
            Next::Live(Update::Tags(frames)) => return self.send_live(session, &frames, now),
            Next::Recorded(step) => self.send_recorded(session, step, now),
        }
        0
    }

    fn send_live(&mut self, session: &mut ServerSession, frames: &[Frame], now: Instant) -> usize {
        let Source::Live {
            subscription,
            paused: false,
        } = &mut self.source
        else {
            return 0;
        };
        for frame in frames {
            if let Some(tag) = subscription.viewer.forward(&frame.tag) {
                let time = Timestamp::from_millis(tag.timestamp.as_millis());
                let (message, class) = (&frame.message, frame.class);
                let _ = session.send_prepared(self.stream, message, class, time, now);
            }
        }
        let backlog = session.output().backlog(now);
        let is_behind = backlog.oldest > MAX_AGE || backlog.bytes > MAX_BACKLOG;
        match is_behind && backlog.droppable.messages > 0 {
            true => session.output().drop_to_keyframe().messages,
            false => 0,
        }
    }

    /// Sends this step of a recording and those that are due too, as long as there is room.
    fn send_recorded(&mut self, session: &mut ServerSession, mut step: Step, now: Instant) {
        let Source::Recorded(playback) = &mut self.source else {
            return;
        };
        loop {
            match step {
                Step::Tag(tag) => send(session, self.stream, tag),
                Step::Over(time) => {
                    let millis = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
                    let end = Timestamp::from_millis(millis);
                    let _ = session.finish_play(self.stream, time, end, now);
                }
            }
            if session.output().backlog(now).bytes >= ROOM {
                return;
            }
            match playback.next().now_or_never() {
                Some(next) => step = next,
                None => return,
            }
        }
    }

    /// Stops and goes on. What a live stream brings in between is not kept.
    pub(crate) fn pause(&mut self, pause: bool) {
        match &mut self.source {
            Source::Live {
                subscription,
                paused,
            } => {
                *paused = pause;
                if !pause {
                    subscription.viewer.wait_for_key();
                }
            }
            Source::Recorded(playback) => playback.pause(pause),
        }
    }

    /// Goes to another time, which live streams cannot.
    pub(crate) async fn seek(&mut self, position: Duration) -> bool {
        match &mut self.source {
            Source::Live { .. } => false,
            Source::Recorded(playback) => playback.seek(position).await,
        }
    }

    /// How much the player keeps to have in hand.
    pub(crate) fn set_buffer(&mut self, length: Duration) {
        if let Source::Recorded(playback) = &mut self.source {
            playback.set_buffer(length);
        }
    }
}

/// Sends a tag. An error means that the client closed the message stream: its event is on the way.
fn send(session: &mut ServerSession, stream: MessageStreamId, tag: Tag) {
    let packet = MediaPacket::from(tag);
    let _ = session.send_media(stream, &packet, packet.class(), Instant::now());
}

/// How much may wait for a client that can be told more later, in bytes: a recording goes on, and
/// shared objects merge what changed.
pub(crate) const ROOM: usize = 64 << 10;
/// How long a message may wait for a slow player before frames are dropped.
const MAX_AGE: Duration = Duration::from_secs(5);
/// How much may wait for a slow player, in bytes: the frames themselves are shared.
const MAX_BACKLOG: usize = 32 << 20;
