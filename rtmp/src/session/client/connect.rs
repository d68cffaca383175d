//! What a client says in `connect`.

use std::time::Instant;

use weir_amf::{Document, Format};

use super::{Call, ClientSession};
use crate::{
    CommandError, Name, Target,
    message::{Command, Values},
    session::{compose::on_connection, state::ConnectionStep},
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
        let properties = Document::object()
            .with("app", &target.app)
            .with("type", "nonprivate")
            .with("tcUrl", &target.tc_url)
            .with("fpad", false)
            .with("capabilities", 15)
            .with("audioCodecs", 4071)
            .with("videoCodecs", 252)
            .with("videoFunction", 1);
        Self {
            properties,
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
        if !properties.get("objectEncoding").exists() {
            let version = if object_encoding == Format::Amf3 {
                3
            } else {
                0
            };
            properties.set("objectEncoding", version);
        }
        self.config.capabilities.write(&mut properties);
        let mut values = Document::new().with_value(&properties);
        for argument in arguments.values() {
            values.push(argument);
        }
        let values = Values::encode(&values)?;
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
