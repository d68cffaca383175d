//! The one packetizer of all formats.

use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};

use super::codec::{Codec, UnsupportedFormat};
use super::{Framing, PacketizeError, aac, ac3, av1, h264, h265, jpeg, latm, mpa, raw, vp8, vp9};
use crate::rtp::{RtpTime, SequenceNumber, Ssrc};

/// How a track is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PacketizerConfig {
    /// The payload type of the SDP, 0 to 127.
    pub payload_type: u8,
    /// The source, random by the specification.
    pub ssrc: Ssrc,
    /// The number of the first packet, random by the specification. Default: 0.
    pub first_sequence: SequenceNumber,
    /// The longest packet with its RTP header, in bytes. Default: 1200, which fits every path.
    ///
    /// FFmpeg sends 1472, live555 1452, GStreamer 1400; over TCP up to 65535 saves cost.
    pub max_packet_len: usize,
    /// How the units of a frame that is given stand in it. Default: Annex B.
    pub framing: Framing,
}

impl PacketizerConfig {
    /// Makes a configuration with the defaults.
    pub const fn new(payload_type: u8, ssrc: Ssrc) -> Self {
        Self {
            payload_type,
            ssrc,
            first_sequence: SequenceNumber::new(0),
            max_packet_len: 1200,
            framing: Framing::AnnexB,
        }
    }
}

/// Turns the frames of one track into packets.
#[derive(Debug)]
pub struct Packetizer {
    format: Format,
    head: PacketHead,
    /// Bytes of payload a packet may carry.
    room: usize,
    sequence: SequenceNumber,
    packet_count: u32,
    octet_count: u64,
}

#[derive(Debug)]
enum Format {
    H264(h264::Packetizer),
    H265(h265::Packetizer),
    Av1(av1::Packetizer),
    Vp8(vp8::Packetizer),
    Vp9(vp9::Packetizer),
    Jpeg(jpeg::Packetizer),
    Aac(aac::Packetizer),
    Latm(latm::Packetizer),
    Mpa(mpa::Packetizer),
    Ac3(ac3::Packetizer),
    Raw(raw::Packetizer),
}

/// The packets of one frame, made by [`Packetizer::packetize`].
#[derive(Debug)]
pub struct Packets<'a> {
    packetizer: &'a mut Packetizer,
    cursor: Cursor<'a>,
    /// What is left of the payload of the last body, for packets of `piece` bytes.
    run: &'a [u8],
    piece: usize,
}

#[derive(Debug)]
enum Cursor<'a> {
    H264(h264::Cursor<'a>),
    H265(h265::Cursor<'a>),
    Av1(av1::Cursor<'a>),
    Vp8(vp8::Cursor<'a>),
    Vp9(vp9::Cursor<'a>),
    Jpeg(jpeg::Cursor<'a>),
    Aac(aac::Cursor<'a>),
    Latm(latm::Cursor<'a>),
    Mpa(mpa::Cursor<'a>),
    Ac3(ac3::Cursor<'a>),
    Raw(raw::Cursor<'a>),
}

impl Packetizer {
    /// Makes a packetizer.
    ///
    /// # Errors
    /// [`UnsupportedFormat`] if the parameters of the codec cannot be used, or the packet length
    /// or payload type of the configuration cannot.
    pub fn new(codec: &Codec, config: PacketizerConfig) -> Result<Self, UnsupportedFormat> {
        let room = config
            .max_packet_len
            .min(MAX_PACKET)
            .checked_sub(HEADER_LEN);
        let Some(room @ MIN_ROOM..) = room else {
            return Err(UnsupportedFormat::new("max_packet_len"));
        };
        if config.payload_type > 127 {
            return Err(UnsupportedFormat::new("payload_type"));
        }
        let framing = config.framing;
        let format = match codec {
            Codec::H264(parameters) => Format::H264(h264::Packetizer::new(parameters, framing)),
            Codec::H265(parameters) => Format::H265(h265::Packetizer::new(parameters, framing)),
            Codec::Av1(_) => Format::Av1(av1::Packetizer),
            Codec::Vp8 => Format::Vp8(vp8::Packetizer::default()),
            Codec::Vp9(_) => Format::Vp9(vp9::Packetizer::default()),
            Codec::Jpeg => Format::Jpeg(jpeg::Packetizer),
            Codec::Aac(parameters) => Format::Aac(aac::Packetizer::new(parameters, framing)?),
            Codec::Latm(parameters) => Format::Latm(latm::Packetizer::new(parameters)?),
            Codec::Mpa => Format::Mpa(mpa::Packetizer),
            Codec::Ac3(parameters) => Format::Ac3(ac3::Packetizer::new(*parameters)),
            Codec::Opus(_) => Format::Raw(raw::Packetizer::opus()),
            Codec::Pcm(parameters) => Format::Raw(raw::Packetizer::pcm(*parameters)),
            Codec::Mp2t => Format::Raw(raw::Packetizer::transport_stream()),
            Codec::Raw(_) => Format::Raw(raw::Packetizer::whole()),
        };
        Ok(Self {
            format,
            head: PacketHead::new(config.payload_type, config.ssrc),
            room,
            sequence: config.first_sequence,
            packet_count: 0,
            octet_count: 0,
        })
    }

    /// Begins the packets of a frame, which the caller then takes one by one. Packets not taken
    /// are not made.
    ///
    /// # Errors
    /// [`PacketizeError`] if the frame is not what its format or framing says.
    pub fn packetize<'a>(
        &'a mut self,
        frame: &'a [u8],
        timestamp: RtpTime,
    ) -> Result<Packets<'a>, PacketizeError> {
        self.head.begin(timestamp);
        let room = self.room;
        let cursor = match &mut self.format {
            Format::H264(inner) => Cursor::H264(inner.begin(frame, room)?),
            Format::H265(inner) => Cursor::H265(inner.begin(frame, room)?),
            Format::Av1(inner) => Cursor::Av1(inner.begin(frame)?),
            Format::Vp8(inner) => Cursor::Vp8(inner.begin(frame)?),
            Format::Vp9(inner) => Cursor::Vp9(inner.begin(frame)?),
            Format::Jpeg(inner) => Cursor::Jpeg(inner.begin(frame)?),
            Format::Aac(inner) => Cursor::Aac(inner.begin(frame)?),
            Format::Latm(inner) => Cursor::Latm(inner.begin(frame)?),
            Format::Mpa(inner) => Cursor::Mpa(inner.begin(frame)?),
            Format::Ac3(inner) => Cursor::Ac3(inner.begin(frame, room)?),
            Format::Raw(inner) => Cursor::Raw(inner.begin(frame, room)?),
        };
        Ok(Packets {
            packetizer: self,
            cursor,
            run: &[],
            piece: 0,
        })
    }

    /// The number the next packet will have, for RTP-Info.
    pub const fn next_sequence(&self) -> SequenceNumber {
        self.sequence
    }

    /// The source of the packets.
    pub fn ssrc(&self) -> Ssrc {
        self.head.ssrc
    }

    /// Packets made so far, wrapping, for sender reports.
    pub const fn packet_count(&self) -> u32 {
        self.packet_count
    }

    /// Payload bytes made so far, wrapping, for sender reports.
    pub const fn octet_count(&self) -> u32 {
        let [_, _, _, _, low @ ..] = self.octet_count.to_be_bytes();
        u32::from_be_bytes(low)
    }
}

impl Packets<'_> {
    /// The next packet of the frame; it lasts until the next call.
    #[inline]
    pub fn next_packet(&mut self) -> Option<Packet<'_>> {
        if self.run.is_empty() {
            self.next_body()?;
        }
        let piece = self.run.split_at_checked(self.piece);
        let (payload, rest) = piece.unwrap_or((self.run, &[]));
        self.run = rest;
        let packetizer = &mut *self.packetizer;
        packetizer.head.put_sequence(packetizer.sequence);
        packetizer.sequence = packetizer.sequence.next();
        packetizer.packet_count = packetizer.packet_count.wrapping_add(1);
        let packet = Packet {
            head: &packetizer.head.bytes,
            payload,
        };
        packetizer.octet_count += (packet.len() - HEADER_LEN) as u64;
        Some(packet)
    }

    /// Asks the format for the payload of the next packet, or of several that have one head.
    fn next_body(&mut self) -> Option<()> {
        let (room, head) = (self.packetizer.room, &mut self.packetizer.head);
        head.bytes.truncate(HEADER_LEN);
        let body = match &mut self.cursor {
            Cursor::H264(cursor) => cursor.next(room, head),
            Cursor::H265(cursor) => cursor.next(room, head),
            Cursor::Av1(cursor) => cursor.next(room, head),
            Cursor::Vp8(cursor) => cursor.next(room, head),
            Cursor::Vp9(cursor) => cursor.next(room, head),
            Cursor::Jpeg(cursor) => cursor.next(room, head),
            Cursor::Aac(cursor) => cursor.next(room, head),
            Cursor::Latm(cursor) => cursor.next(room, head),
            Cursor::Mpa(cursor) => cursor.next(room, head),
            Cursor::Ac3(cursor) => cursor.next(room, head),
            Cursor::Raw(cursor) => cursor.next(room, head),
        }?;
        head.put_marker(body.marker);
        self.run = body.payload;
        self.piece = body.piece;
        Some(())
    }

    /// The next packet, copied behind each other into blocks that packets share.
    pub fn next_bytes(&mut self, block: &mut BytesMut) -> Option<Bytes> {
        let packet = self.next_packet()?;
        if block.capacity() - block.len() < packet.len() {
            block.reserve(BLOCK_LEN.max(packet.len()));
        }
        block.extend_from_slice(packet.head);
        block.extend_from_slice(packet.payload);
        Some(block.split().freeze())
    }
}

/// A packet in two parts: what was made for it, and a slice of the frame.
///
/// Written one after the other, for example with `write_vectored`, they are the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet<'a> {
    /// The RTP header, the header of the payload format, and units that were aggregated.
    pub head: &'a [u8],
    /// The rest of the payload, a slice of the frame. May be empty.
    pub payload: &'a [u8],
}

impl Packet<'_> {
    /// Length of the packet in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a packet has a header")]
    pub const fn len(&self) -> usize {
        self.head.len() + self.payload.len()
    }

    /// Appends the packet to a buffer.
    #[inline]
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.head);
        out.extend_from_slice(self.payload);
    }

    /// The packet in a buffer of its own.
    pub fn to_vec(&self) -> Vec<u8> {
        [self.head, self.payload].concat()
    }
}

/// What a format adds to the head it was given.
#[derive(Debug)]
pub(super) struct Body<'a> {
    payload: &'a [u8],
    /// Bytes of the payload per packet.
    piece: usize,
    marker: bool,
}

impl<'a> Body<'a> {
    /// The payload of one packet; empty if all of it stands in the head.
    pub(super) const fn packet(payload: &'a [u8], marker: bool) -> Self {
        Self {
            payload,
            piece: payload.len(),
            marker,
        }
    }

    /// The payloads of packets of `room` bytes that differ in their numbers only, cut off `rest`
    /// so that some is left for the packet that ends it; none if `rest` fits one packet.
    #[inline]
    pub(super) fn cut_run(rest: &mut &'a [u8], room: usize) -> Option<Self> {
        let len = rest.len().checked_sub(1)? / room * room;
        let (payload, left) = rest.split_at_checked(len).filter(|_| len > 0)?;
        *rest = left;
        Some(Self {
            payload,
            piece: room,
            marker: false,
        })
    }
}

/// The head of a packet in progress: the RTP header, then what the format puts before the
/// payload.
#[derive(Debug)]
pub(super) struct PacketHead {
    /// bytes.len() >= 12
    bytes: Vec<u8>,
    ssrc: Ssrc,
    payload_type: u8,
    timestamp: RtpTime,
}

impl PacketHead {
    fn new(payload_type: u8, ssrc: Ssrc) -> Self {
        let mut bytes = alloc::vec![0x80, payload_type, 0, 0, 0, 0, 0, 0];
        bytes.extend_from_slice(&ssrc.get().to_be_bytes());
        Self {
            bytes,
            ssrc,
            payload_type,
            timestamp: RtpTime::new(0),
        }
    }

    fn begin(&mut self, timestamp: RtpTime) {
        self.timestamp = timestamp;
        self.put_timestamp(timestamp);
    }

    fn put_timestamp(&mut self, timestamp: RtpTime) {
        if let Some(field) = self.bytes.get_mut(4..8) {
            field.copy_from_slice(&timestamp.get().to_be_bytes());
        }
    }

    /// Gives this packet and those after it a time this much after that of the frame.
    pub(super) fn advance(&mut self, units: u32) {
        self.put_timestamp(self.timestamp.wrapping_add(units));
    }

    fn put_marker(&mut self, marker: bool) {
        if let Some(byte) = self.bytes.get_mut(1) {
            *byte = self.payload_type | if marker { 0x80 } else { 0 };
        }
    }

    #[inline]
    fn put_sequence(&mut self, sequence: SequenceNumber) {
        if let Some(field) = self.bytes.get_mut(2..4) {
            field.copy_from_slice(&sequence.get().to_be_bytes());
        }
    }

    #[inline]
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds a unit behind its 16-bit size.
    pub(super) fn extend_sized(&mut self, unit: &[u8]) {
        let size = u16::try_from(unit.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&size.to_be_bytes());
        self.bytes.extend_from_slice(unit);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Changes a byte that was added before.
    pub(super) fn set(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.bytes.get_mut(at) {
            *place = byte;
        }
    }
}

const HEADER_LEN: usize = 12;
/// What an interleaved frame can hold.
const MAX_PACKET: usize = 65_535;
/// Room for the longest header of a format and some payload.
const MIN_ROOM: usize = 160;
/// How much is allocated at once for packets that share a block.
const BLOCK_LEN: usize = 64 << 10;
