//! Enhanced headers, which audio and video share but for the numbers of their packet types.

use super::codec_id::Codec;
use super::mod_ex::{MOD_EX, ModExList};
use super::packet::{FrameType, MediaKind, MultitrackType, Packet, PacketType, TrackId};
use crate::cursor::Cursor;
use crate::{FourCc, Malformed, Timestamp};

/// Whether nothing but the codec stands between the first byte and the only track: no modifier,
/// no command, no track number. So are nearly all bodies, and they are read without an
/// [`ExHeader`].
#[inline]
pub(super) fn is_plain(kind: MediaKind, first: u8) -> bool {
    let number = first & 0x0f;
    let is_command = kind == MediaKind::Video && first >> 4 & 7 == FrameType::COMMAND.as_u8();
    number != MOD_EX && number != kind.multitrack_number() && !is_command
}

/// Reads a plain body; `cursor` stands behind the first byte.
#[inline]
pub(super) fn decode_plain(
    kind: MediaKind,
    first: u8,
    mut cursor: Cursor<'_>,
    dts: Timestamp,
) -> Result<Packet<'_>, Malformed> {
    let four_cc = FourCc::from(cursor.array::<4>("FourCC")?);
    let packet_type = PacketType::from_enhanced(kind, first & 0x0f);
    let mut packet = Packet::new(kind, Codec::FourCc(four_cc), packet_type, dts);
    if kind == MediaKind::Video {
        packet.frame_type = FrameType::from(first >> 4 & 7);
        if packet_type == PacketType::CodedFrames && four_cc.has_composition_time() {
            packet.cts = cursor.i24("compositionTime")?;
        }
    }
    packet.set_payload(cursor);
    Ok(packet)
}

/// What an enhanced body says before its first track.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExHeader<'a> {
    pub(super) kind: MediaKind,
    pub(super) frame_type: FrameType,
    pub(super) mod_ex: ModExList<'a>,
    pub(super) nano: u32,
    pub(super) packet_type: PacketType,
    pub(super) multitrack: Option<MultitrackType>,
    /// Named once for all tracks; `None` before the codecs of `ManyTracksManyCodecs`.
    pub(super) four_cc: Option<FourCc>,
}

impl<'a> ExHeader<'a> {
    /// Reads up to the first track; `cursor` stands behind the first byte.
    ///
    /// ```text
    ///  video: 1FFF PPPP   audio: 1001 PPPP
    ///  while P is 7: a ModEx, which names the next P
    ///  video, F is 5 and P is not Metadata: UI8 command, the end
    ///  P is Multitrack: MMMM PPPP
    ///  M is not 2: FourCC
    /// ```
    /// E-RTMP v2, "ExVideoTagHeader" and "ExAudioTagHeader".
    #[inline(never)]
    pub(super) fn decode(
        kind: MediaKind,
        first: u8,
        cursor: &mut Cursor<'a>,
    ) -> Result<Self, Malformed> {
        let frame_type = match kind {
            MediaKind::Audio => FrameType::KEY,
            MediaKind::Video => FrameType::from(first >> 4 & 7),
        };
        let mut number = first & 0x0f;
        let mut mod_ex = ModExList::EMPTY;
        let mut nano = 0;
        if number == MOD_EX {
            (mod_ex, number) = ModExList::decode(cursor)?;
            nano = mod_ex.nano();
        }
        let mut header = Self {
            kind,
            frame_type,
            mod_ex,
            nano,
            packet_type: PacketType::from_enhanced(kind, number),
            multitrack: None,
            four_cc: None,
        };
        if kind == MediaKind::Video
            && frame_type == FrameType::COMMAND
            && header.packet_type != PacketType::Metadata
        {
            header.packet_type = PacketType::Command;
            return Ok(header);
        }
        if number == kind.multitrack_number() {
            let offset = cursor.offset();
            let byte = cursor.u8("multitrackType")?;
            header.multitrack = Some(MultitrackType::decode(byte >> 4, offset)?);
            number = byte & 0x0f;
            if number == kind.multitrack_number() || number == MOD_EX {
                return Err(Malformed::Value {
                    what: "packet type inside Multitrack",
                    offset,
                    got: number.into(),
                    allowed: "neither Multitrack nor ModEx",
                });
            }
            header.packet_type = PacketType::from_enhanced(kind, number);
        }
        if header.multitrack != Some(MultitrackType::ManyTracksManyCodecs) {
            header.four_cc = Some(FourCc::from(cursor.array::<4>("FourCC")?));
        }
        Ok(header)
    }

    /// Reads one track, or the command byte of a command frame.
    ///
    /// ```text
    ///  multitrack: [FourCC if M is 2]  UI8 track  [UI24 size if M is not 0]
    ///  CodedFrames of avc1, hvc1, vvc1: SI24 composition time
    ///  payload
    /// ```
    #[inline]
    pub(super) fn track(
        &self,
        cursor: &mut Cursor<'a>,
        dts: Timestamp,
    ) -> Result<Packet<'a>, Malformed> {
        let mut four_cc = self.four_cc;
        let mut track = TrackId::DEFAULT;
        let mut body = *cursor;
        if let Some(multitrack) = self.multitrack {
            if multitrack == MultitrackType::ManyTracksManyCodecs {
                four_cc = Some(FourCc::from(cursor.array::<4>("FourCC")?));
            }
            track = TrackId::from(cursor.u8("trackId")?);
            if multitrack == MultitrackType::OneTrack {
                body = *cursor;
            } else {
                let size = cursor.u24("sizeOfTrack")?;
                body = cursor.split(size as usize, "track")?;
            }
        }
        let codec = four_cc.map_or(Codec::None, Codec::FourCc);
        let mut packet = Packet::new(self.kind, codec, self.packet_type, dts);
        packet.frame_type = self.frame_type;
        packet.track = track;
        packet.multitrack = self.multitrack;
        packet.mod_ex = self.mod_ex;
        packet.nano = self.nano;
        if self.kind == MediaKind::Video
            && self.packet_type == PacketType::CodedFrames
            && four_cc.is_some_and(FourCc::has_composition_time)
        {
            packet.cts = body.i24("compositionTime")?;
        }
        packet.set_payload(body);
        Ok(packet)
    }

    /// Whether more tracks may stand behind the one just read.
    pub(super) fn has_more_tracks(&self, cursor: &Cursor<'_>) -> bool {
        matches!(
            self.multitrack,
            Some(MultitrackType::ManyTracks | MultitrackType::ManyTracksManyCodecs)
        ) && !cursor.is_empty()
    }
}
