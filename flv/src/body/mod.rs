//! Bodies of audio and video tags: legacy headers, enhanced headers, and one view over both.
//!
//! [`packets`] walks a body of any form. Legacy, enhanced and multitrack bodies yield the same
//! [`Packet`]; [`encode`] is its inverse. Nothing is copied.
//!
//! | what | where it is defined |
//! | --- | --- |
//! | sound formats, AAC packet types | FLV 10.1, section E.4.2 |
//! | video codecs, AVC packet types, command frames | FLV 10.1, section E.4.3 |
//! | enhanced headers, ModEx, Multitrack, Metadata, MultichannelConfig | E-RTMP v2 |
//! | codec ids 8, 9, 12 to 15 and sound format 13 | private, as FFmpeg, ireader and SRS use them |

mod audio;
mod codec_id;
mod encode;
mod enhanced;
mod mod_ex;
mod multichannel;
mod packet;
mod packets;
mod video;

pub use audio::SoundHeader;
pub use codec_id::{Codec, SoundFormat, VideoCodecId};
pub use encode::{BodyHead, encode};
pub use mod_ex::{ModEx, ModExList, ModExType};
pub use multichannel::{ChannelOrder, MultichannelConfig};
pub use packet::{
    Class, FrameType, MediaKind, MultitrackType, Packet, PacketType, TrackId, VideoCommand,
    classify,
};
pub use packets::{Packets, packets};
