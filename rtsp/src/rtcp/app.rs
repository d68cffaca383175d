//! Packets defined by applications.

use super::{CompoundWriter, Frame, PacketType, RtcpError};
use crate::rtp::Ssrc;

/// APP: whatever an application defined.
///
/// RFC 3550, section 6.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct App<'a> {
    /// A number of 5 bits, the application's.
    pub subtype: u8,
    /// The sender.
    pub ssrc: Ssrc,
    /// Four characters of ASCII.
    pub name: [u8; 4],
    /// The application's data, whole words.
    pub data: &'a [u8],
}

impl<'a> App<'a> {
    pub(super) fn decode(frame: &Frame<'a>) -> Result<Self, RtcpError> {
        let ([s0, s1, s2, s3, n0, n1, n2, n3], data) = frame.take::<8>("an APP packet")?;
        Ok(Self {
            subtype: frame.count,
            ssrc: Ssrc::new(u32::from_be_bytes([s0, s1, s2, s3])),
            name: [n0, n1, n2, n3],
            data,
        })
    }
}

impl CompoundWriter<'_> {
    /// Appends an APP; data is padded with zeros to whole words.
    pub fn app(&mut self, ssrc: Ssrc, subtype: u8, name: [u8; 4], data: &[u8]) -> &mut Self {
        self.packet(PacketType::APP, subtype, |out| {
            out.extend_from_slice(&ssrc.get().to_be_bytes());
            out.extend_from_slice(&name);
            out.extend_from_slice(data);
        })
    }
}
