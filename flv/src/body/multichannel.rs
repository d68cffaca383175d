//! The speaker layout of an enhanced audio track.

use crate::Malformed;
use crate::cursor::Cursor;

/// Which channel is which. E-RTMP v2, "AudioChannelOrder".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelOrder<'a> {
    /// Only the number of channels is known.
    Unspecified,
    /// Channels in the order of the bits of this mask. The bits are E-RTMP's own: beyond bit 17
    /// they differ from WAVEFORMATEXTENSIBLE and from FFmpeg.
    Native(u32),
    /// One byte per channel: 0 to 23 a speaker, 0xfe unused, 0xff unknown.
    Custom(&'a [u8]),
}

/// The payload of a packet of type [`MultichannelConfig`](super::PacketType::MultichannelConfig).
///
/// ```
/// use weir_flv::body::{ChannelOrder, MultichannelConfig};
/// // What FFmpeg 9.0.2 sends for stereo.
/// let config = MultichannelConfig::decode(&[1, 2, 0, 0, 0, 3])?;
/// assert_eq!(config.channels, 2);
/// assert_eq!(config.order, ChannelOrder::Native(3));
/// # Ok::<(), weir_flv::Malformed>(())
/// ```
/// E-RTMP v2, "MultichannelConfig".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MultichannelConfig<'a> {
    /// How many channels.
    pub channels: u8,
    /// Which is which.
    pub order: ChannelOrder<'a>,
}

impl<'a> MultichannelConfig<'a> {
    /// Reads the payload of a MultichannelConfig packet; bytes behind it are ignored.
    ///
    /// # Errors
    /// [`Malformed`] when it is too short or the order is not one of the three.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(payload);
        let order = cursor.u8("audioChannelOrder")?;
        let channels = cursor.u8("channelCount")?;
        let order = match order {
            0 => ChannelOrder::Unspecified,
            1 => ChannelOrder::Native(cursor.u32("audioChannelFlags")?),
            2 => ChannelOrder::Custom(cursor.take(channels.into(), "audioChannelMapping")?),
            got => {
                return Err(Malformed::Value {
                    what: "audioChannelOrder",
                    offset: 0,
                    got: got.into(),
                    allowed: "0 to 2",
                });
            }
        };
        Ok(Self { channels, order })
    }
}
