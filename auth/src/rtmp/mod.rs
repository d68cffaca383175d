//! RTMP authentication: `connect` is rejected with a challenge, and repeated with the answer in `app`.
//!
//! ```text
//! 1 C: connect { app: "live", .. }
//!   S: _error { description: "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : " }, closes
//! 2 C: connect { app: "live?authmod=adobe&user=alice", .. }
//!   S: _error { description: "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=alice&salt=..." }
//! 3 C: connect { app: "live?authmod=adobe&user=alice&challenge=...&response=...&opaque=..." }
//!   S: _result, or _error { description: "... ?reason=authfailed" }
//! ```
//! Each step is a TCP connection of its own. The server remembers nothing between them: what it has to know
//! at step 3 is in the sealed nonce that the client brings back (`opaque`, `nonce`, `sessionid` or `challenge`).

pub(crate) mod adobe;
mod client;
mod cram;
mod llnw;
mod mechanism;
mod query;
mod red5;
mod reject;
mod scram;
mod server;

pub use adobe::response as adobe_response;
pub use client::{RtmpClient, RtmpClientError};
pub use llnw::response as llnw_response;
pub use mechanism::RtmpMechanism;
pub use query::{AppQuery, Params, Redacted};
pub use red5::{challenge as red5_challenge, response as red5_response};
pub use reject::{RejectDescription, RejectReason, challenge as challenge_description};
pub use server::{RtmpAccept, RtmpAnswer, RtmpConnect, RtmpReject};
