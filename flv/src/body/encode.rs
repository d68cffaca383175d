//! Packets back into bodies.

use alloc::vec::Vec;
use core::ops::Deref;

use smallvec::SmallVec;

use super::SoundHeader;
use super::codec_id::{Codec, VideoCodecId};
use super::mod_ex::{MOD_EX, ModExType, NANO_MAX};
use super::packet::{FrameType, MediaKind, MultitrackType, Packet, PacketType};
use crate::cursor::u24_bytes;
use crate::tag::body_len;
use crate::{EncodeError, FourCc};

/// The bytes of a body in front of the payload; on the stack unless there are long modifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyHead {
    bytes: SmallVec<[u8; 24]>,
}

impl Deref for BodyHead {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Packet<'_> {
    /// The bytes that stand in front of this packet's payload when it has a body of its own.
    ///
    /// The codec decides the form: one of a legacy registry gives a legacy body, a FourCC gives
    /// an enhanced body, in a Multitrack of one when the track is not 0 or
    /// [`multitrack`](Self::multitrack) says so.
    ///
    /// ```
    /// use weir_flv::body::{Codec, MediaKind, Packet, PacketType, VideoCodecId};
    /// use weir_flv::{FourCc, Timestamp};
    ///
    /// let now = Timestamp::ZERO;
    /// let mut packet = Packet::new(
    ///     MediaKind::Video,
    ///     Codec::Video(VideoCodecId::AVC),
    ///     PacketType::CodedFrames,
    ///     now,
    /// );
    /// packet.cts = 80;
    /// assert_eq!(&packet.encode_head()?[..], [0x17, 1, 0, 0, 80]);
    /// packet.codec = Codec::FourCc(FourCc::HEVC);
    /// assert_eq!(&packet.encode_head()?[..], b"\x91hvc1\0\0\x50");
    /// # Ok::<(), weir_flv::EncodeError>(())
    /// ```
    /// # Errors
    /// [`EncodeError`] when the form has no place for the track, the modifiers or the packet
    /// type, or a number does not fit.
    pub fn encode_head(&self) -> Result<BodyHead, EncodeError> {
        let mut bytes = SmallVec::new();
        match self.codec {
            Codec::Audio(_) | Codec::Video(_) => legacy(self, &mut bytes)?,
            Codec::FourCc(_) | Codec::None => {
                let multitrack = match self.multitrack {
                    None if self.track.as_u8() != 0 => Some(MultitrackType::OneTrack),
                    as_read => as_read,
                };
                enhanced_head(self, multitrack, &mut bytes)?;
                track_head(self, multitrack, &mut bytes)?;
            }
        }
        Ok(BodyHead { bytes })
    }
}

/// Writes the body of one tag: one packet, or several of one kind as tracks.
///
/// The inverse of [`packets`](super::packets). Several packets make an enhanced Multitrack body,
/// of one codec or of many.
///
/// # Errors
/// [`EncodeError`] when the packets differ in what a body says once (kind, frame type, packet
/// type, modifiers), when several are not enhanced, or when a number does not fit its field.
pub fn encode(packets: &[Packet<'_>]) -> Result<Vec<u8>, EncodeError> {
    let Some((first, others)) = packets.split_first() else {
        return Ok(Vec::new());
    };
    let mut body = SmallVec::<[u8; 24]>::new();
    if others.is_empty()
        && first
            .multitrack
            .is_none_or(|kind| kind == MultitrackType::OneTrack)
    {
        let head = first.encode_head()?;
        body.reserve(head.len() + first.payload.len());
        body.extend_from_slice(&head);
        body.extend_from_slice(first.payload);
        return Ok(body.into_vec());
    }
    for other in others {
        same("kind", first.kind == other.kind)?;
        same("frame type", first.frame_type == other.frame_type)?;
        same("packet type", first.packet_type == other.packet_type)?;
        same(
            "modifiers",
            first.mod_ex == other.mod_ex && first.nano == other.nano,
        )?;
    }
    let one_codec = others.iter().all(|other| other.codec == first.codec);
    let multitrack = match first.multitrack {
        Some(MultitrackType::ManyTracksManyCodecs) => MultitrackType::ManyTracksManyCodecs,
        _ if one_codec => MultitrackType::ManyTracks,
        _ => MultitrackType::ManyTracksManyCodecs,
    };
    enhanced_head(first, Some(multitrack), &mut body)?;
    for packet in packets {
        track_head(packet, Some(multitrack), &mut body)?;
        body.extend_from_slice(packet.payload);
    }
    Ok(body.into_vec())
}

fn legacy(packet: &Packet<'_>, out: &mut SmallVec<[u8; 24]>) -> Result<(), EncodeError> {
    place(
        LEGACY,
        "a track",
        packet.track.as_u8() == 0 && packet.multitrack.is_none(),
    )?;
    place(
        LEGACY,
        "modifiers",
        packet.nano == 0 && packet.mod_ex.is_empty(),
    )?;
    let number = packet.packet_type.legacy_number(packet.kind);
    match (packet.kind, packet.codec) {
        (MediaKind::Audio, Codec::Audio(format)) => {
            let low = packet.sound.map_or(0x0f, SoundHeader::as_u8) & 0x0f;
            out.push(format.as_u8() << 4 | low);
            if format.has_packet_type() {
                out.push(number.ok_or(NoPlace(LEGACY, "this packet type"))?);
            } else {
                place(
                    LEGACY,
                    "this packet type",
                    packet.packet_type == PacketType::CodedFrames,
                )?;
            }
        }
        (MediaKind::Video, Codec::Video(id)) => {
            out.push(frame_bits(packet)? << 4 | id.as_u8() & 0x0f);
            if packet.packet_type == PacketType::Command {
                return place(
                    LEGACY,
                    "this frame type",
                    packet.frame_type == FrameType::COMMAND,
                );
            }
            place(
                LEGACY,
                "this frame type",
                packet.frame_type != FrameType::COMMAND,
            )?;
            if id.has_packet_type() {
                out.push(number.ok_or(NoPlace(LEGACY, "this packet type"))?);
                out.extend_from_slice(&composition_time(packet.cts)?);
                return Ok(());
            }
            place(
                LEGACY,
                "this packet type",
                packet.packet_type == PacketType::CodedFrames,
            )?;
            place(LEGACY, "a composition time", packet.cts == 0)?;
            if matches!(id, VideoCodecId::VP6 | VideoCodecId::VP6_ALPHA) {
                out.push(packet.vp6_crop.unwrap_or(0));
            }
        }
        _ => return Err(NoPlace(LEGACY, "a codec of the other kind").into()),
    }
    Ok(())
}

/// Everything up to the first track.
fn enhanced_head(
    packet: &Packet<'_>,
    multitrack: Option<MultitrackType>,
    out: &mut SmallVec<[u8; 24]>,
) -> Result<(), EncodeError> {
    let mut number = packet
        .packet_type
        .enhanced_number(packet.kind)
        .ok_or(NoPlace(ENHANCED, "this packet type"))?;
    let structural = [MOD_EX, packet.kind.multitrack_number()];
    place(ENHANCED, "this packet type", !structural.contains(&number))?;
    let inner = number;
    let is_command = packet.packet_type == PacketType::Command;
    if packet.kind == MediaKind::Video && packet.packet_type != PacketType::Metadata {
        let flagged = packet.frame_type == FrameType::COMMAND;
        place(ENHANCED, "this frame type", flagged == is_command)?;
    }
    if multitrack.is_some() && !is_command {
        number = packet.kind.multitrack_number();
    }
    let high = match packet.kind {
        MediaKind::Audio => 0x90,
        MediaKind::Video => 0x80 | frame_bits(packet)? << 4,
    };
    if packet.mod_ex.is_empty() && packet.nano == 0 {
        out.push(high | number);
    } else {
        out.push(high | MOD_EX);
        mod_ex(packet, number, out)?;
    }
    if is_command {
        return Ok(());
    }
    if let Some(multitrack) = multitrack {
        out.push(multitrack.as_u8() << 4 | inner);
    }
    if multitrack != Some(MultitrackType::ManyTracksManyCodecs) {
        out.extend_from_slice(&four_cc(packet)?.as_bytes());
    }
    Ok(())
}

/// The modifiers as they were read, or with the time offset replaced when it was changed since.
fn mod_ex(packet: &Packet<'_>, next: u8, out: &mut SmallVec<[u8; 24]>) -> Result<(), EncodeError> {
    range(
        "nanoseconds",
        packet.nano.into(),
        0..=NANO_MAX.into(),
        "0 to 999999",
    )?;
    let changed = packet.mod_ex.nano() != packet.nano;
    let nano = u24_bytes(packet.nano);
    let kept = packet
        .mod_ex
        .iter()
        .filter(|old| !changed || old.nano().is_none())
        .map(|old| (old.kind, old.data));
    let new = (ModExType::TIMESTAMP_OFFSET_NANO, &nano[..]);
    let mut entries = kept
        .chain((changed && packet.nano != 0).then_some(new))
        .peekable();
    while let Some((kind, data)) = entries.next() {
        let len = data.len();
        match u8::try_from(len.wrapping_sub(1)) {
            Ok(short) if short < 0xff => out.push(short),
            _ => {
                let long = u16::try_from(len.wrapping_sub(1))
                    .map_err(|_| NoPlace(ENHANCED, "a modifier of this length"))?;
                out.push(0xff);
                out.extend_from_slice(&long.to_be_bytes());
            }
        }
        out.extend_from_slice(data);
        let follows = if entries.peek().is_some() {
            MOD_EX
        } else {
            next
        };
        out.push(kind.as_u8() << 4 | follows);
    }
    Ok(())
}

fn track_head(
    packet: &Packet<'_>,
    multitrack: Option<MultitrackType>,
    out: &mut SmallVec<[u8; 24]>,
) -> Result<(), EncodeError> {
    if packet.packet_type == PacketType::Command {
        return Ok(());
    }
    let code = four_cc(packet)?;
    let has_cts = packet.kind == MediaKind::Video
        && packet.packet_type == PacketType::CodedFrames
        && code.has_composition_time();
    if !has_cts {
        place(ENHANCED, "a composition time", packet.cts == 0)?;
    }
    if let Some(multitrack) = multitrack {
        if multitrack == MultitrackType::ManyTracksManyCodecs {
            out.extend_from_slice(&code.as_bytes());
        }
        out.push(packet.track.as_u8());
        if multitrack != MultitrackType::OneTrack {
            let len = packet.payload.len() + if has_cts { 3 } else { 0 };
            out.extend_from_slice(&u24_bytes(body_len(len)?));
        }
    }
    if has_cts {
        out.extend_from_slice(&composition_time(packet.cts)?);
    }
    Ok(())
}

fn four_cc(packet: &Packet<'_>) -> Result<FourCc, EncodeError> {
    match packet.codec {
        Codec::FourCc(code) => Ok(code),
        _ => Err(NoPlace(ENHANCED, "a legacy codec").into()),
    }
}

fn frame_bits(packet: &Packet<'_>) -> Result<u8, EncodeError> {
    let bits = packet.frame_type.as_u8();
    range("frame type", bits.into(), 0..=7, "0 to 7")?;
    Ok(bits)
}

fn composition_time(cts: i32) -> Result<[u8; 3], EncodeError> {
    range(
        "composition time",
        cts.into(),
        -0x80_0000..=0x7f_ffff,
        "-8388608 to 8388607",
    )?;
    Ok(u24_bytes(cts as u32 & 0xff_ffff))
}

fn range(
    what: &'static str,
    got: i64,
    fits: core::ops::RangeInclusive<i64>,
    allowed: &'static str,
) -> Result<(), EncodeError> {
    if fits.contains(&got) {
        Ok(())
    } else {
        Err(EncodeError::Range { what, got, allowed })
    }
}

const fn place(form: &'static str, what: &'static str, fits: bool) -> Result<(), EncodeError> {
    if fits {
        Ok(())
    } else {
        Err(EncodeError::NoPlace { form, what })
    }
}

const fn same(what: &'static str, equal: bool) -> Result<(), EncodeError> {
    if equal {
        Ok(())
    } else {
        Err(EncodeError::Mixed { what })
    }
}

/// Short for the error it turns into.
struct NoPlace(&'static str, &'static str);

impl From<NoPlace> for EncodeError {
    fn from(NoPlace(form, what): NoPlace) -> Self {
        Self::NoPlace { form, what }
    }
}

const LEGACY: &str = "legacy";
const ENHANCED: &str = "enhanced";
