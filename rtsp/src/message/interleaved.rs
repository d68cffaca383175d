//! `$` frames: RTP and RTCP packets between the messages of a connection.

use bytes::Bytes;

use crate::cursor::Cursor;

/// One packet of an interleaved channel.
///
/// `$`, the channel (8 bits), the length (16 bits), the packet. 0 and 65535 are legal lengths.
/// RFC 2326, section 10.12.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interleaved {
    /// The channel of `Transport: ...;interleaved=`.
    pub channel: u8,
    /// The packet, usually RTP or RTCP. Never looked into.
    pub payload: Bytes,
}

impl Interleaved {
    /// A frame of this payload.
    pub const fn new(channel: u8, payload: Bytes) -> Self {
        Self { channel, payload }
    }

    /// The four bytes in front of a payload of `len` bytes.
    pub const fn header(channel: u8, len: u16) -> [u8; 4] {
        let [high, low] = len.to_be_bytes();
        [b'$', channel, high, low]
    }

    /// The frame at the start of `input`: channel, payload and what follows it. `None` when the
    /// input does not start with `$`, or does not hold the whole frame yet.
    ///
    /// ```
    /// use weir_rtsp::message::Interleaved;
    ///
    /// let input = b"$\x02\0\x03abc$\x01";
    /// assert_eq!(Interleaved::split(input), Some((2, &b"abc"[..], &b"$\x01"[..])));
    /// assert_eq!(Interleaved::split(b"$\x01"), None);
    /// ```
    pub fn split(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
        let (channel, len) = Self::parse_header(input)?;
        let (payload, rest) = input.get(4..)?.split_at_checked(len.into())?;
        Some((channel, payload, rest))
    }

    /// Channel and payload length of the four bytes at the start of `input`.
    pub(super) fn parse_header(input: &[u8]) -> Option<(u8, u16)> {
        let mut cursor = Cursor::new(input);
        let [dollar, channel] = cursor.array().ok()?;
        let len = cursor.u16().ok()?;
        (dollar == b'$').then_some((channel, len))
    }
}

impl core::fmt::Debug for Interleaved {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Interleaved")
            .field("channel", &self.channel)
            .field("len", &self.payload.len())
            .field("start", &self.payload.get(..32).unwrap_or(&self.payload))
            .finish()
    }
}
