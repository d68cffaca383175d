//! The bytes of one direction: handshake first, chunks behind it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use weir_rtmp::chunk::ChunkReader;
use weir_rtmp::handshake::{Greeting, Role};
use weir_rtmp::{Error, Limits, Quirks};

use super::messages::Messages;
use crate::failure::Failure;
use crate::plain::hex;

/// Dissects one direction as its bytes arrive.
#[derive(Debug)]
pub(crate) struct Direction {
    sender: Role,
    handshake: Vec<u8>,
    chunks: ChunkReader,
    messages: Messages,
    warnings: Vec<Value>,
    total_bytes: u64,
    sha256: Sha256,
}

impl Direction {
    /// `sender` is whose bytes these are; `list` asks for every message by itself.
    pub(crate) fn new(sender: Role, list: bool) -> Self {
        Self {
            sender,
            handshake: Vec::new(),
            chunks: ChunkReader::new(&Limits::default(), &Quirks::tolerant())
                .starting_at(HANDSHAKE_LEN as u64),
            messages: Messages::new(list),
            warnings: Vec::new(),
            total_bytes: 0,
            sha256: Sha256::new(),
        }
    }

    pub(crate) fn push(&mut self, mut piece: &[u8]) -> Result<(), Failure> {
        self.total_bytes += piece.len() as u64;
        self.sha256.update(piece);
        let missing = HANDSHAKE_LEN - self.handshake.len();
        if missing > 0 {
            let (part, rest) = piece.split_at(missing.min(piece.len()));
            self.handshake.extend_from_slice(part);
            piece = rest;
        }
        while let Some(message) = self
            .chunks
            .read(&mut piece)
            .map_err(|error| failure(&error))?
        {
            self.messages.add(&message);
        }
        while let Some(warning) = self.chunks.poll_warning() {
            self.warnings.push(json!({
                "offset": warning.offset,
                "message": format!("{:?}", warning.code),
            }));
        }
        Ok(())
    }

    /// Returns the keys that the truth files call `expect_c2s` and `expect_s2c`.
    pub(crate) fn finish(self) -> Result<Value, Failure> {
        let handshake = self.handshake()?;
        let mut report = json!({
            "total_bytes": self.total_bytes,
            "sha256": hex(&self.sha256.finalize()),
            "handshake": handshake,
            "chunk_layer": chunk_layer(&self.chunks),
        });
        if let Value::Object(report) = &mut report {
            self.messages.finish(report);
            report.insert("warnings".into(), self.warnings.into());
        }
        Ok(report)
    }

    fn handshake(&self) -> Result<Value, Failure> {
        let greeting = self.handshake.get(1..1537);
        let greeting = greeting.and_then(|bytes| Greeting::read(bytes, self.sender));
        let (Some(version), Some(greeting)) = (self.handshake.first(), greeting) else {
            let (message, at) = ("the handshake is not complete", self.total_bytes);
            return Err(Failure::at("eof", at, message));
        };
        Ok(json!({
            "version": version,
            "c1s1_time": greeting.time.as_millis(),
            "c1s1_version_bytes": hex(&greeting.version),
            "complex": greeting.digest.is_some(),
        }))
    }
}

fn chunk_layer(reader: &ChunkReader) -> Value {
    let stats = reader.stats();
    let starts = stats.starts.iter().enumerate();
    let starts = starts.map(|(fmt, count)| (format!("fmt{fmt}"), *count));
    let formats: BTreeMap<String, u64> = starts
        .chain([("cont".to_owned(), stats.continuations)])
        .filter(|(_, count)| *count > 0)
        .collect();
    let basic_header_len: BTreeMap<String, u64> = (1..)
        .zip(stats.basic_header_len)
        .filter(|(_, count)| *count > 0)
        .map(|(len, count): (usize, u64)| (len.to_string(), count))
        .collect();
    json!({
        "chunks": stats.chunks(),
        "formats": formats,
        "basic_header_len": basic_header_len,
        "ext_ts_headers": stats.extended,
        "ext_ts_on_type3": stats.extended_repeated,
        "type3_without_ext_ts": stats.extended_omitted,
        "interleaved_chunks": stats.interleaved,
        "trailing_bytes": reader.trailing_bytes(),
        "final_chunk_size": reader.chunk_size().get(),
        "incomplete_messages": reader.unfinished(),
    })
}

fn failure(error: &Error) -> Failure {
    let kind = match error {
        Error::LimitExceeded(_) => "limit",
        Error::PeerMisbehaved(_) => "peer",
        _ => "malformed",
    };
    Failure {
        offset: error.offset(),
        ..Failure::new(kind, error)
    }
}

/// C0 C1 C2 or S0 S1 S2.
const HANDSHAKE_LEN: usize = 1 + 1536 + 1536;
