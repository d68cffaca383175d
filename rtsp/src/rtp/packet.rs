//! The RTP packet: a view whose lengths are checked once, and its builder.

use alloc::vec::Vec;
use bytes::{Buf, Bytes};
use core::fmt;

use super::{Extension, RtpTime, SequenceNumber, Ssrc};

/// Tells whether a datagram or an interleaved frame holds RTCP and not RTP.
///
/// The second byte is an RTCP packet type between 192 and 223. Some cameras send RTCP on the
/// channel of RTP, so this is asked for every packet whatever its channel.
///
/// RFC 5761, section 4.
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, ..] if first >> 6 == VERSION)
}

/// Why bytes are not an RTP packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtpError {
    /// The fixed header, the CSRC list or the extension runs past the end.
    #[error("{what} of an RTP packet needs {expected} bytes, there are {actual}")]
    Truncated {
        /// The part of the header that is cut short.
        what: &'static str,
        /// Bytes the packet must have at least.
        expected: usize,
        /// Bytes the packet has.
        actual: usize,
    },
    /// The version is not 2.
    #[error("RTP version {0} at byte 0, it must be 2")]
    Version(u8),
    /// The padding bit is set and the last byte is 0 or more than what follows the header.
    #[error("RTP padding of {padding} bytes, {available} bytes follow the header")]
    Padding {
        /// The value of the last byte.
        padding: u8,
        /// Bytes after the header.
        available: usize,
    },
}

/// An RTP packet over any buffer: `&[u8]` to look at it, [`Bytes`] to keep it.
///
/// ```text
///  0                   1                   2                   3
/// |V=2|P|X|  CC   |M|     PT      |        sequence number        |
/// |                           timestamp                           |
/// |                             SSRC                              |
/// |            CSRC (CC times) ... [extension] payload [padding]  |
/// ```
///
/// RFC 3550, section 5.1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket<B> {
    buffer: B,
    timestamp: RtpTime,
    ssrc: Ssrc,
    sequence: SequenceNumber,
    /// The first byte as it came: version, padding, extension, CSRC count.
    first: u8,
    /// The second byte as it came: marker and payload type.
    second: u8,
    /// `12 <= payload_start <= payload_end <= buffer.len()`
    payload_start: usize,
    payload_end: usize,
}

impl<B: AsRef<[u8]>> RtpPacket<B> {
    /// Checks all lengths of a packet once; every other method is then infallible.
    ///
    /// # Errors
    /// [`RtpError`] if a part runs past the end, the version is not 2 or the padding count lies.
    #[inline]
    pub fn decode(buffer: B) -> Result<Self, RtpError> {
        let data = buffer.as_ref();
        let len = data.len();
        let Some((fixed, _)) = data.split_first_chunk::<FIXED_LEN>() else {
            return Err(truncated("the fixed header", FIXED_LEN, len));
        };
        let [first, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3] = *fixed;
        // Nearly all packets have neither sources nor padding.
        let (payload_start, payload_end) = match first {
            PLAIN => (FIXED_LEN, len),
            EXTENDED => (extension_end(data, FIXED_LEN)?, len),
            _ => payload_of(first, data)?,
        };
        Ok(Self {
            timestamp: RtpTime::new(u32::from_be_bytes([t0, t1, t2, t3])),
            ssrc: Ssrc::new(u32::from_be_bytes([i0, i1, i2, i3])),
            sequence: SequenceNumber::new(u16::from_be_bytes([s0, s1])),
            first,
            second,
            payload_start,
            payload_end,
            buffer,
        })
    }

    /// The whole packet.
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.as_ref()
    }

    /// The payload, without padding. An empty one is legal.
    #[inline]
    pub fn payload(&self) -> &[u8] {
        let range = self.payload_start..self.payload_end;
        self.buffer.as_ref().get(range).unwrap_or_default()
    }

    /// The contributing sources, at most 15.
    pub fn csrcs(&self) -> impl Iterator<Item = Ssrc> + '_ {
        let end = FIXED_LEN + 4 * usize::from(self.first & CSRC_MASK);
        let list = self.buffer.as_ref().get(FIXED_LEN..end).unwrap_or_default();
        list.chunks_exact(4)
            .filter_map(|bytes| bytes.first_chunk::<4>())
            .map(|bytes| Ssrc::new(u32::from_be_bytes(*bytes)))
    }

    /// The header extension, if the packet has one.
    #[inline]
    pub fn extension(&self) -> Option<Extension<'_>> {
        if self.first & EXTENSION_BIT == 0 {
            return None;
        }
        let at = FIXED_LEN + 4 * usize::from(self.first & CSRC_MASK);
        let data = self.buffer.as_ref();
        let [p0, p1, _, _] = chunk(data, at)?;
        let body = data.get(at + 4..self.payload_start)?;
        Some(Extension::new(u16::from_be_bytes([p0, p1]), body))
    }
}

impl<B> RtpPacket<B> {
    /// The marker bit. Its meaning belongs to the payload format; for video it ends a frame.
    pub const fn marker(&self) -> bool {
        self.second & MARKER_BIT != 0
    }

    /// The payload type, 0 to 127.
    pub const fn payload_type(&self) -> u8 {
        self.second & !MARKER_BIT
    }

    /// The sequence number.
    pub const fn sequence(&self) -> SequenceNumber {
        self.sequence
    }

    /// The timestamp in units of the payload format's clock.
    pub const fn timestamp(&self) -> RtpTime {
        self.timestamp
    }

    /// The source of the packet.
    pub const fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// Bytes before the payload: fixed header, CSRC list and extension.
    pub const fn header_len(&self) -> usize {
        self.payload_start
    }

    /// Whether the padding bit is set.
    pub const fn has_padding(&self) -> bool {
        self.first & PADDING_BIT != 0
    }

    /// The buffer the packet was decoded from.
    pub fn into_inner(self) -> B {
        self.buffer
    }
}

impl RtpPacket<Bytes> {
    /// The payload as a slice of the packet's buffer, which it keeps alive. Nothing is copied.
    #[inline]
    pub fn into_payload(self) -> Bytes {
        let mut payload = self.buffer;
        if payload.len() != self.payload_end {
            payload.truncate(self.payload_end);
        }
        payload.advance(self.payload_start);
        payload
    }

    /// A view of this packet that borrows its bytes.
    pub fn borrowed(&self) -> RtpPacket<&[u8]> {
        RtpPacket {
            buffer: &self.buffer,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
            sequence: self.sequence,
            first: self.first,
            second: self.second,
            payload_start: self.payload_start,
            payload_end: self.payload_end,
        }
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for RtpPacket<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtpPacket")
            .field("payload_type", &self.payload_type())
            .field("marker", &self.marker())
            .field("sequence", &self.sequence)
            .field("timestamp", &self.timestamp)
            .field("ssrc", &self.ssrc)
            .field("header_len", &self.header_len())
            .field("payload_len", &self.payload().len())
            .finish()
    }
}

/// Why a packet cannot be built: the caller's mistake, never the peer's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtpBuildError {
    /// Payload types are 7 bits.
    #[error("payload type {0}, the largest is 127")]
    PayloadType(u8),
    /// A packet holds at most 15 contributing sources.
    #[error("{0} contributing sources, a packet holds 15")]
    TooManyCsrcs(usize),
    /// An extension is a whole number of words, at most 65535 of them.
    #[error("extension of {0} bytes, it must be a multiple of 4 and at most 262140")]
    ExtensionLen(usize),
    /// The id or the length of an extension element cannot be expressed.
    #[error("extension element {id} of {len} bytes: ids are 1 to 255, data at most 255 bytes")]
    Element {
        /// The id asked for.
        id: u8,
        /// The length asked for.
        len: usize,
    },
}

/// Builds one RTP packet.
///
/// ```
/// use weir_rtsp::rtp::{RtpPacket, RtpPacketBuilder, RtpTime, SequenceNumber, Ssrc};
///
/// let mut out = Vec::new();
/// RtpPacketBuilder::new(96, SequenceNumber::new(7), RtpTime::new(3000), Ssrc::new(1))
///     .marker(true)
///     .payload(b"abc")
///     .encode(&mut out)?;
/// assert_eq!(RtpPacket::decode(&out)?.payload(), b"abc");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RtpPacketBuilder<'a> {
    marker: bool,
    payload_type: u8,
    sequence: SequenceNumber,
    timestamp: RtpTime,
    ssrc: Ssrc,
    csrcs: &'a [Ssrc],
    extension: Option<Extension<'a>>,
    payload: &'a [u8],
    padding: u8,
}

impl<'a> RtpPacketBuilder<'a> {
    /// Starts a packet without marker, sources, extension, payload or padding.
    pub const fn new(
        payload_type: u8,
        sequence: SequenceNumber,
        timestamp: RtpTime,
        ssrc: Ssrc,
    ) -> Self {
        Self {
            marker: false,
            payload_type,
            sequence,
            timestamp,
            ssrc,
            csrcs: &[],
            extension: None,
            payload: &[],
            padding: 0,
        }
    }

    /// Sets the marker bit.
    #[must_use]
    pub const fn marker(mut self, marker: bool) -> Self {
        self.marker = marker;
        self
    }

    /// Sets the contributing sources, at most 15.
    #[must_use]
    pub const fn csrcs(mut self, csrcs: &'a [Ssrc]) -> Self {
        self.csrcs = csrcs;
        self
    }

    /// Sets the header extension; its length must be a multiple of 4 bytes.
    #[must_use]
    pub const fn extension(mut self, extension: Extension<'a>) -> Self {
        self.extension = Some(extension);
        self
    }

    /// Sets the payload.
    #[must_use]
    pub const fn payload(mut self, payload: &'a [u8]) -> Self {
        self.payload = payload;
        self
    }

    /// Sets the number of padding bytes, 0 for none.
    #[must_use]
    pub const fn padding(mut self, padding: u8) -> Self {
        self.padding = padding;
        self
    }

    /// Length of the packet in bytes.
    pub fn encoded_len(&self) -> usize {
        let extension = self.extension.map_or(0, |e| 4 + e.data().len());
        FIXED_LEN
            + 4 * self.csrcs.len()
            + extension
            + self.payload.len()
            + usize::from(self.padding)
    }

    /// Appends the packet to `out`.
    ///
    /// # Errors
    /// [`RtpBuildError`] if a field does not fit its bits; then nothing is written.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), RtpBuildError> {
        if self.payload_type & MARKER_BIT != 0 {
            return Err(RtpBuildError::PayloadType(self.payload_type));
        }
        let csrc_count = match u8::try_from(self.csrcs.len()) {
            Ok(count) if count <= CSRC_MASK => count,
            _ => return Err(RtpBuildError::TooManyCsrcs(self.csrcs.len())),
        };
        let mut first = (VERSION << 6) | csrc_count;
        let mut extension_head = [0; 4];
        if let Some(extension) = self.extension {
            let len = extension.data().len();
            let (Ok(words), 0) = (u16::try_from(len / 4), len % 4) else {
                return Err(RtpBuildError::ExtensionLen(len));
            };
            let ([p0, p1], [w0, w1]) = (extension.profile().to_be_bytes(), words.to_be_bytes());
            extension_head = [p0, p1, w0, w1];
            first |= EXTENSION_BIT;
        }
        if self.padding != 0 {
            first |= PADDING_BIT;
        }
        out.reserve(self.encoded_len());
        let marker = if self.marker { MARKER_BIT } else { 0 };
        out.extend_from_slice(&[first, marker | self.payload_type]);
        out.extend_from_slice(&self.sequence.get().to_be_bytes());
        out.extend_from_slice(&self.timestamp.get().to_be_bytes());
        out.extend_from_slice(&self.ssrc.get().to_be_bytes());
        for csrc in self.csrcs {
            out.extend_from_slice(&csrc.get().to_be_bytes());
        }
        if let Some(extension) = self.extension {
            out.extend_from_slice(&extension_head);
            out.extend_from_slice(extension.data());
        }
        out.extend_from_slice(self.payload);
        if self.padding != 0 {
            out.resize(out.len() + usize::from(self.padding) - 1, 0);
            out.push(self.padding);
        }
        Ok(())
    }
}

/// Where the payload of a packet with this first byte begins and ends.
fn payload_of(first: u8, data: &[u8]) -> Result<(usize, usize), RtpError> {
    let len = data.len();
    if first >> 6 != VERSION {
        return Err(RtpError::Version(first >> 6));
    }
    let mut start = FIXED_LEN + 4 * usize::from(first & CSRC_MASK);
    if start > len {
        return Err(truncated("the CSRC list", start, len));
    }
    if first & EXTENSION_BIT != 0 {
        start = extension_end(data, start)?;
    }
    let mut end = len;
    if first & PADDING_BIT != 0 {
        let padding = data.last().copied().unwrap_or(0);
        let available = len - start;
        if padding == 0 || usize::from(padding) > available {
            return Err(RtpError::Padding { padding, available });
        }
        end -= usize::from(padding);
    }
    Ok((start, end))
}

/// Where the extension ends whose header stands at `at`.
#[inline]
fn extension_end(data: &[u8], at: usize) -> Result<usize, RtpError> {
    let Some([_, _, l0, l1]) = chunk(data, at) else {
        return Err(truncated("the extension header", at + 4, data.len()));
    };
    let end = at + 4 + 4 * usize::from(u16::from_be_bytes([l0, l1]));
    if end > data.len() {
        return Err(truncated("the extension", end, data.len()));
    }
    Ok(end)
}

#[inline]
fn chunk<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..)?.first_chunk::<N>().copied()
}

#[cold]
const fn truncated(what: &'static str, expected: usize, actual: usize) -> RtpError {
    RtpError::Truncated {
        what,
        expected,
        actual,
    }
}

const VERSION: u8 = 2;
/// The first byte of a packet without padding, extension and sources.
const PLAIN: u8 = VERSION << 6;
/// The first byte of a packet with an extension, without padding and sources.
const EXTENDED: u8 = PLAIN | EXTENSION_BIT;
const FIXED_LEN: usize = 12;
const PADDING_BIT: u8 = 0x20;
const EXTENSION_BIT: u8 = 0x10;
const CSRC_MASK: u8 = 0x0f;
const MARKER_BIT: u8 = 0x80;
