//! The names of commands and data messages: one table, open to unknown names.

use alloc::{borrow::Cow, string::String};
use core::fmt;

/// The name of a command or data message, such as `connect` or `onMetaData`.
///
/// Names that are not in the table are kept as they came.
///
/// ```
/// use weir_rtmp::Name;
///
/// assert_eq!(Name::from("publish"), Name::PUBLISH);
/// assert_eq!(Name::from("startTransmit").as_str(), "startTransmit");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Cow<'static, str>);

impl Name {
    /// The name as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a name from a constant, without an allocation.
    pub const fn from_static(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        match TABLE.iter().find(|known| **known == name) {
            Some(known) => Self::from_static(known),
            None => Self(Cow::Owned(name.into())),
        }
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

/// Makes the public constants, the plain strings that `match` wants, and the table of both.
macro_rules! names {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        impl Name {
            $($(#[doc = $doc])+ pub const $name: Self = Self::from_static($text);)+
        }

        /// The same names as plain strings, for patterns.
        #[expect(dead_code, reason = "not every name is matched on")]
        pub(crate) mod wire {
            $(pub(crate) const $name: &str = $text;)+
        }

        const TABLE: &[&str] = &[$($text),+];
    };
}

names! {
    /// Opens the connection to an application. RTMP 1.0, section 7.2.1.1.
    CONNECT = "connect";
    /// Asks for a message stream. RTMP 1.0, section 7.2.1.3.
    CREATE_STREAM = "createStream";
    /// Ends a message stream. RTMP 1.0, section 7.2.2.3.
    DELETE_STREAM = "deleteStream";
    /// Ends what a message stream carries, and keeps the stream.
    CLOSE_STREAM = "closeStream";
    /// Answers a call. RTMP 1.0, section 7.2.1.2.
    RESULT = "_result";
    /// Refuses a call. RTMP 1.0, section 7.2.1.2.
    ERROR = "_error";
    /// Reports a state, on a message stream or on the connection. RTMP 1.0, section 7.2.2.
    ON_STATUS = "onStatus";
    /// Ends the connection (server to client).
    CLOSE = "close";

    /// Starts to publish. RTMP 1.0, section 7.2.2.6.
    PUBLISH = "publish";
    /// Starts to play. RTMP 1.0, section 7.2.2.1.
    PLAY = "play";
    /// Switches what is played. RTMP 1.0, section 7.2.2.2.
    PLAY2 = "play2";
    /// Jumps to a time. RTMP 1.0, section 7.2.2.7.
    SEEK = "seek";
    /// Pauses or resumes. RTMP 1.0, section 7.2.2.8.
    PAUSE = "pause";
    /// Pauses or resumes without the player's buffer being filled (Flash Player 10.1).
    PAUSE_RAW = "pauseRaw";
    /// Turns audio on or off. RTMP 1.0, section 7.2.2.4.
    RECEIVE_AUDIO = "receiveAudio";
    /// Turns video on or off. RTMP 1.0, section 7.2.2.5.
    RECEIVE_VIDEO = "receiveVideo";

    /// Frees a stream name before it is published (FMLE).
    RELEASE_STREAM = "releaseStream";
    /// Announces that a name will be published (FMLE).
    FC_PUBLISH = "FCPublish";
    /// Announces that a name is no longer published (FMLE).
    FC_UNPUBLISH = "FCUnpublish";
    /// Asks an edge server for a live stream (librtmp sends it before `play`).
    FC_SUBSCRIBE = "FCSubscribe";
    /// Takes [`Self::FC_SUBSCRIBE`] back.
    FC_UNSUBSCRIBE = "FCUnsubscribe";
    /// Answers `FCPublish`.
    ON_FC_PUBLISH = "onFCPublish";
    /// Answers `FCUnpublish`.
    ON_FC_UNPUBLISH = "onFCUnpublish";
    /// Answers `FCSubscribe`.
    ON_FC_SUBSCRIBE = "onFCSubscribe";
    /// Answers `FCUnsubscribe`.
    ON_FC_UNSUBSCRIBE = "onFCUnsubscribe";

    /// Asks for the length of a recorded stream, in seconds (FFmpeg sends it before `play`).
    GET_STREAM_LENGTH = "getStreamLength";
    /// Asks the server to measure the bandwidth (FFmpeg and librtmp, after `onBWDone`).
    CHECK_BANDWIDTH = "_checkbw";
    /// Tells that the measurement of the bandwidth is over.
    ON_BANDWIDTH_DONE = "onBWDone";

    /// Stores the metadata of a stream; the real name and value follow. FLV 10.1, annex E.5.
    SET_DATA_FRAME = "@setDataFrame";
    /// Drops stored metadata; the real name follows.
    CLEAR_DATA_FRAME = "@clearDataFrame";
    /// Metadata of a stream. FLV 10.1, annex E.5.
    ON_META_DATA = "onMetaData";
    /// The state of a play, in line with the media: a data message.
    ON_PLAY_STATUS = "onPlayStatus";
    /// Tells whether a player may read samples: two booleans.
    RTMP_SAMPLE_ACCESS = "|RtmpSampleAccess";
}
