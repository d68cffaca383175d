//! FLV files in scuffle-flv, xflv and oxideav-flv; records in scuffle's codec crates.

use std::hint::black_box;
use std::io::Cursor;

use byteorder::{BigEndian, ReadBytesExt};
use bytes::{Buf, Bytes, BytesMut};
use bytesio::bytes_reader::BytesReader;
use oxideav_core::{Demuxer, NullCodecResolver};
use scuffle_aac::PartialAudioSpecificConfig;
use scuffle_flv::audio::body::AudioTagBody;
use scuffle_flv::audio::body::enhanced::{AudioPacket, ExAudioTagBody};
use scuffle_flv::audio::body::legacy::{LegacyAudioTagBody, aac::AacAudioData};
use scuffle_flv::tag::{FlvTag, FlvTagData};
use scuffle_flv::video::body::VideoTagBody;
use scuffle_flv::video::body::enhanced::{ExVideoTagBody, VideoPacket, VideoPacketCodedFrames};
use scuffle_flv::video::body::legacy::LegacyVideoTagBody;
use weir_flv::{Tag, TagKind};
use xflv::Unmarshal;
use xflv::define::FlvData;
use xflv::flv_tag_header::{AudioTagHeader, VideoTagHeader};

/// Reads a file and returns how many frames of sound and pictures it has, and their bytes.
pub type Reader = fn(&Bytes) -> (u64, u64);

/// Appends tags to a file.
pub type Writer = fn(&[Tag], &mut Vec<u8>);

/// Peers that read, and whether they know E-RTMP.
pub const READERS: &[(&str, Reader, bool)] = &[
    ("scuffle-flv", scuffle, true),
    ("xflv", xflv, false),
    ("oxideav-flv", oxideav, true),
];

/// Peers that write.
pub const WRITERS: &[(&str, Writer)] = &[("xflv", xflv_writer), ("oxideav-flv", oxideav_writer)];

/// scuffle-flv, tag by tag; it reads configurations and metadata on the way.
pub fn scuffle(file: &Bytes) -> (u64, u64) {
    let mut sum = (0, 0);
    let mut reader = Cursor::new(file.clone());
    reader.set_position(9);
    loop {
        reader.read_u32::<BigEndian>().expect("PreviousTagSize");
        if !reader.has_remaining() {
            return sum;
        }
        let tag = FlvTag::demux(&mut reader).expect("a valid tag");
        if let Some(data) = frame(&black_box(tag).data) {
            sum = (sum.0 + 1, sum.1 + black_box(data).len() as u64);
        }
    }
}

fn frame<'a>(tag: &'a FlvTagData<'_>) -> Option<&'a Bytes> {
    match tag {
        FlvTagData::Audio(audio) => match &audio.body {
            AudioTagBody::Legacy(LegacyAudioTagBody::Aac(AacAudioData::Raw(data)))
            | AudioTagBody::Enhanced(ExAudioTagBody::NoMultitrack {
                packet: AudioPacket::CodedFrames { data },
                ..
            }) => Some(data),
            _ => None,
        },
        FlvTagData::Video(video) => match &video.body {
            VideoTagBody::Legacy(LegacyVideoTagBody::Other { data })
            | VideoTagBody::Enhanced(ExVideoTagBody::NoMultitrack {
                packet: VideoPacket::CodedFrames(VideoPacketCodedFrames::Hevc { data, .. }),
                ..
            }) => Some(data),
            _ => None,
        },
        _ => None,
    }
}

/// xflv, legacy bodies. It wants the file in a buffer of its own, so that is copied.
pub fn xflv(file: &Bytes) -> (u64, u64) {
    let mut sum = (0, 0);
    let mut demuxer = xflv::demuxer::FlvDemuxer::new(BytesMut::from(&file[..]));
    demuxer.read_flv_header().expect("a header");
    while let Ok(tag) = demuxer.read_flv_tag() {
        let len = match tag {
            Some(FlvData::Video { timestamp, data }) => {
                let mut reader = BytesReader::new(data);
                let header = VideoTagHeader::unmarshal(&mut reader).expect("a valid body");
                black_box((timestamp, &header));
                (header.avc_packet_type == 1).then(|| reader.len())
            }
            Some(FlvData::Audio { timestamp, data }) => {
                let mut reader = BytesReader::new(data);
                let header = AudioTagHeader::unmarshal(&mut reader).expect("a valid body");
                black_box((timestamp, &header));
                (header.aac_packet_type == 1).then(|| reader.len())
            }
            _ => None,
        };
        if let Some(len) = len {
            sum = (sum.0 + 1, sum.1 + len as u64);
        }
    }
    sum
}

/// oxideav-flv; it copies each body out of the file.
pub fn oxideav(file: &Bytes) -> (u64, u64) {
    let mut sum = (0, 0);
    let input = Box::new(Cursor::new(file.clone()));
    let mut demuxer =
        oxideav_flv::open_demuxer_concrete(input, &NullCodecResolver).expect("a valid file");
    while let Ok(packet) = demuxer.next_packet() {
        if !packet.flags.header {
            sum = (sum.0 + 1, sum.1 + black_box(packet).data.len() as u64);
        }
    }
    sum
}

/// xflv's muxer, which has a buffer of its own and takes bodies only in buffers of their own.
pub fn xflv_writer(tags: &[Tag], out: &mut Vec<u8>) {
    let mut muxer = xflv::muxer::FlvMuxer::new();
    for tag in tags {
        let len = u32::try_from(tag.body.len()).expect("a short body");
        let time = tag.timestamp.as_millis();
        let body = BytesMut::from(&tag.body[..]);
        muxer
            .write_flv_tag_header(tag.kind.as_u8(), len, time)
            .and_then(|()| muxer.write_flv_tag_body(body))
            .and_then(|()| muxer.write_previous_tag_size(len + 11))
            .expect("memory");
        out.extend_from_slice(&muxer.writer.extract_current_bytes());
    }
}

/// oxideav-flv's writer.
pub fn oxideav_writer(tags: &[Tag], out: &mut Vec<u8>) {
    use oxideav_flv::tag::{TagType, write_tag};
    for tag in tags {
        let kind = match tag.kind {
            TagKind::AUDIO => TagType::Audio,
            TagKind::VIDEO => TagType::Video,
            _ => TagType::ScriptData,
        };
        write_tag(out, kind, tag.timestamp.as_millis(), 0, &tag.body).expect("a vector");
    }
}

/// scuffle-h264's record and SPS.
pub fn avc(record: &[u8]) -> (u64, u64) {
    let mut reader = Cursor::new(Bytes::copy_from_slice(record));
    let record = scuffle_h264::AVCDecoderConfigurationRecord::parse(&mut reader).expect("a record");
    let sps = record.sps.first().expect("an SPS");
    let sps = scuffle_h264::Sps::parse_with_emulation_prevention(Cursor::new(&sps[..]));
    let sps = sps.expect("an SPS");
    (sps.width(), sps.height())
}

/// scuffle-h265's record and SPS.
pub fn hevc(record: &[u8]) -> (u64, u64) {
    let record = scuffle_h265::HEVCDecoderConfigurationRecord::demux(Cursor::new(record));
    let record = record.expect("a record");
    let sps = record
        .arrays
        .iter()
        .find(|array| array.nal_unit_type == scuffle_h265::NALUnitType::SpsNut)
        .and_then(|array| array.nalus.first())
        .expect("an SPS");
    let sps = scuffle_h265::SpsNALUnit::parse(Cursor::new(&sps[..])).expect("an SPS");
    (sps.rbsp.cropped_width(), sps.rbsp.cropped_height())
}

/// scuffle-aac's config.
pub fn aac(config: &[u8]) -> u32 {
    PartialAudioSpecificConfig::parse(config)
        .expect("a config")
        .sampling_frequency
}
