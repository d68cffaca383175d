//! Reading tests/data: files made by FFmpeg 5.1.9 and 9.0.2 (o*), by hand from the
//! specifications (os*), and broken on purpose (ob*), each with its truth beside it.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use serde_json::Value;
use weir_flv::DemuxError;
use weir_flv::file::{Demuxer, Event, FileTag, Mode};

pub(crate) struct Vector {
    pub(crate) file: Bytes,
    pub(crate) truth: Value,
}

pub(crate) fn load(name: &str) -> Vector {
    let file = fs::read(path(&format!("{name}.flv"))).expect("vector");
    let truth = fs::read(path(&format!("{name}.json"))).expect("truth");
    Vector {
        file: file.into(),
        truth: serde_json::from_slice(&truth).expect("JSON"),
    }
}

pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// Names of the vectors that begin with `prefix`, without suffix, in order.
pub(crate) fn names(prefix: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path(""))
        .expect("tests/data")
        .filter_map(|entry| entry.expect("entry").file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".flv").map(str::to_owned))
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no vector begins with {prefix}");
    names
}

/// All events of a file cut at `cuts`.
pub(crate) fn demux(
    mode: Mode,
    pieces: impl IntoIterator<Item = Bytes>,
) -> (Vec<Event>, Option<DemuxError>) {
    let mut demuxer = Demuxer::new(mode);
    let mut events = Vec::new();
    for piece in pieces {
        demuxer.push(piece);
        if let Some(error) = drain(&mut demuxer, &mut events) {
            return (events, Some(error));
        }
    }
    demuxer.finish();
    let error = drain(&mut demuxer, &mut events);
    (events, error)
}

fn drain(demuxer: &mut Demuxer, events: &mut Vec<Event>) -> Option<DemuxError> {
    loop {
        match demuxer.poll_event() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return None,
            Err(error) => return Some(error),
        }
    }
}

pub(crate) fn tags(events: &[Event]) -> Vec<&FileTag> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Tag(tag) => Some(tag),
            _ => None,
        })
        .collect()
}

/// The tags of a vector that must be read without any complaint.
pub(crate) fn clean_tags(file: &Bytes) -> Vec<FileTag> {
    let (events, error) = demux(Mode::Strict, [file.clone()]);
    assert_eq!(error, None);
    tags(&events).into_iter().cloned().collect()
}

/// CRC-32 as in zlib, which the truth files use.
pub(crate) fn crc32(bytes: &[u8]) -> String {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    format!("{:08x}", !crc)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16);
    digits
        .chunks(2)
        .map(|digits| pair(digits).expect("hex"))
        .collect()
}
