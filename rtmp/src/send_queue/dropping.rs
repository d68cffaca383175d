//! Which messages a player that is too slow does not get.

use smallvec::SmallVec;

use super::outgoing::Waiting;
use super::{Class, Dropped, SendQueue};
use crate::chunk::{ChunkStreamId, MessageStreamId};

impl SendQueue {
    /// Drops the waiting frames that no other frame needs.
    pub fn drop_disposable(&mut self) -> Dropped {
        self.drop_waiting(|message, _| message.class == Class::Disposable)
    }

    /// Drops all waiting audio and video before the newest waiting keyframe of each message
    /// stream. A message stream without one loses its waiting video, and gets none before its
    /// next keyframe; its audio goes on.
    pub fn drop_to_keyframe(&mut self) -> Dropped {
        let mut seen: SmallVec<[MessageStreamId; 2]> = SmallVec::new();
        let mut last: SmallVec<[(MessageStreamId, usize); 2]> = SmallVec::new();
        for (index, message) in self.messages.iter().enumerate().rev() {
            let Some(message) = message.waiting() else {
                break;
            };
            let stream = message.header.stream;
            match message.class {
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
            let keyframe = last
                .iter()
                .find(|(stream, _)| *stream == message.header.stream);
            match (message.class, keyframe) {
                (Class::Essential, _) | (Class::Audio, None) => false,
                (_, Some((_, keyframe))) => index < *keyframe,
                (_, None) => true,
            }
        })
    }

    /// Whether a message needs a keyframe that was dropped; a keyframe opens the gate again.
    pub(super) fn is_gated(&mut self, message: &Waiting) -> bool {
        let stream = message.header.stream;
        match message.class {
            Class::Keyframe => {
                self.gated.retain(|gated| *gated != stream);
                false
            }
            Class::Interframe | Class::Disposable => self.gated.contains(&stream),
            Class::Essential | Class::Audio => false,
        }
    }

    fn drop_waiting(&mut self, unwanted: impl Fn(&Waiting, usize) -> bool) -> Dropped {
        let before = self.dropped;
        let mut chunk_streams: SmallVec<[ChunkStreamId; 4]> = SmallVec::new();
        let mut next_index = 0;
        self.messages.retain(|message| {
            let index = next_index;
            next_index += 1;
            let Some(message) = message.waiting().filter(|message| unwanted(message, index)) else {
                return true;
            };
            self.totals.remove(message);
            self.dropped.add(&message.header);
            if !chunk_streams.contains(&message.header.chunk_stream) {
                chunk_streams.push(message.header.chunk_stream);
            }
            false
        });
        for chunk_stream in chunk_streams {
            self.writer.forget(chunk_stream);
        }
        Dropped {
            messages: self.dropped.messages - before.messages,
            bytes: self.dropped.bytes - before.bytes,
        }
    }
}
