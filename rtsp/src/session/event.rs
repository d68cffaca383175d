//! What happened, as the application sees it.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use bytes::Bytes;

use crate::{
    Warning,
    header::{Range, RtpInfo, Transport},
    message::{Method, Request, Response},
    session::TrackId,
};

/// A request that waits for its answer. Unique within a session object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a presentation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// TEARDOWN.
    Teardown,
    /// No sign of life within the session timeout.
    Timeout,
}

/// What a client did to a server session.
///
/// Requests are answered in the order they came, whenever the application answers: an unanswered
/// one keeps later responses waiting, but not later requests. `reject` answers any of them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client asks for a description. Answer with `accept_describe`.
    DescribeRequested {
        /// What to answer.
        id: RequestId,
        /// The whole request.
        request: Box<Request>,
    },
    /// The client describes what it will send. Answer with `accept_announce`.
    AnnounceRequested {
        /// What to answer.
        id: RequestId,
        /// The whole request; its body is the description.
        request: Box<Request>,
    },
    /// The client sets up a track. Answer with `accept_setup`.
    SetupRequested {
        /// What to answer.
        id: RequestId,
        /// The whole request; its URI names the track.
        request: Box<Request>,
        /// The first transport of the client's list that the configuration allows.
        transport: Box<Transport>,
    },
    /// The client wants media. Answer with `accept_play`, then send.
    PlayRequested {
        /// What to answer.
        id: RequestId,
        /// The whole request.
        request: Box<Request>,
        /// The part it wants, if it says so.
        range: Option<Box<Range>>,
    },
    /// The client will send media. Answer with `accept_record`.
    RecordRequested {
        /// What to answer.
        id: RequestId,
        /// The whole request.
        request: Box<Request>,
    },
    /// The client wants media to stop for a while. Answer with `accept_pause`.
    PauseRequested {
        /// What to answer.
        id: RequestId,
        /// The whole request.
        request: Box<Request>,
    },
    /// The client asks for parameters, or sets them. Answer with `accept_parameters`. Empty
    /// requests, which only keep the session alive, are answered by the session.
    ParametersRequested {
        /// What to answer.
        id: RequestId,
        /// The whole request: GET_PARAMETER or SET_PARAMETER.
        request: Box<Request>,
    },
    /// The client answered a request of this side.
    Answered {
        /// The request, as `send_request` returned it.
        id: RequestId,
        /// The answer.
        response: Box<Response>,
    },
    /// An RTP packet came, unchecked and unordered.
    Rtp {
        /// Its track.
        track: TrackId,
        /// The packet.
        packet: Bytes,
    },
    /// An RTCP compound packet came. The session has used it already.
    Rtcp {
        /// Its track.
        track: TrackId,
        /// The packet.
        packet: Bytes,
    },
    /// The client said BYE for every track it records. TEARDOWN usually follows.
    EndOfStream,
    /// The presentation ended; its tracks are gone. A new one may follow on the connection.
    Ended {
        /// Why.
        reason: EndReason,
    },
    /// A tolerance was taken.
    Warning(Warning),
    /// The connection is over. No event follows.
    Closed,
}

/// What a server did to a client session.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// OPTIONS was answered.
    Options {
        /// The request.
        id: RequestId,
        /// The methods the server names.
        public: Vec<Method>,
    },
    /// DESCRIBE was answered. Go on with `setup`.
    Described {
        /// The request.
        id: RequestId,
        /// The description, for [`Description::parse`](crate::sdp::Description::parse).
        sdp: Bytes,
        /// What control URLs are relative to.
        base: String,
    },
    /// ANNOUNCE was answered. Go on with `setup`.
    Announced {
        /// The request.
        id: RequestId,
    },
    /// SETUP was answered: the track has its transport.
    SetUp {
        /// The request.
        id: RequestId,
        /// The track.
        track: TrackId,
        /// What the server chose.
        transport: Box<Transport>,
    },
    /// PLAY was answered. Media may have come before.
    Playing {
        /// The request.
        id: RequestId,
        /// The part the server plays.
        range: Option<Box<Range>>,
        /// Where its packets begin; often wrong, so a hint only.
        rtp_info: Option<Box<RtpInfo>>,
    },
    /// RECORD was answered. Send now.
    Recording {
        /// The request.
        id: RequestId,
    },
    /// PAUSE was answered.
    Paused {
        /// The request.
        id: RequestId,
    },
    /// TEARDOWN was answered: the tracks are gone.
    TornDown {
        /// The request.
        id: RequestId,
    },
    /// GET_PARAMETER, SET_PARAMETER or a request of your own was answered.
    Answered {
        /// The request.
        id: RequestId,
        /// The answer.
        response: Box<Response>,
    },
    /// The server wants credentials. Answer with `authorize`, or leave it: then nothing is sent.
    /// Comes again for every later request, because a Digest answers one method and one URI.
    AuthorizationWanted {
        /// The request that waits for it.
        id: RequestId,
        /// Its method, as the digest needs it.
        method: Method,
        /// Its URI, as the digest needs it.
        uri: String,
        /// Every challenge of the 401, or empty where an earlier one holds on.
        challenges: Vec<String>,
    },
    /// The presentation is elsewhere: connect there and start anew, with the same credentials.
    Redirected {
        /// Where, as the server wrote it.
        location: String,
    },
    /// A request was refused.
    Refused {
        /// The request.
        id: RequestId,
        /// Its method.
        method: Method,
        /// The answer.
        response: Box<Response>,
    },
    /// A request was not answered in time.
    Unanswered {
        /// The request.
        id: RequestId,
        /// Its method.
        method: Method,
    },
    /// Datagrams were asked for and none came. With
    /// [`TransportPolicy::UdpThenTcp`](crate::TransportPolicy::UdpThenTcp) the session has begun
    /// to set its tracks up again on the connection.
    Silent,
    /// A request of the server that the session does not answer by itself. Answer with `respond`.
    RequestReceived {
        /// What to answer.
        id: RequestId,
        /// The request.
        request: Box<Request>,
    },
    /// An RTP packet came, unchecked and unordered.
    Rtp {
        /// Its track.
        track: TrackId,
        /// The packet.
        packet: Bytes,
    },
    /// An RTCP compound packet came. The session has used it already.
    Rtcp {
        /// Its track.
        track: TrackId,
        /// The packet.
        packet: Bytes,
    },
    /// The server said BYE for every track, or PLAY_NOTIFY: the stream is over.
    EndOfStream,
    /// A tolerance was taken.
    Warning(Warning),
    /// The connection is over. No event follows.
    Closed,
}
