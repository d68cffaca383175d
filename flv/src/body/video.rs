//! Legacy video headers.

use super::codec_id::{Codec, VideoCodecId};
use super::packet::{FrameType, MediaKind, Packet, PacketType};
use crate::cursor::Cursor;
use crate::{Malformed, Timestamp};

/// Reads a body without the ExHeader bit; `cursor` stands behind the first byte.
///
/// ```text
///  TTTT CCCC                             frame type, codec
///  type 5: UI8 command                   whatever the codec
///  AVC and its like: UI8 packet type, SI24 composition time
///  VP6 and VP6 with alpha: UI8 crop
/// ```
/// FLV 10.1, section E.4.3.1.
#[inline]
pub(super) fn decode<E: From<Malformed>>(
    first: u8,
    mut cursor: Cursor<'_>,
    dts: Timestamp,
) -> Result<Packet<'_>, E> {
    let frame_type = FrameType::from(first >> 4);
    let id = VideoCodecId::from(first & 0x0f);
    let mut packet = Packet::new(
        MediaKind::Video,
        Codec::Video(id),
        PacketType::CodedFrames,
        dts,
    );
    packet.frame_type = frame_type;
    if frame_type == FrameType::COMMAND {
        packet.packet_type = PacketType::Command;
        packet.set_payload(cursor);
        return Ok(packet);
    }
    if id.has_packet_type() {
        packet.packet_type = PacketType::from_legacy_video(cursor.u8("AVCPacketType")?);
        packet.cts = cursor.i24("CompositionTime")?;
    } else if matches!(id, VideoCodecId::VP6 | VideoCodecId::VP6_ALPHA) {
        packet.vp6_crop = Some(cursor.u8("VP6 crop")?);
    }
    packet.set_payload(cursor);
    Ok(packet)
}
