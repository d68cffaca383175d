//! What every live server needs: the pictures since the last key frame, and viewers that join.
//!
//! Both work on [`Tag`](crate::Tag)s, so the same cache serves RTMP messages and HTTP-FLV.
//!
//! ```
//! use bytes::Bytes;
//! use weir_flv::live::{GopCache, GopLimits, JoinPolicy, TimeBase, Viewer};
//! use weir_flv::{Tag, TagKind, Timestamp};
//!
//! let video = |millis, bytes: &'static [u8]| {
//!     Tag::new(TagKind::VIDEO, Timestamp::from_millis(millis), Bytes::from_static(bytes))
//! };
//! let mut cache = GopCache::new(GopLimits::default());
//! cache.push(&video(5_000, b"\x17\0\0\0\0avcC"));
//! cache.push(&video(5_000, b"\x17\x01\0\0\0key"));
//! cache.push(&video(5_040, b"\x27\x01\0\0\0inter"));
//!
//! // A viewer gets the configuration and the group of pictures, from time 0 on its own clock.
//! let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Zero);
//! let first: Vec<u32> =
//!     viewer.start(&cache).iter().map(|tag| tag.timestamp.as_millis()).collect();
//! assert_eq!(first, [0, 0, 40]);
//! // Then every tag of the publisher, as far as the viewer can use it.
//! let next = viewer.forward(&video(5_080, b"\x27\x01\0\0\0inter")).expect("decodable");
//! assert_eq!(next.timestamp.as_millis(), 80);
//! ```

mod gop_cache;
mod join;

pub use gop_cache::{GopCache, GopLimits, Pushed};
pub use join::{JoinPolicy, TimeBase, Viewer};
