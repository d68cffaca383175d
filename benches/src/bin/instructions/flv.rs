//! Workloads of weir-flv.
//!
//! One operation is a whole file of 3,000 tags, of `record` one record. `demux` gets the file in
//! one piece, as the peers do, `demux_64KB` in reads.

use std::hint::black_box;

use weir_benches::flv::{self as inputs, FlvFile, READ_LEN};
#[cfg(feature = "peers")]
use weir_benches::peers::flv as peers;

use crate::Workload;

pub(crate) const WORKLOADS: &[Workload] = &[
    ("flv/walk/8.6KB", |count| walk("8.6KB", count)),
    ("flv/walk/8.6KB_ertmp", |count| walk("8.6KB_ertmp", count)),
    ("flv/walk/608B", |count| walk("608B", count)),
    ("flv/walk/608B_ertmp", |count| walk("608B_ertmp", count)),
    ("flv/demux/8.6KB", |count| demux("8.6KB", count)),
    ("flv/demux/8.6KB_ertmp", |count| demux("8.6KB_ertmp", count)),
    ("flv/demux/608B", |count| demux("608B", count)),
    ("flv/demux/608B_ertmp", |count| demux("608B_ertmp", count)),
    ("flv/demux_64KB/8.6KB", |count| reads("8.6KB", count)),
    ("flv/demux_64KB/608B", |count| reads("608B", count)),
    ("flv/heads/608B", |count| {
        let file = FlvFile::new("608B");
        repeat(count, || inputs::heads(black_box(&file.tags)));
    }),
    ("flv/framed/608B", |count| {
        let file = FlvFile::new("608B");
        repeat(count, || inputs::framed(black_box(&file.tags)));
    }),
    ("flv/mux/8.6KB", |count| {
        mux(inputs::append_tags, "8.6KB", count)
    }),
    ("flv/mux/608B", |count| {
        mux(inputs::append_tags, "608B", count)
    }),
    ("flv/record/avc", |count| {
        repeat(count, || inputs::avc(black_box(inputs::AVC_RECORD)));
    }),
    ("flv/record/hevc", |count| {
        repeat(count, || inputs::hevc(black_box(inputs::HEVC_RECORD)));
    }),
    ("flv/record/aac", |count| {
        repeat(count, || inputs::aac(black_box(inputs::AAC_RECORD)));
    }),
];

fn walk(name: &str, count: usize) {
    let file = FlvFile::new(name);
    repeat(count, || inputs::walked(black_box(&file.bytes)));
}

fn demux(name: &str, count: usize) {
    let file = FlvFile::new(name);
    repeat(count, || inputs::pushed(black_box(&file.bytes), usize::MAX));
}

fn reads(name: &str, count: usize) {
    let file = FlvFile::new(name);
    repeat(count, || inputs::pushed(black_box(&file.bytes), READ_LEN));
}

fn mux(write: fn(&[weir_flv::Tag], &mut Vec<u8>), name: &str, count: usize) {
    let file = FlvFile::new(name);
    let mut out = Vec::with_capacity(file.bytes.len());
    repeat(count, || {
        out.clear();
        write(black_box(&file.tags), &mut out);
        out.len()
    });
}

/// The floor, and the same work done by peers.
#[cfg(feature = "peers")]
pub(crate) const PEERS: &[Workload] = &[
    ("flv/walk/8.6KB@floor", |count| floor("8.6KB", count)),
    ("flv/walk/8.6KB_ertmp@floor", |count| {
        floor("8.6KB_ertmp", count)
    }),
    ("flv/walk/608B@floor", |count| floor("608B", count)),
    ("flv/walk/608B_ertmp@floor", |count| {
        floor("608B_ertmp", count)
    }),
    ("flv/demux/8.6KB@scuffle-flv", |count| {
        read(peers::scuffle, "8.6KB", count);
    }),
    ("flv/demux/8.6KB@xflv", |count| {
        read(peers::xflv, "8.6KB", count);
    }),
    ("flv/demux/8.6KB@oxideav-flv", |count| {
        read(peers::oxideav, "8.6KB", count);
    }),
    ("flv/demux/8.6KB_ertmp@scuffle-flv", |count| {
        read(peers::scuffle, "8.6KB_ertmp", count);
    }),
    ("flv/demux/8.6KB_ertmp@oxideav-flv", |count| {
        read(peers::oxideav, "8.6KB_ertmp", count);
    }),
    ("flv/demux/608B@scuffle-flv", |count| {
        read(peers::scuffle, "608B", count);
    }),
    ("flv/demux/608B@xflv", |count| {
        read(peers::xflv, "608B", count);
    }),
    ("flv/demux/608B@oxideav-flv", |count| {
        read(peers::oxideav, "608B", count);
    }),
    ("flv/demux/608B_ertmp@scuffle-flv", |count| {
        read(peers::scuffle, "608B_ertmp", count);
    }),
    ("flv/demux/608B_ertmp@oxideav-flv", |count| {
        read(peers::oxideav, "608B_ertmp", count);
    }),
    ("flv/mux/8.6KB@floor", |count| {
        mux(inputs::copy_tags, "8.6KB", count)
    }),
    ("flv/mux/8.6KB@xflv", |count| {
        mux(peers::xflv_writer, "8.6KB", count)
    }),
    ("flv/mux/8.6KB@oxideav-flv", |count| {
        mux(peers::oxideav_writer, "8.6KB", count);
    }),
    ("flv/mux/608B@floor", |count| {
        mux(inputs::copy_tags, "608B", count)
    }),
    ("flv/mux/608B@xflv", |count| {
        mux(peers::xflv_writer, "608B", count)
    }),
    ("flv/mux/608B@oxideav-flv", |count| {
        mux(peers::oxideav_writer, "608B", count);
    }),
    ("flv/record/avc@scuffle-h264", |count| {
        repeat(count, || peers::avc(black_box(inputs::AVC_RECORD)));
    }),
    ("flv/record/hevc@scuffle-h265", |count| {
        repeat(count, || peers::hevc(black_box(inputs::HEVC_RECORD)));
    }),
    ("flv/record/aac@scuffle-aac", |count| {
        repeat(count, || peers::aac(black_box(inputs::AAC_RECORD)));
    }),
];

#[cfg(feature = "peers")]
fn floor(name: &str, count: usize) {
    let file = FlvFile::new(name);
    repeat(count, || inputs::floor(black_box(&file.bytes)));
}

#[cfg(feature = "peers")]
fn read(peer: peers::Reader, name: &str, count: usize) {
    let file = FlvFile::new(name);
    repeat(count, || peer(black_box(&file.bytes)));
}

fn repeat<T>(count: usize, mut run: impl FnMut() -> T) {
    for _ in 0..count {
        black_box(run());
    }
}
