//! Targets of weir-rtsp.

mod depacketize;
mod header;
mod message;
mod packet;
mod receiver;
mod sdp;
mod session;

pub use depacketize::rtsp_depacketize;
pub use header::rtsp_header;
pub use message::rtsp_message;
pub use packet::rtsp_rtp_rtcp;
pub use receiver::rtsp_receiver;
pub use sdp::rtsp_sdp;
pub use session::rtsp_session;

/// The first byte and the rest.
fn selector(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(first, rest)| (*first, rest))
}
