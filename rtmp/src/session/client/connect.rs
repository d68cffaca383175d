//! What a client says in `connect`.

use std::{time::Instant, vec::Vec};

use weir_amf::{Document, Format, NewValue};

use super::{Call, ClientSession};
use crate::{
    CommandError, Name, Target,
    message::{Command, Values},
    session::{
        compose::on_connection,
        connect::{OBJECT_ENCODING, encoding_number},
        state::ConnectionStep,
    },
};

/// The arguments of `connect`, to be edited before they go out.
///
/// ```
/// use weir_rtmp::{ConnectOptions, RtmpUrl, UrlStyle};
///
/// let url: RtmpUrl = "rtmp://example.com/live/key".parse()?;
/// let mut options = ConnectOptions::new(&url.target(UrlStyle::Ffmpeg));
/// options.properties.set("pageUrl", "http://example.com/player.html");
/// // What some servers authenticate with: a third argument.
/// options.arguments.push("password");
/// # Ok::<(), weir_rtmp::UrlError>(())
/// ```
///
/// RTMP 1.0, section 7.2.1.1.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// The properties of the command object, in the order they are sent.
    pub properties: Document,
    /// What stands behind the command object.
    pub arguments: Document,
    /// Asks for AMF3 (`objectEncoding` 3); FFmpeg and most servers speak AMF0 only.
    pub object_encoding: Format,
}

impl ConnectOptions {
    /// Makes the properties that FFmpeg sends: `app`, `type`, `flashVer`, `tcUrl` and what a
    /// player can decode. `flashVer` and the properties of E-RTMP are added when it is sent,
    /// unless they are there.
    pub fn new(target: &Target) -> Self {
        Self {
            properties: Document::object_of([
                ("app", (&target.app).into()),
                ("type", "nonprivate".into()),
                ("tcUrl", (&target.tc_url).into()),
                ("fpad", false.into()),
                ("capabilities", 15.into()),
                ("audioCodecs", 4071.into()),
                ("videoCodecs", 252.into()),
                ("videoFunction", 1.into()),
            ]),
            arguments: Document::new(),
            object_encoding: Format::Amf0,
        }
    }
}

impl ClientSession {
    /// Connects to an application. The answer is an event:
    /// [`Connected`](crate::ClientEvent::Connected) or
    /// [`ConnectRejected`](crate::ClientEvent::ConnectRejected).
    ///
    /// # Errors
    /// [`CommandError::AlreadyConnected`] if this was called before,
    /// [`CommandError::Ended`] if the session is over.
    ///
    /// RTMP 1.0, section 7.2.1.1.
    pub fn connect(&mut self, options: ConnectOptions, now: Instant) -> Result<(), CommandError> {
        self.link.advance(now);
        let ConnectOptions {
            mut properties,
            arguments,
            object_encoding,
        } = options;
        if !properties.get("flashVer").exists() {
            properties.set("flashVer", &self.config.flash_ver);
        }
        if !properties.get(OBJECT_ENCODING).exists() {
            properties.set(OBJECT_ENCODING, encoding_number(object_encoding));
        }
        self.config.capabilities.add_to(&mut properties)?;
        let properties = [NewValue::from(&properties)].into_iter();
        let values: Vec<_> = properties
            .chain(arguments.values().map(NewValue::from))
            .collect();
        let values = Values::of(&values)?;
        if !self.step(ConnectionStep::AskConnect) {
            return Err(self.not_new());
        }
        let call = self.calls.push(Call::Connect)?;
        self.amf3 = object_encoding == Format::Amf3;
        let command = Command::new(Name::CONNECT, call.transaction(), values);
        self.connect = Some(on_connection(&command));
        self.send_connect();
        Ok(())
    }

    fn not_new(&self) -> CommandError {
        match self.state {
            crate::session::state::ConnectionState::Ended => CommandError::Ended,
            _ => CommandError::AlreadyConnected,
        }
    }
}
