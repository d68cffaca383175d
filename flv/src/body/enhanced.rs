//! Enhanced headers, which audio and video share but for the numbers of their packet types.

use super::codec_id::Codec;
use super::mod_ex::{MOD_EX, ModExList};
use super::packet::{FrameType, MediaKind, MultitrackType, Packet, PacketType, TrackId};
use crate::cursor::Cursor;
use crate::{FourCc, Malformed, Timestamp};

/// Whether the first byte of an audio body begins an enhanced header.
#[inline]
pub(super) const fn is_audio(first: u8) -> bool {
    first >> 4 == 9
}

/// Whether the first byte of a video body begins an enhanced header.
#[inline]
pub(super) const fn is_video(first: u8) -> bool {
    first & 0x80 != 0
}

/// Reads a body that has nothing but the codec between the first byte and the only track: no
/// modifier, no command, no track number. `None` for others, and for those that end early.
///
/// `cursor` stands behind the first byte.
#[inline(always)]
pub(super) fn decode_plain(
    kind: MediaKind,
    first: u8,
    mut cursor: Cursor<'_>,
    dts: Timestamp,
) -> Option<Packet<'_>> {
    let number = first & 0x0f;
    let frame_type = match kind {
        MediaKind::Audio => FrameType::KEY,
        MediaKind::Video => FrameType::from(first >> 4 & 7),
    };
    if number == MOD_EX || number == kind.multitrack_number() || frame_type == FrameType::COMMAND {
        return None;
    }
    let four_cc = FourCc::from(cursor.array::<4>("FourCC").ok()?);
    let packet_type = PacketType::from_enhanced(kind, number);
    let mut packet = Packet::new(kind, Codec::FourCc(four_cc), packet_type, dts);
    packet.frame_type = frame_type;
    if has_composition_time(kind, packet_type, four_cc) {
        packet.cts = cursor.i24("compositionTime").ok()?;
    }
    packet.set_payload(cursor);
    Some(packet)
}

/// Coded frames of these codecs carry one; all else does not.
#[inline]
fn has_composition_time(kind: MediaKind, packet_type: PacketType, four_cc: FourCc) -> bool {
    kind == MediaKind::Video
        && packet_type == PacketType::CodedFrames
        && four_cc.has_composition_time()
}

/// Reads the first packet of any enhanced body, and tells which tracks are left.
///
/// `cursor` stands behind the first byte.
pub(super) fn decode<'a>(
    kind: MediaKind,
    first: u8,
    mut cursor: Cursor<'a>,
    dts: Timestamp,
) -> (Result<Packet<'a>, Malformed>, Option<Tracks<'a>>) {
    match ExHeader::decode(kind, first, &mut cursor) {
        Ok(header) => {
            let tracks = Tracks {
                header,
                cursor,
                dts,
            };
            tracks.next()
        }
        Err(error) => (Err(error), None),
    }
}

/// The tracks of a body that have not been read.
#[derive(Debug, Clone)]
pub(super) struct Tracks<'a> {
    header: ExHeader<'a>,
    cursor: Cursor<'a>,
    dts: Timestamp,
}

impl<'a> Tracks<'a> {
    /// Bytes that have not been read; never none.
    pub(super) const fn unread(&self) -> &'a [u8] {
        self.cursor.rest()
    }

    /// Reads a track, and tells what is left behind it.
    #[inline(never)]
    pub(super) fn next(mut self) -> (Result<Packet<'a>, Malformed>, Option<Self>) {
        let packet = self.header.track(&mut self.cursor, self.dts);
        let left = packet.is_ok() && self.header.has_more_tracks(&self.cursor);
        (packet, left.then_some(self))
    }
}

/// What an enhanced body says before its first track.
#[derive(Debug, Clone, Copy)]
struct ExHeader<'a> {
    kind: MediaKind,
    frame_type: FrameType,
    mod_ex: ModExList<'a>,
    nano: u32,
    packet_type: PacketType,
    multitrack: Option<MultitrackType>,
    /// Named once for all tracks; `None` before the codecs of `ManyTracksManyCodecs`.
    four_cc: Option<FourCc>,
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
    fn decode(kind: MediaKind, first: u8, cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
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
    fn track(&self, cursor: &mut Cursor<'a>, dts: Timestamp) -> Result<Packet<'a>, Malformed> {
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
        if four_cc.is_some_and(|code| has_composition_time(self.kind, self.packet_type, code)) {
            packet.cts = body.i24("compositionTime")?;
        }
        packet.set_payload(body);
        Ok(packet)
    }

    /// Whether more tracks may stand behind the one just read.
    fn has_more_tracks(&self, cursor: &Cursor<'_>) -> bool {
        matches!(
            self.multitrack,
            Some(MultitrackType::ManyTracks | MultitrackType::ManyTracksManyCodecs)
        ) && !cursor.is_empty()
    }
}
