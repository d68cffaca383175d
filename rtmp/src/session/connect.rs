//! What the two sides tell each other in `connect`.

use weir_amf::{Document, EncodeError, Format, NewValue, Value};

use super::Capabilities;
use crate::{Limits, Status, StatusCode, message::Values};

/// What a client said in `connect`. RTMP 1.0, section 7.2.1.1.
///
/// Nothing is left out: what has no method here stands in [`Self::arguments`].
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectRequest {
    arguments: Document,
}

impl ConnectRequest {
    /// Reads the arguments; what is not AMF is left out from there on.
    pub(super) fn decode(args: &Values, limits: &Limits) -> Result<Self, weir_amf::DecodeError> {
        let arguments = args.document_with(&limits.amf())?;
        Ok(Self { arguments })
    }

    /// All arguments: first the properties, then what some clients send besides.
    pub const fn arguments(&self) -> &Document {
        &self.arguments
    }

    /// A property; undefined if it is not there.
    pub fn property(&self, name: &str) -> Value<'_> {
        self.arguments.get(name)
    }

    /// `app` as it came: with slashes and query.
    pub fn app(&self) -> &str {
        self.text("app").unwrap_or_default()
    }

    /// The application without query and without slashes at either end.
    pub fn app_name(&self) -> &str {
        let app = self.app();
        app.split_once('?')
            .map_or(app, |(path, _)| path)
            .trim_matches('/')
    }

    /// What stands behind the first `?` of `app`, or of `tcUrl` if `app` has none.
    ///
    /// This is where clients put what identifies them (`authmod`, `user`, `token` and so on).
    pub fn query(&self) -> Option<&str> {
        let query = |text: &'_ str| text.find('?').map(|at| at + 1);
        let from_app = query(self.app()).and_then(|at| self.app().get(at..));
        from_app.or_else(|| {
            let url = self.tc_url()?;
            query(url).and_then(|at| url.get(at..))
        })
    }

    /// `tcUrl`: the address the client connected to.
    pub fn tc_url(&self) -> Option<&str> {
        self.text("tcUrl")
    }

    /// `flashVer`: what the client is.
    pub fn flash_ver(&self) -> Option<&str> {
        self.text("flashVer")
    }

    /// `swfUrl`: where the program of a Flash client came from.
    pub fn swf_url(&self) -> Option<&str> {
        self.text("swfUrl")
    }

    /// `pageUrl`: where the page of a Flash client came from.
    pub fn page_url(&self) -> Option<&str> {
        self.text("pageUrl")
    }

    /// `objectEncoding`: the AMF version of values, AMF0 if the client says nothing.
    pub fn object_encoding(&self) -> Format {
        match self.property(OBJECT_ENCODING).as_f64() {
            Some(version) if version >= 3.0 => Format::Amf3,
            _ => Format::Amf0,
        }
    }

    /// What the client can do.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities::from_properties(self.arguments.root())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.property(name).as_str()
    }
}

/// The answer to `connect`, both sides of it. RTMP 1.0, section 7.2.1.1.
///
/// A server starts from [`Self::new`] and edits it before it goes out:
///
/// ```
/// use weir_rtmp::ConnectReply;
///
/// let mut reply = ConnectReply::new();
/// reply.properties.set("fmsVer", "FMS/5,0,17");
/// reply.info = reply.info.with("secureToken", "abc");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConnectReply {
    /// The first object: what the server is and can do.
    pub properties: Document,
    /// The second object.
    pub info: Status,
}

impl ConnectReply {
    /// Makes the answer that clients expect: `fmsVer`, `capabilities`, `mode` and
    /// `NetConnection.Connect.Success`.
    ///
    /// `objectEncoding` and the E-RTMP properties are added when it is sent, unless they are there.
    pub fn new() -> Self {
        Self {
            properties: Document::object_of(PROPERTIES),
            info: Status::new(StatusCode::CONNECT_SUCCESS),
        }
    }

    /// Writes what [`Self::new`] makes, without making documents of it.
    pub(super) fn write_new(
        capabilities: Option<&Capabilities>,
        encoding: Format,
    ) -> Result<Values, EncodeError> {
        Values::write(|writer| {
            writer.begin_object();
            writer.properties(PROPERTIES)?;
            capabilities.map_or(Ok(()), |ours| ours.write(writer))?;
            writer.end_object();
            writer.begin_object();
            writer.properties(StatusCode::CONNECT_SUCCESS.properties(None))?;
            writer.properties([(OBJECT_ENCODING, encoding_number(encoding))])?;
            writer.end_object();
            Ok(())
        })
    }

    /// Writes the answer, with what is not there of the same that is written of a new one.
    pub(super) fn write(
        mut self,
        capabilities: Option<&Capabilities>,
        encoding: Format,
    ) -> Result<Values, EncodeError> {
        if let Some(ours) = capabilities {
            ours.add_to(&mut self.properties)?;
        }
        if !self.info.info().get(OBJECT_ENCODING).exists() {
            self.info = self.info.with(OBJECT_ENCODING, encoding_number(encoding));
        }
        Values::of(&[(&self.properties).into(), self.info.info().into()])
    }

    /// Reads the answer of a server.
    pub(super) fn decode(args: &Values, limits: &Limits) -> Result<Self, weir_amf::DecodeError> {
        let args = args.document_with(&limits.amf())?;
        Ok(Self {
            properties: Document::new().with_value(args.value(0)),
            info: Status::from_value(args.value(1)),
        })
    }

    /// What the server can do.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities::from_properties(self.properties.root())
    }
}

impl Default for ConnectReply {
    fn default() -> Self {
        Self::new()
    }
}

/// `objectEncoding`, as both sides write it.
pub(super) const fn encoding_number(encoding: Format) -> NewValue<'static> {
    NewValue::Number(match encoding {
        Format::Amf0 => 0.0,
        Format::Amf3 => 3.0,
    })
}

/// What a server is, as clients expect it.
const PROPERTIES: [(&str, NewValue<'static>); 3] = [
    ("fmsVer", NewValue::String("FMS/3,5,7,7009")),
    ("capabilities", NewValue::Number(31.0)),
    ("mode", NewValue::Number(1.0)),
];

pub(super) const OBJECT_ENCODING: &str = "objectEncoding";
