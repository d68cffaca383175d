//! One media section.

use alloc::{borrow::Cow, format, vec::Vec};

use smallvec::SmallVec;

use super::description::owned;
use crate::sdp::{Attribute, Bandwidth, Connection, Direction, Fmtp, Format, RtpMap};

/// A media section: an `m=` line and what stands below it.
///
/// RFC 8866, section 5.14.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Media<'a> {
    /// `video`, `audio`, `application`, `text` by the book; devices invent others.
    pub media: Cow<'a, str>,
    /// The port as written. 0 in what RTSP servers describe.
    pub port: Cow<'a, str>,
    /// `RTP/AVP` mostly; `RTP/AVP/TCP` and `MP2T/AVP` exist.
    pub proto: Cow<'a, str>,
    /// The formats as written; of RTP these are payload types.
    pub fmts: SmallVec<[Cow<'a, str>; 1]>,
    /// `i=`: the section in words.
    pub title: Option<Cow<'a, str>>,
    /// `c=`: the first one of the section.
    pub connection: Option<Connection<'a>>,
    /// `b=`: the bandwidth of the section.
    pub bandwidth: Vec<Bandwidth<'a>>,
    /// `a=`: the attributes of the section.
    pub attributes: Vec<Attribute<'a>>,
}

impl<'a> Media<'a> {
    /// A section that offers one format over RTP, as servers describe it.
    ///
    /// ```
    /// use weir_rtsp::sdp::{Fmtp, Format, Media};
    ///
    /// let opus = Format::new(97, "opus", 48_000).with_channels(2).with_fmtp(Fmtp::from("stereo=1"));
    /// let media = Media::new("audio", &opus, "trackID=1");
    /// assert_eq!(media.format(), Some(opus));
    /// ```
    pub fn new(media: impl Into<Cow<'a, str>>, format: &Format<'_>, control: &str) -> Self {
        let Format {
            payload_type,
            encoding,
            clock_rate,
            channels,
            fmtp,
        } = format;
        let channels = channels.filter(|channels| *channels > 1);
        let channels = channels
            .map(|channels| format!("/{channels}"))
            .unwrap_or_default();
        let rtpmap = format!("{payload_type} {encoding}/{clock_rate}{channels}");
        let mut attributes = alloc::vec![Attribute::new("rtpmap", rtpmap)];
        if !fmtp.is_empty() {
            attributes.push(Attribute::new("fmtp", format!("{payload_type} {fmtp}")));
        }
        attributes.push(Attribute::new("control", Cow::Owned(control.into())));
        Self {
            media: media.into(),
            port: "0".into(),
            proto: "RTP/AVP".into(),
            fmts: SmallVec::from_iter([Cow::Owned(format!("{payload_type}"))]),
            attributes,
            ..Self::default()
        }
    }

    /// The payload type of the first format, or `None` where it is no number of 0 to 127.
    pub fn payload_type(&self) -> Option<u8> {
        self.payload_types().next()
    }

    /// The payload types of all formats, the default one first.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.fmts
            .iter()
            .filter_map(|fmt| fmt.parse().ok())
            .filter(|payload_type| *payload_type < 128)
    }

    /// The format of the first payload type, or `None` where this section cannot be used: no
    /// payload type, no encoding, or a clock rate of 0.
    pub fn format(&self) -> Option<Format<'_>> {
        self.format_of(self.payload_type()?)
    }

    /// What this section says about a payload type. `a=rtpmap` overrides the static table, the last
    /// one counts (a back channel of VCP lists two).
    pub fn format_of(&self, payload_type: u8) -> Option<Format<'_>> {
        let mut format = match self.rtpmap(payload_type) {
            Some(map) => {
                let mut format = Format::new(payload_type, map.encoding, map.clock_rate);
                let audio = self.media.eq_ignore_ascii_case("audio");
                format.channels = map.channels.or_else(|| audio.then_some(1));
                format
            }
            None => Format::of_static_payload_type(payload_type)?,
        };
        format.fmtp = self.fmtp(payload_type).unwrap_or_default();
        (format.clock_rate > 0).then_some(format)
    }

    /// The `a=rtpmap` of a payload type: the last one that can be read.
    pub fn rtpmap(&self, payload_type: u8) -> Option<RtpMap<'_>> {
        self.values("rtpmap")
            .rev()
            .filter(|value| leading_number(value) == Some(payload_type))
            .find_map(|value| RtpMap::parse(value).ok())
    }

    /// The `a=fmtp` of a payload type: the first one, its number taken away.
    pub fn fmtp(&self, payload_type: u8) -> Option<Fmtp<'_>> {
        self.values("fmtp")
            .map(str::trim_ascii_start)
            .find(|value| leading_number(value) == Some(payload_type))
            .map(|value| value.trim_start_matches(|c: char| c.is_ascii_digit()))
            .map(|value| Fmtp::from(value.trim_ascii()))
    }

    /// `a=control`: the URL of the track, to be joined to the base.
    pub fn control(&self) -> Option<&str> {
        self.attribute("control")
    }

    /// `a=range` of the section, as written.
    pub fn range(&self) -> Option<&str> {
        self.attribute("range")
    }

    /// `a=framerate` as written. Devices write it twice, and `0S`.
    pub fn framerate(&self) -> Option<&str> {
        self.attribute("framerate")
    }

    /// `a=ptime` as written: the length of a packet in milliseconds.
    pub fn ptime(&self) -> Option<&str> {
        self.attribute("ptime")
    }

    /// `a=sendrecv`, `a=sendonly`, `a=recvonly` or `a=inactive`; `None` where nothing is written.
    pub fn direction(&self) -> Option<Direction> {
        self.attributes
            .iter()
            .find_map(|attribute| match attribute.value {
                None => Direction::from_name(&attribute.name),
                Some(_) => None,
            })
    }

    /// The same section with a direction.
    #[must_use]
    pub fn with_direction(mut self, direction: Direction) -> Self {
        self.attributes.push(Attribute::flag(direction.as_str()));
        self
    }

    /// The value of the first attribute of this name in the section.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        Attribute::find(&self.attributes, name)
    }

    /// The values of all attributes of this name.
    fn values(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.name == name)
            .filter_map(|attribute| attribute.value.as_deref())
    }

    pub(super) fn into_owned(self) -> Media<'static> {
        Media {
            media: owned(self.media),
            port: owned(self.port),
            proto: owned(self.proto),
            fmts: self.fmts.into_iter().map(owned).collect(),
            title: self.title.map(owned),
            connection: self.connection.map(Connection::into_owned),
            bandwidth: self
                .bandwidth
                .into_iter()
                .map(Bandwidth::into_owned)
                .collect(),
            attributes: self
                .attributes
                .into_iter()
                .map(Attribute::into_owned)
                .collect(),
        }
    }
}

/// The number a value starts with.
fn leading_number(value: &str) -> Option<u8> {
    let end = value.bytes().take_while(u8::is_ascii_digit).count();
    value.get(..end)?.parse().ok()
}
