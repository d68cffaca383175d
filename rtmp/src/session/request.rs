//! What clients ask for on a message stream, and how servers answer.

use core::time::Duration;
use std::string::String;

use crate::{Limits, Status, StatusCode, StreamName, message::Values};

/// How a stream is published: the third argument of `publish`. RTMP 1.0, section 7.2.2.6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PublishKind {
    /// `live`: not recorded. Also what is taken for a missing or unknown argument.
    #[default]
    Live,
    /// `record`: recorded into a new file.
    Record,
    /// `append`: recorded behind what is there.
    Append,
    /// `appendWithGap`: the same, with the time in between (Flash Media Server 3.5).
    AppendWithGap,
}

impl PublishKind {
    /// The argument as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Record => "record",
            Self::Append => "append",
            Self::AppendWithGap => "appendWithGap",
        }
    }

    pub(super) fn from_name(name: Option<&str>) -> Self {
        [Self::Record, Self::Append, Self::AppendWithGap]
            .into_iter()
            .find(|kind| name.is_some_and(|name| name.eq_ignore_ascii_case(kind.as_str())))
            .unwrap_or_default()
    }
}

/// What a client wants to play. RTMP 1.0, section 7.2.2.1.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlayRequest {
    /// The stream, with its prefix and query.
    pub name: StreamName,
    /// Live, recorded, or what there is.
    pub start: PlayStart,
    /// How much to play; `None` for all of it.
    pub duration: Option<Duration>,
    /// Whether what is played already ends; if not, the stream is added to the playlist.
    pub reset: bool,
    /// The arguments as they came.
    pub args: Values,
}

/// From where a client wants to play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed by RTMP 1.0, section 7.2.2.1"
)]
pub enum PlayStart {
    /// The live stream; if there is none, the recorded one. The default, -2 on the wire.
    #[default]
    LiveOrRecorded,
    /// The live stream only, -1 on the wire.
    Live,
    /// The recorded stream, from this time on. Milliseconds on the wire.
    Recorded(Duration),
}

impl PlayStart {
    /// The argument of `play`. The specification says seconds; librtmp 2.4 sends and nginx-rtmp
    /// 1.2 reads milliseconds.
    pub(super) fn to_wire(self) -> f64 {
        self.in_units(1_000.0)
    }

    /// FFmpeg 5.1 and librtmp 2.4 give the special values in milliseconds too, -2000 and -1000.
    fn from_wire(start: f64) -> Self {
        match start {
            -1.0 | -1_000.0 => Self::Live,
            start => millis(start).map_or(Self::LiveOrRecorded, Self::Recorded),
        }
    }

    /// The member of the options of `play2`, which are in seconds.
    pub(super) fn to_option(self) -> f64 {
        self.in_units(1.0)
    }

    fn from_option(start: f64) -> Self {
        match start {
            -1.0 => Self::Live,
            start => seconds(start).map_or(Self::LiveOrRecorded, Self::Recorded),
        }
    }

    fn in_units(self, per_second: f64) -> f64 {
        match self {
            Self::LiveOrRecorded => -2.0,
            Self::Live => -1.0,
            Self::Recorded(start) => start.as_secs_f64() * per_second,
        }
    }
}

impl PlayRequest {
    /// Asks for a stream from where it is, without end.
    pub fn new(name: impl Into<StreamName>) -> Self {
        Self {
            name: name.into(),
            start: PlayStart::default(),
            duration: None,
            reset: true,
            args: Values::default(),
        }
    }

    /// Reads the arguments of `play`; the first is the command object.
    pub(super) fn decode(args: Values) -> Self {
        let name = args.text(1).map(|name| String::from(name.to_str_lossy()));
        let start = args
            .number(2)
            .map_or_else(PlayStart::default, PlayStart::from_wire);
        // -1 is the default and means all; 0 means one frame.
        let duration = args.number(3).and_then(millis);
        // Flash Player lets it be a number: 0 adds to the playlist, 2 and 3 are rare.
        let reset = args
            .boolean(4)
            .or_else(|| args.number(4).map(|reset| reset != 0.0));
        Self {
            name: name.unwrap_or_default().into(),
            start,
            duration,
            reset: reset.unwrap_or(true),
            args,
        }
    }
}

/// What a client wants to switch to. RTMP 1.0, section 7.2.2.2.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Play2Request {
    /// `streamName`: the new stream.
    pub name: StreamName,
    /// `oldStreamName`: the one it takes the place of.
    pub old_name: Option<StreamName>,
    /// `transition`: `switch`, `swap`, `append`, `appendAndWait`, `reset`, `resume` or `stop`.
    pub transition: String,
    /// `start`, as in [`PlayRequest`].
    pub start: PlayStart,
    /// `len`: how much to play; `None` for all of it.
    pub duration: Option<Duration>,
    /// `offset`: at which time of the old stream to switch.
    pub offset: Option<Duration>,
    /// The arguments as they came.
    pub args: Values,
}

impl Play2Request {
    /// Asks to switch to a stream as soon as that makes no gap.
    pub fn new(name: impl Into<StreamName>) -> Self {
        Self {
            name: name.into(),
            old_name: None,
            transition: "switch".into(),
            start: PlayStart::default(),
            duration: None,
            offset: None,
            args: Values::default(),
        }
    }

    pub(super) fn decode(args: Values, limits: &Limits) -> Self {
        let document = args.document_with(&limits.amf()).unwrap_or_default();
        let parameters = document.value(1);
        let text = |name| parameters.get(name).as_str();
        let number = |name| parameters.get(name).as_f64();
        Self {
            name: text("streamName").unwrap_or_default().into(),
            old_name: text("oldStreamName").map(StreamName::from),
            transition: text("transition").unwrap_or_default().into(),
            start: number("start").map_or_else(PlayStart::default, PlayStart::from_option),
            duration: number("len").and_then(seconds),
            offset: number("offset").and_then(seconds),
            args,
        }
    }
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

fn millis(number: f64) -> Option<Duration> {
    seconds(number / 1_000.0)
}

/// The answer to `play`: what is sent before the media, in this order.
///
/// RTMP 1.0, section 7.2.2.1.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlayReply {
    /// Sends `StreamIsRecorded`. Default: false.
    pub recorded: bool,
    /// `NetStream.Play.Reset`; sent if the client asked for a reset.
    pub reset: Status,
    /// `NetStream.Play.Start`.
    pub start: Status,
    /// `|RtmpSampleAccess`: whether audio and video samples may be read. Default: both.
    pub sample_access: Option<(bool, bool)>,
    /// `NetStream.Data.Start`.
    pub data_start: Option<Status>,
}

impl PlayReply {
    /// Makes the answer for a live stream.
    pub fn live() -> Self {
        Self {
            recorded: false,
            reset: Status::new(StatusCode::PLAY_RESET),
            start: Status::new(StatusCode::PLAY_START),
            sample_access: Some((true, true)),
            data_start: Some(Status::new(StatusCode::DATA_START)),
        }
    }

    /// Makes the answer for a recorded stream.
    pub fn recorded() -> Self {
        Self {
            recorded: true,
            ..Self::live()
        }
    }
}
