//! What the smallest drivers of weir's sessions share.
//!
//! The programs beside this crate's manifest show what a session needs around it: `rtmp_server`
//! and `rtmp_client` on blocking sockets with threads, the same server on smol and on mio.

mod driver;
mod relay;
mod streams;

pub use driver::{Connection, Inbox, Next, Session, seed};
pub use relay::Client;
pub use streams::{Listener, Played, Published, Streams, say};
