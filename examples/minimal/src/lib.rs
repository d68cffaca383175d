//! What the smallest drivers of weir's sessions share.
//!
//! The programs beside this crate's manifest show what a session needs around it: `rtmp_server`
//! and `rtmp_client` on blocking sockets with threads, the same server on smol and on mio;
//! `rtsp_server` and `rtsp_client` are the same for RTSP.

mod driver;
mod flv_file;
mod from_rtp;
mod relay;
mod rtsp_login;
mod rtsp_relay;
mod streams;
mod to_rtp;
mod udp;

pub use driver::{Connection, Inbox, Next, Session, seed};
pub use flv_file::{feed, read_tags, write_tag};
pub use from_rtp::FlvTrack;
pub use relay::Client;
pub use rtsp_login::RtspLogin;
pub use rtsp_relay::{RtspClient, RtspMessage, RtspStreams};
pub use streams::{Listener, Played, Published, Streams, say};
pub use to_rtp::{RtpTrack, codecs, describe, framing};
pub use udp::{Datagram, UdpTrack, send_datagrams};
