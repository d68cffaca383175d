//! The recorded sessions in tests/data: one TCP connection each, from C0 and S0 on.

use std::path::PathBuf;
use std::{fs, iter};

use serde_json::Value;

pub(crate) struct Capture {
    pub(crate) name: String,
    pub(crate) c2s: Direction,
    pub(crate) s2c: Direction,
}

pub(crate) struct Direction {
    pub(crate) bytes: Vec<u8>,
    /// Lengths of the reads as they were recorded.
    pub(crate) reads: Vec<usize>,
    /// What a correct parser reports.
    pub(crate) expect: Value,
}

pub(crate) fn all() -> Vec<Capture> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_str()?
                .strip_suffix(".json")
                .map(str::to_owned)
        })
        .collect();
    names.sort();
    names.into_iter().map(|name| load(&name)).collect()
}

pub(crate) fn load(name: &str) -> Capture {
    let read = |suffix: &str| read(&format!("{name}{suffix}"));
    let json: Value = serde_json::from_slice(&read(".json")).unwrap();
    let segments = String::from_utf8(read(".seg")).unwrap();
    let direction = |suffix: &str, letter: &str, key: &str| Direction {
        bytes: read(suffix),
        reads: segments
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(' ');
                (fields.next()? == letter).then(|| fields.nth(1).unwrap().parse().unwrap())
            })
            .collect(),
        expect: json[key].clone(),
    };
    Capture {
        name: name.to_owned(),
        c2s: direction(".c2s.bin", "c", "expect_c2s"),
        s2c: direction(".s2c.bin", "s", "expect_s2c"),
    }
}

/// Returns one file of tests/data.
pub(crate) fn read(file: &str) -> Vec<u8> {
    fs::read(folder().join(file)).unwrap()
}

impl Direction {
    /// The bytes in reads of `len`.
    pub(crate) fn in_reads_of(&self, len: usize) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks(len)
    }

    /// The bytes in the reads that were recorded.
    pub(crate) fn as_recorded(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[..];
        let mut reads = self.reads.iter();
        iter::from_fn(move || {
            let (read, tail) = rest.split_at(*reads.next()?);
            rest = tail;
            Some(read)
        })
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}
