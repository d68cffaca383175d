//! Statuses: the information object of `onStatus`, `_result` and `_error`, and the table of codes.

use alloc::{borrow::Cow, string::String};
use core::fmt;

use weir_amf::{Document, NewValue, Value};

/// The information object of `onStatus`, `_result` and `_error`.
///
/// Level, code and description are there from the start; all else is added with [`Self::with`].
/// A status that a peer sent keeps everything that was in it.
///
/// ```
/// use weir_rtmp::{Level, Status, StatusCode};
///
/// let status = Status::new(StatusCode::PUBLISH_BAD_NAME)
///     .with_description("live/test is in use")
///     .with("clientid", 7);
/// assert_eq!(status.level(), Level::Error);
/// assert_eq!(status.info().get("clientid").as_f64(), Some(7.0));
/// ```
///
/// RTMP 1.0, section 7.2.2.
#[derive(Clone, Debug, PartialEq)]
pub struct Status(Document);

impl Status {
    /// Makes a status with the level and the description of its code.
    pub fn new(code: StatusCode) -> Self {
        Self(Document::object_of(code.properties(None)))
    }

    /// Takes over what a peer sent; a value that is no object gives a status without a code.
    pub fn from_value(value: Value<'_>) -> Self {
        Self(Document::new().with_value(value))
    }

    /// Replaces the description.
    #[must_use]
    pub fn with_description(self, description: &str) -> Self {
        self.with("description", description)
    }

    /// Replaces the level.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        self.with("level", level.as_str())
    }

    /// Sets a property.
    #[must_use]
    pub fn with<'a>(self, name: &str, value: impl Into<NewValue<'a>>) -> Self {
        Self(self.0.with(name, value))
    }

    /// The code; the empty one if there is none.
    pub fn code(&self) -> StatusCode {
        StatusCode::from(self.0.get("code").as_str().unwrap_or_default())
    }

    /// The level; if there is none that is known, the one of the code.
    pub fn level(&self) -> Level {
        let level = self.0.get("level").as_str().and_then(Level::from_name);
        level.unwrap_or_else(|| self.code().level())
    }

    /// The description; empty if there is none.
    pub fn description(&self) -> &str {
        self.0.get("description").as_str().unwrap_or_default()
    }

    /// The whole object.
    pub const fn info(&self) -> &Document {
        &self.0
    }
}

impl From<StatusCode> for Status {
    fn from(code: StatusCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.description())
    }
}

/// The code of a status, such as `NetStream.Publish.Start`.
///
/// Clients decide by the code alone. Codes that are not in the table are kept as they came.
///
/// ```
/// use weir_rtmp::{Level, StatusCode};
///
/// let code = StatusCode::from("NetStream.Publish.BadName");
/// assert_eq!(code, StatusCode::PUBLISH_BAD_NAME);
/// assert_eq!(code.level(), Level::Error);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusCode(Cow<'static, str>);

impl StatusCode {
    /// Makes a code from a constant, without an allocation.
    pub const fn from_static(code: &'static str) -> Self {
        Self(Cow::Borrowed(code))
    }

    /// The code as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The level a status of this code has; `Error` for codes that are not in the table and end
    /// in a word that says so, else `Status`.
    pub fn level(&self) -> Level {
        match self.row() {
            Some(row) => row.level,
            None if ["Failed", "Denied", "Rejected"]
                .iter()
                .any(|w| self.0.ends_with(w)) =>
            {
                Level::Error
            }
            None => Level::Status,
        }
    }

    /// The description that is sent when none is given; empty for codes not in the table.
    pub fn description(&self) -> &'static str {
        self.row().map_or("", |row| row.description)
    }

    /// The properties of a status of this code.
    pub(crate) fn properties<'a>(
        &'a self,
        description: Option<&'a str>,
    ) -> [(&'static str, NewValue<'a>); 3] {
        let row = self.row();
        let level = row.map_or_else(|| self.level(), |row| row.level);
        let own = row.map_or("", |row| row.description);
        [
            ("level", level.as_str().into()),
            ("code", self.as_str().into()),
            ("description", description.unwrap_or(own).into()),
        ]
    }

    fn row(&self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.code == self.as_str())
    }
}

impl From<&str> for StatusCode {
    fn from(code: &str) -> Self {
        match TABLE.iter().find(|row| row.code == code) {
            Some(row) => Self::from_static(row.code),
            None => Self(Cow::Owned(code.into())),
        }
    }
}

impl From<String> for StatusCode {
    fn from(code: String) -> Self {
        Self(Cow::Owned(code))
    }
}

impl fmt::Debug for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

/// How bad a status is. RTMP 1.0, section 7.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "closed by RTMP 1.0, section 7.2.2")]
pub enum Level {
    /// `status`: things go as they should.
    Status,
    /// `warning`: things go on, but not as they should.
    Warning,
    /// `error`: what was asked for does not happen.
    Error,
}

impl Level {
    /// The level as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level of that name, in any case of letters.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Status, Self::Warning, Self::Error]
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

struct Row {
    code: &'static str,
    level: Level,
    description: &'static str,
}

macro_rules! status_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $level:ident, $text:literal;)+) => {
        impl StatusCode {
            $($(#[doc = $doc])+ pub const $name: Self = Self::from_static($code);)+

            /// Every code of the table, in its order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }

        static TABLE: &[Row] = &[
            $(Row { code: $code, level: Level::$level, description: $text }),+
        ];
    };
}

// Names and levels: RTMP 1.0, section 7.2; the NetConnection, NetStream and SharedObject code
// tables of the ActionScript 3.0 reference; E-RTMP v2 for ReconnectRequest.
status_codes! {
    /// The connection is accepted.
    CONNECT_SUCCESS = "NetConnection.Connect.Success", Status, "Connection succeeded.";
    /// The connection is refused; the description says why.
    CONNECT_REJECTED = "NetConnection.Connect.Rejected", Error, "Connection rejected.";
    /// The connection could not be made.
    CONNECT_FAILED = "NetConnection.Connect.Failed", Error, "Connection failed.";
    /// The connection was closed.
    CONNECT_CLOSED = "NetConnection.Connect.Closed", Status, "Connection closed.";
    /// There is no such application.
    CONNECT_INVALID_APP = "NetConnection.Connect.InvalidApp", Error, "No such application.";
    /// The application is shutting down.
    CONNECT_APP_SHUTDOWN = "NetConnection.Connect.AppShutdown", Error, "Application shutdown.";
    /// The peer was silent for too long.
    CONNECT_IDLE_TIMEOUT = "NetConnection.Connect.IdleTimeOut", Error, "Connection was idle.";
    /// The client should connect again, perhaps elsewhere. E-RTMP v2, "Reconnect Request".
    CONNECT_RECONNECT_REQUEST = "NetConnection.Connect.ReconnectRequest", Status,
        "The server asks to reconnect.";
    /// The network of the client changed.
    CONNECT_NETWORK_CHANGE = "NetConnection.Connect.NetworkChange", Status, "Network changed.";

    /// The called method is not there, or failed.
    CALL_FAILED = "NetConnection.Call.Failed", Error, "Call failed.";
    /// The call was coded in an unknown version.
    CALL_BAD_VERSION = "NetConnection.Call.BadVersion", Error, "Bad version of the call.";
    /// The call is not allowed.
    CALL_PROHIBITED = "NetConnection.Call.Prohibited", Error, "Call prohibited.";
    /// The origin behind this server does not answer.
    PROXY_NOT_RESPONDING = "NetConnection.Proxy.NotResponding", Error, "Proxy not responding.";

    /// The stream is being published.
    PUBLISH_START = "NetStream.Publish.Start", Status, "Started publishing stream.";
    /// The name is published already, or is not valid.
    PUBLISH_BAD_NAME = "NetStream.Publish.BadName", Error, "Stream name is already in use.";
    /// The client may not publish.
    PUBLISH_DENIED = "NetStream.Publish.Denied", Error, "Publishing denied.";
    /// The server does not take the stream.
    PUBLISH_REJECTED = "NetStream.Publish.Rejected", Error, "Publishing rejected.";
    /// The publisher sends nothing.
    PUBLISH_IDLE = "NetStream.Publish.Idle", Status, "Publisher is idle.";
    /// The client is not who it says it is (seen in the field).
    PUBLISH_UNAUTHORIZED = "NetStream.Publish.Unauthorized", Error, "Not authorized to publish.";
    /// The stream is no longer published by this client.
    UNPUBLISH_SUCCESS = "NetStream.Unpublish.Success", Status, "Stopped publishing stream.";

    /// The stream is being played.
    PLAY_START = "NetStream.Play.Start", Status, "Started playing stream.";
    /// The playlist was cleared.
    PLAY_RESET = "NetStream.Play.Reset", Status, "Playing and resetting stream.";
    /// The stream is no longer played.
    PLAY_STOP = "NetStream.Play.Stop", Status, "Stopped playing stream.";
    /// Playing failed.
    PLAY_FAILED = "NetStream.Play.Failed", Error, "Playing failed.";
    /// There is no such stream.
    PLAY_STREAM_NOT_FOUND = "NetStream.Play.StreamNotFound", Error, "No such stream.";
    /// A publisher of the played name appeared.
    PLAY_PUBLISH_NOTIFY = "NetStream.Play.PublishNotify", Status, "Stream is now published.";
    /// The publisher of the played name went away.
    PLAY_UNPUBLISH_NOTIFY = "NetStream.Play.UnpublishNotify", Status,
        "Stream is no longer published.";
    /// The recorded stream was played to its end; goes into `onPlayStatus`.
    PLAY_COMPLETE = "NetStream.Play.Complete", Status, "Played to the end.";
    /// The playlist goes on to the next stream; goes into `onPlayStatus`.
    PLAY_SWITCH = "NetStream.Play.Switch", Status, "Switched to the next stream.";
    /// `play2` was accepted.
    PLAY_TRANSITION = "NetStream.Play.Transition", Status, "Transition started.";
    /// `play2` is done; goes into `onPlayStatus`.
    PLAY_TRANSITION_COMPLETE = "NetStream.Play.TransitionComplete", Status,
        "Transition completed.";
    /// The client is too slow for the stream.
    PLAY_INSUFFICIENT_BW = "NetStream.Play.InsufficientBW", Warning, "Insufficient bandwidth.";
    /// The recorded file is broken.
    PLAY_FILE_STRUCTURE_INVALID = "NetStream.Play.FileStructureInvalid", Error,
        "Invalid file structure.";
    /// The recorded file has no track that can be played.
    PLAY_NO_SUPPORTED_TRACK = "NetStream.Play.NoSupportedTrackFound", Error,
        "No supported track found.";

    /// The play is paused.
    PAUSE_NOTIFY = "NetStream.Pause.Notify", Status, "Paused.";
    /// The play goes on.
    UNPAUSE_NOTIFY = "NetStream.Unpause.Notify", Status, "Unpaused.";
    /// The play jumped.
    SEEK_NOTIFY = "NetStream.Seek.Notify", Status, "Seeking.";
    /// The stream cannot be searched.
    SEEK_FAILED = "NetStream.Seek.Failed", Error, "Seek failed.";
    /// The time is not in the stream.
    SEEK_INVALID_TIME = "NetStream.Seek.InvalidTime", Error, "Invalid seek time.";

    /// The stream is being recorded.
    RECORD_START = "NetStream.Record.Start", Status, "Recording started.";
    /// The stream is no longer recorded.
    RECORD_STOP = "NetStream.Record.Stop", Status, "Recording stopped.";
    /// The file may not be written.
    RECORD_NO_ACCESS = "NetStream.Record.NoAccess", Error, "No access to record.";
    /// Recording failed.
    RECORD_FAILED = "NetStream.Record.Failed", Error, "Recording failed.";

    /// Data of the stream follow.
    DATA_START = "NetStream.Data.Start", Status, "Started playing stream.";
    /// The buffer of the player is empty.
    BUFFER_EMPTY = "NetStream.Buffer.Empty", Status, "Buffer is empty.";
    /// The buffer of the player is full.
    BUFFER_FULL = "NetStream.Buffer.Full", Status, "Buffer is full.";
    /// The rest of the buffer is being played.
    BUFFER_FLUSH = "NetStream.Buffer.Flush", Status, "Buffer is flushed.";
    /// The recorded stream was deleted.
    CLEAR_SUCCESS = "NetStream.Clear.Success", Status, "Recording deleted.";
    /// The recorded stream could not be deleted.
    CLEAR_FAILED = "NetStream.Clear.Failed", Error, "Recording not deleted.";
    /// An unspecified failure of a stream.
    STREAM_FAILED = "NetStream.Failed", Error, "Failed.";
    /// An argument of a stream command makes no sense.
    STREAM_INVALID_ARG = "NetStream.InvalidArg", Error, "Invalid argument.";
    /// The key of the client is not valid (seen in the field).
    AUTHENTICATE_USHER_TOKEN = "NetStream.Authenticate.UsherToken", Error, "Invalid token.";

    /// The shared object may not be read.
    SHARED_OBJECT_NO_READ_ACCESS = "SharedObject.NoReadAccess", Error, "No read access.";
    /// The shared object may not be written.
    SHARED_OBJECT_NO_WRITE_ACCESS = "SharedObject.NoWriteAccess", Error, "No write access.";
    /// The shared object could not be made.
    SHARED_OBJECT_CREATION_FAILED = "SharedObject.ObjectCreationFailed", Error,
        "Shared object not created.";
    /// The shared object exists with the other persistence.
    SHARED_OBJECT_BAD_PERSISTENCE = "SharedObject.BadPersistence", Error,
        "Shared object has the other persistence.";
    /// There is no such shared object.
    SHARED_OBJECT_NOT_FOUND = "SharedObject.NoObjectFound", Error, "No such shared object.";
}
