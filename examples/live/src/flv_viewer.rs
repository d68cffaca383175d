//! One HTTP viewer: a stream as the bytes of an FLV file without end.

use std::{collections::VecDeque, convert::Infallible};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream::{self, Stream};
use weir_flv::{
    Tag,
    file::{Muxer, Profile},
};

use crate::{hub::Subscription, metrics::Entered, stream::Update};

/// The bytes for one viewer.
pub(crate) struct FlvViewer {
    subscription: Subscription,
    /// Leaves out what makes players in browsers stop.
    muxer: Muxer,
    ready: VecDeque<Bytes>,
    /// What is too small to be sent alone: heads and tails of tags.
    small: BytesMut,
    _counted: Entered,
}

impl FlvViewer {
    /// Begins with the header of the file and what a viewer needs first.
    pub(crate) fn new(mut subscription: Subscription, counted: Entered) -> Self {
        let start = subscription.take_start();
        let muxer = Muxer::new(Profile::Browser);
        let header = muxer.header(subscription.header, &start).encode();
        let mut viewer = Self {
            subscription,
            muxer,
            ready: VecDeque::new(),
            small: BytesMut::from(&header[..]),
            _counted: counted,
        };
        for tag in &start {
            viewer.push(tag);
        }
        viewer.flush();
        viewer
    }

    /// The bytes as they come, until the publisher is gone.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut viewer| async move {
            let bytes = viewer.next().await?;
            Some((Ok(bytes), viewer))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(bytes);
            }
            match self.subscription.next().await {
                Update::Tags(frames) => {
                    for frame in frames.iter() {
                        if let Some(tag) = self.subscription.viewer.forward(&frame.tag) {
                            self.push(&tag);
                        }
                    }
                    self.flush();
                }
                // The next publisher may have other tracks, which needs another header.
                Update::Began | Update::Ended => return None,
            }
        }
    }

    /// Frames a tag; its body is shared unless it is small.
    fn push(&mut self, tag: &Tag) {
        // A tag that was a message is not too long for a file.
        let Ok(tags) = self.muxer.mux(tag) else {
            return;
        };
        for framed in tags {
            self.small.put_slice(framed.head());
            if framed.body().len() < SHARE_FROM {
                self.small.put_slice(framed.body());
            } else {
                self.flush();
                self.ready.push_back(framed.body().clone());
            }
            self.small.put_slice(&framed.tail());
        }
    }

    fn flush(&mut self) {
        if !self.small.is_empty() {
            self.ready.push_back(self.small.split().freeze());
        }
    }
}

/// Copying this much costs less than a slice of its own.
const SHARE_FROM: usize = 1024;
