//! The session level of a description.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::sdp::{Media, SdpWarning};

/// A session description.
///
/// ```
/// use weir_rtsp::{Limits, sdp::{Description, Direction}};
///
/// let text = b"s=Camera\na=control:*\nm=video 0 RTP/AVP 96\nrubbish\na=rtpmap:96 H264/90000 \n\
///     a=fmtp:96 packetization-mode=1\na=control:trackID=1\na=recvonly";
/// let sdp = Description::parse(text, &Limits::default());
/// assert_eq!(sdp.control(), Some("*"));
/// let video = &sdp.media[0];
/// let format = video.format().expect("a usable format");
/// assert_eq!((&*format.encoding, format.clock_rate), ("H264", 90_000));
/// assert_eq!(format.fmtp.parse("packetization-mode"), Some(1));
/// assert_eq!((video.control(), video.direction()), (Some("trackID=1"), Some(Direction::RecvOnly)));
/// assert_eq!(sdp.warnings[0].line, 4);
/// ```
/// RFC 8866, section 5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description<'a> {
    /// `o=`: who made the session. Many devices leave it out or cut it short.
    pub origin: Option<Origin<'a>>,
    /// `s=`: the name of the session.
    pub session_name: Option<Cow<'a, str>>,
    /// `i=`: the session in words.
    pub information: Option<Cow<'a, str>>,
    /// `c=`: where media come from or go to, unless a section has its own.
    pub connection: Option<Connection<'a>>,
    /// `b=`: the bandwidth of the whole session.
    pub bandwidth: Vec<Bandwidth<'a>>,
    /// `t=`: start and stop time as written.
    pub timing: Option<Cow<'a, str>>,
    /// `a=`: the attributes of the session.
    pub attributes: Vec<Attribute<'a>>,
    /// The media sections in order, unusable ones too.
    pub media: Vec<Media<'a>>,
    /// What could not be read. Not written.
    pub warnings: Vec<SdpWarning>,
}

/// `o=`: who made the session. Each part as written, empty where the line was cut short.
///
/// RFC 8866, section 5.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin<'a> {
    /// User name, `-` for none.
    pub username: Cow<'a, str>,
    /// Id of the session: digits by the book, also hex, negative or a fraction in the field.
    pub session_id: Cow<'a, str>,
    /// Version of the description.
    pub session_version: Cow<'a, str>,
    /// The rest: network type, address type and address.
    pub address: Cow<'a, str>,
}

/// `c=`: network type, address type, address.
///
/// RFC 8866, section 5.7.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection<'a> {
    /// The line as written.
    pub text: Cow<'a, str>,
}

/// `b=`: one bandwidth.
///
/// RFC 8866, section 5.8.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bandwidth<'a> {
    /// The line as written, such as `AS:4096`.
    pub text: Cow<'a, str>,
}

/// `a=`: one attribute.
///
/// RFC 8866, section 5.13.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute<'a> {
    /// What stands before the colon.
    pub name: Cow<'a, str>,
    /// What stands behind it, blanks around it taken away. `None` without a colon.
    pub value: Option<Cow<'a, str>>,
}

/// Who sends. In what a camera describes this is the client's view: `sendonly` is the back channel.
///
/// RFC 8866, section 6.7; ONVIF Streaming Specification, "Back channel".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed by RFC 8866, section 6.7")]
pub enum Direction {
    /// `a=sendrecv`.
    SendRecv,
    /// `a=sendonly`.
    SendOnly,
    /// `a=recvonly`.
    RecvOnly,
    /// `a=inactive`.
    Inactive,
}

impl<'a> Description<'a> {
    /// A description with the lines a peer expects: `o=`, `s=`, `c=` of the receiver's choice
    /// (VLC takes a multicast address for an invitation), `t=0 0` and `a=control:*`.
    pub fn new(session_name: impl Into<Cow<'a, str>>, session_id: u64) -> Self {
        let id = alloc::format!("{session_id}");
        Self {
            origin: Some(Origin {
                username: "-".into(),
                session_id: id.clone().into(),
                session_version: id.into(),
                address: "IN IP4 127.0.0.1".into(),
            }),
            session_name: Some(session_name.into()),
            connection: Some(Connection {
                text: "IN IP4 0.0.0.0".into(),
            }),
            timing: Some("0 0".into()),
            attributes: alloc::vec![Attribute::new("control", "*")],
            ..Self::default()
        }
    }

    /// `a=control` of the session: the URL of the presentation as a whole.
    pub fn control(&self) -> Option<&str> {
        self.attribute("control")
    }

    /// `a=range` of the session, as written.
    pub fn range(&self) -> Option<&str> {
        self.attribute("range")
    }

    /// The value of the first attribute of this name at session level.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        Attribute::find(&self.attributes, name)
    }
}

impl<'a> Attribute<'a> {
    /// An attribute with a value.
    pub fn new(name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: name.into(),
            value: Some(value.into()),
        }
    }

    /// An attribute without one.
    pub fn flag(name: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: name.into(),
            value: None,
        }
    }

    /// The value of the first attribute of this name that has one.
    pub(super) fn find<'b>(list: &'b [Self], name: &str) -> Option<&'b str> {
        list.iter()
            .find(|attribute| attribute.value.is_some() && attribute.name == name)
            .and_then(|attribute| attribute.value.as_deref())
    }
}

impl Connection<'_> {
    /// The address: an IP address or a name, without time to live and count.
    ///
    /// The last word of the line, because devices write `IN c=IN IP4 0.0.0.0` and leave the address
    /// type out.
    pub fn address(&self) -> Option<&str> {
        let address = self.text.split_ascii_whitespace().last()?;
        let address = address.split('/').next().unwrap_or(address);
        address.contains(['.', ':']).then_some(address)
    }

    /// Time to live of a multicast address, in hops.
    pub fn ttl(&self) -> Option<u8> {
        self.text.split('/').nth(1)?.trim_ascii().parse().ok()
    }
}

impl Direction {
    /// The name of the attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction an attribute of this name means.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [
            Self::SendRecv,
            Self::SendOnly,
            Self::RecvOnly,
            Self::Inactive,
        ]
        .into_iter()
        .find(|direction| direction.as_str() == name)
    }
}

/// Copies what is borrowed.
pub(super) fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(String::from(text))
}

impl Description<'_> {
    /// Copies what is borrowed.
    pub fn into_owned(self) -> Description<'static> {
        Description {
            origin: self.origin.map(|origin| Origin {
                username: owned(origin.username),
                session_id: owned(origin.session_id),
                session_version: owned(origin.session_version),
                address: owned(origin.address),
            }),
            session_name: self.session_name.map(owned),
            information: self.information.map(owned),
            connection: self.connection.map(Connection::into_owned),
            bandwidth: self
                .bandwidth
                .into_iter()
                .map(Bandwidth::into_owned)
                .collect(),
            timing: self.timing.map(owned),
            attributes: self
                .attributes
                .into_iter()
                .map(Attribute::into_owned)
                .collect(),
            media: self.media.into_iter().map(Media::into_owned).collect(),
            warnings: self.warnings,
        }
    }
}

impl Connection<'_> {
    pub(super) fn into_owned(self) -> Connection<'static> {
        Connection {
            text: owned(self.text),
        }
    }
}

impl Bandwidth<'_> {
    pub(super) fn into_owned(self) -> Bandwidth<'static> {
        Bandwidth {
            text: owned(self.text),
        }
    }
}

impl Attribute<'_> {
    pub(super) fn into_owned(self) -> Attribute<'static> {
        Attribute {
            name: owned(self.name),
            value: self.value.map(owned),
        }
    }
}
