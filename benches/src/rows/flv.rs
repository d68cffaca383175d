//! FLV files and codec configuration records.

use std::hint::black_box;

use weir_flv::Tag;

use super::{Amount, Row, Run, run};
use crate::flv::{self as inputs, FILES, FlvFile, READ_LEN};
#[cfg(feature = "peers")]
use crate::peers::flv as peers;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(FILES.map(walk));
    rows.extend(FILES.map(demux));
    rows.extend(["8.6KB", "608B"].map(reads));
    rows.push(tags("heads", "608B").weir(|| on_tags("608B", inputs::heads)));
    rows.push(tags("framed", "608B").weir(|| on_tags("608B", inputs::framed)));
    rows.extend(["8.6KB", "608B"].map(mux));
    rows.extend(records());
    rows
}

fn tags(what: &str, name: &'static str) -> Row {
    Row::new(format!("flv/{what}/{name}"), move || {
        Amount::Elements(FlvFile::new(name).tags.len() as u64, "tag")
    })
}

/// Borrowed tags with the packets of their bodies.
fn walk(name: &'static str) -> Row {
    let row = tags("walk", name).weir(move || {
        let file = FlvFile::new(name);
        assert_eq!(inputs::walked(&file.bytes), inputs::floor(&file.bytes));
        run(move || inputs::walked(black_box(&file.bytes)))
    });
    with_floor(row, name)
}

/// Tags that share the file, which comes in one piece, as the peers want it.
fn demux(name: &'static str) -> Row {
    let row = tags("demux", name).weir(move || pushed(name, usize::MAX));
    let row = with_floor(row, name);
    #[cfg(feature = "peers")]
    let row = with_readers(row, name);
    row
}

/// The same in reads.
fn reads(name: &'static str) -> Row {
    let row = tags("demux_64KB", name).weir(move || pushed(name, READ_LEN));
    with_floor(row, name)
}

fn pushed(name: &str, read_len: usize) -> Run {
    let file = FlvFile::new(name);
    let sum = inputs::floor(&file.bytes);
    assert_eq!(inputs::pushed(&file.bytes, read_len), sum, "all tags");
    run(move || inputs::pushed(black_box(&file.bytes), read_len))
}

fn with_floor(row: Row, name: &'static str) -> Row {
    row.floor(move || {
        let file = FlvFile::new(name);
        run(move || inputs::floor(black_box(&file.bytes)))
    })
}

#[cfg(feature = "peers")]
fn with_readers(mut row: Row, name: &'static str) -> Row {
    for (peer, read, knows_ertmp) in peers::READERS {
        if *knows_ertmp || !name.ends_with("ertmp") {
            row = row.with(peer, move || {
                let file = FlvFile::new(name);
                // All but the metadata and two configurations are frames.
                let frames = file.tags.len() as u64 - 3;
                assert_eq!(read(&file.bytes).0, frames, "all frames");
                run(move || read(black_box(&file.bytes)))
            });
        }
    }
    row
}

fn on_tags(name: &str, operation: fn(&[Tag])) -> Run {
    let file = FlvFile::new(name);
    run(move || operation(black_box(&file.tags)))
}

/// A file in memory.
fn mux(name: &'static str) -> Row {
    let row = tags("mux", name)
        .weir(move || write(name, inputs::append_tags))
        .floor(move || write(name, inputs::copy_tags));
    #[cfg(feature = "peers")]
    let row = peers::WRITERS.iter().fold(row, |row, (peer, writer)| {
        row.with(peer, move || write(name, *writer))
    });
    row
}

fn write(name: &str, writer: fn(&[Tag], &mut Vec<u8>)) -> Run {
    let file = FlvFile::new(name);
    let mut out = Vec::with_capacity(file.bytes.len());
    writer(&file.tags, &mut out);
    assert_eq!(out.len() + 13, file.bytes.len(), "all tags");
    run(move || {
        out.clear();
        writer(black_box(&file.tags), &mut out);
        out.len()
    })
}

fn records() -> [Row; 3] {
    let row = |name, record: &'static [u8]| {
        Row::new(format!("flv/record/{name}"), || {
            Amount::Bytes(record.len() as u64)
        })
    };
    let avc =
        row("avc", inputs::AVC_RECORD).weir(|| run(|| inputs::avc(black_box(inputs::AVC_RECORD))));
    let hevc = row("hevc", inputs::HEVC_RECORD)
        .weir(|| run(|| inputs::hevc(black_box(inputs::HEVC_RECORD))));
    let aac =
        row("aac", inputs::AAC_RECORD).weir(|| run(|| inputs::aac(black_box(inputs::AAC_RECORD))));
    #[cfg(feature = "peers")]
    let avc = avc.with("scuffle-h264", || {
        let record = inputs::AVC_RECORD;
        assert_eq!(peers::avc(record), inputs::avc(record), "the same picture");
        run(|| peers::avc(black_box(inputs::AVC_RECORD)))
    });
    #[cfg(feature = "peers")]
    let hevc = hevc.with("scuffle-h265", || {
        let record = inputs::HEVC_RECORD;
        assert_eq!(
            peers::hevc(record),
            inputs::hevc(record),
            "the same picture"
        );
        run(|| peers::hevc(black_box(inputs::HEVC_RECORD)))
    });
    #[cfg(feature = "peers")]
    let aac = aac.with("scuffle-aac", || {
        let record = inputs::AAC_RECORD;
        assert_eq!(peers::aac(record), inputs::aac(record), "the same rate");
        run(|| peers::aac(black_box(inputs::AAC_RECORD)))
    });
    [avc, hevc, aac]
}
