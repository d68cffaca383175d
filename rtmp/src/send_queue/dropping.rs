//! Which messages a player that is too slow does not get.

use smallvec::SmallVec;

use super::outgoing::{Kind, Outgoing};
use super::{Class, Dropped, SendQueue, Totals};
use crate::chunk::{ChunkStreamId, MessageStreamId};

impl SendQueue {
    /// Drops the waiting frames that no other frame needs.
    pub fn drop_disposable(&mut self) -> Dropped {
        self.drop_waiting(|message, _| message.kind == Kind::Message(Class::Disposable))
    }

    /// Drops all waiting audio and video before the newest waiting keyframe of each message
    /// stream. A message stream without one loses its waiting video, and gets none before its
    /// next keyframe; its audio goes on.
    pub fn drop_to_keyframe(&mut self) -> Dropped {
        let mut seen: SmallVec<[MessageStreamId; 2]> = SmallVec::new();
        let mut last: SmallVec<[(MessageStreamId, usize); 2]> = SmallVec::new();
        let waiting = self.places.iter().enumerate().take(self.end);
        for (index, message) in waiting.skip(self.waiting_from).rev() {
            let stream = message.stream;
            match message.kind.class() {
                Class::Keyframe if !last.iter().any(|(known, _)| *known == stream) => {
                    last.push((stream, index));
                }
                Class::Interframe | Class::Disposable if !seen.contains(&stream) => {
                    seen.push(stream);
                }
                _ => {}
            }
        }
        for stream in seen {
            let has_keyframe = last.iter().any(|(known, _)| *known == stream);
            if !has_keyframe && !self.gated.contains(&stream) {
                self.gated.push(stream);
            }
        }
        self.drop_waiting(|message, index| {
            let keyframe = last.iter().find(|(stream, _)| *stream == message.stream);
            match (message.kind.class(), keyframe) {
                (Class::Essential, _) | (Class::Audio, None) => false,
                (_, Some((_, keyframe))) => index < *keyframe,
                (_, None) => true,
            }
        })
    }

    /// Whether a message needs a keyframe that was dropped; a keyframe opens the gate again.
    pub(super) fn is_gated(&mut self, kind: Kind, stream: MessageStreamId) -> bool {
        match kind.class() {
            Class::Keyframe => {
                self.gated.retain(|gated| *gated != stream);
                false
            }
            Class::Interframe | Class::Disposable => self.gated.contains(&stream),
            Class::Essential | Class::Audio => false,
        }
    }

    fn drop_waiting(&mut self, unwanted: impl Fn(&Outgoing, usize) -> bool) -> Dropped {
        let before = self.dropped;
        let mut chunk_streams: SmallVec<[ChunkStreamId; 4]> = SmallVec::new();
        let waiting = self.waiting_from..self.end;
        let mut next_index = 0;
        self.places.retain(|message| {
            let index = next_index;
            next_index += 1;
            if !waiting.contains(&index) || !unwanted(message, index) {
                return true;
            }
            self.dropped.add(message.shape);
            let chunk_stream = message.chunk_stream();
            if !chunk_streams.contains(&chunk_stream) {
                chunk_streams.push(chunk_stream);
            }
            false
        });
        let dropped = Dropped {
            messages: self.dropped.messages - before.messages,
            bytes: self.dropped.bytes - before.bytes,
        };
        self.end -= dropped.messages;
        self.begin_again(&chunk_streams);
        dropped
    }

    /// Gives the waiting messages of chunk streams that lost some the headers they need now.
    fn begin_again(&mut self, chunk_streams: &[ChunkStreamId]) {
        for chunk_stream in chunk_streams {
            self.writer.forget(*chunk_stream);
        }
        self.totals = Totals::default();
        let waiting = self.places.get_mut(self.waiting_from..self.end);
        for message in waiting.unwrap_or_default() {
            if chunk_streams.contains(&message.chunk_stream()) {
                message.begin(&mut self.writer);
            }
            self.totals.add(message);
        }
    }
}
