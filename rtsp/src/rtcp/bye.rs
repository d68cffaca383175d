//! Goodbye.

use super::compound::need;
use super::{CompoundWriter, Frame, PacketType, RtcpError, ssrcs, truncated};
use crate::rtp::Ssrc;

/// BYE: sources that end. Behind RTSP it is how servers say that a stream is over.
///
/// RFC 3550, section 6.6.
#[derive(Debug, Clone, Copy)]
pub struct Goodbye<'a> {
    sources: &'a [u8],
    reason: Option<&'a [u8]>,
}

impl<'a> Goodbye<'a> {
    pub(super) fn decode(frame: &Frame<'a>) -> Result<Self, RtcpError> {
        let len = 4 * usize::from(frame.count);
        let sources = need(frame, frame.body, "the sources of a BYE", len)?;
        let reason = match frame.body.get(len..) {
            Some([len, text @ ..]) => {
                let expected = usize::from(*len);
                let cut = || truncated("the reason of a BYE", frame.offset, expected, text.len());
                Some(text.get(..expected).ok_or_else(cut)?)
            }
            _ => None,
        };
        Ok(Self { sources, reason })
    }

    /// The sources that end, at most 31.
    pub fn sources(&self) -> impl Iterator<Item = Ssrc> + use<'a> {
        ssrcs(self.sources)
    }

    /// Why, as text for people.
    pub const fn reason(&self) -> Option<&'a [u8]> {
        self.reason
    }
}

impl CompoundWriter<'_> {
    /// Appends a BYE. Sources past 31 are left out, a reason is cut at 255 bytes, an empty one is
    /// not written.
    pub fn goodbye(&mut self, sources: &[Ssrc], reason: &str) -> &mut Self {
        let sources = sources.get(..31).unwrap_or(sources);
        let count = u8::try_from(sources.len()).unwrap_or(31);
        self.packet(PacketType::GOODBYE, count, |out| {
            for source in sources {
                out.extend_from_slice(&source.get().to_be_bytes());
            }
            let reason = reason.as_bytes();
            let reason = reason.get(..255).unwrap_or(reason);
            if let (Ok(len), 1..) = (u8::try_from(reason.len()), reason.len()) {
                out.push(len);
                out.extend_from_slice(reason);
            }
        })
    }
}
