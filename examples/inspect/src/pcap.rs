//! `pcap`: the RTMP and RTSP sessions of a capture.

mod capture;
mod connection;
mod reassembly;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::source::Pieces;
use capture::Segment;
use connection::Connection;

/// Finds RTMP and RTSP sessions in a capture of tcpdump or Wireshark and dissects them.
#[derive(Debug, Args)]
#[command(after_help = "Example: weir-inspect pcap trouble.pcap\n\
    As it is recorded: tcpdump -i any -w - port 1935 | weir-inspect pcap -")]
pub(crate) struct PcapArgs {
    /// The capture, pcap or pcapng; - reads standard input.
    file: String,
    /// Add a line for every RTMP message.
    #[arg(long)]
    messages: bool,
    /// Feed at most so many bytes at a time; the output must not change.
    #[arg(long, value_name = "N")]
    cut: Option<usize>,
}

pub(crate) fn run(args: &PcapArgs) -> Result<Value, Failure> {
    let mut conversations = Conversations::new(args.messages);
    let pieces = Pieces::open(&args.file, args.cut)?;
    let summary = capture::read(pieces, |segment| conversations.add(segment))?;
    Ok(json!({
        "packets": summary.packets,
        "skipped_packets": summary.skipped,
        "torn": summary.torn,
        "unlisted_packets": conversations.unlisted,
        "connections": conversations.finish(),
    }))
}

/// All TCP connections of the capture.
#[derive(Debug)]
struct Conversations {
    list_messages: bool,
    begin: Option<Duration>,
    /// The running connection between two addresses, the lower address first.
    running: HashMap<(SocketAddr, SocketAddr), usize>,
    /// All of them in the order of their first packets.
    connections: Vec<Connection>,
    /// Packets of connections past [`MAX_CONNECTIONS`].
    unlisted: u64,
}

impl Conversations {
    fn new(list_messages: bool) -> Self {
        Self {
            list_messages,
            begin: None,
            running: HashMap::new(),
            connections: Vec::new(),
            unlisted: 0,
        }
    }

    fn add(&mut self, segment: &Segment<'_>) {
        let begin = *self.begin.get_or_insert(segment.time);
        let ends = (segment.from.min(segment.to), segment.from.max(segment.to));
        let running = self.running.get(&ends).copied();
        let index = match running {
            // The same ports once more: a new connection.
            Some(index) if !self.is_followed_by(index, segment) => index,
            _ if self.connections.len() >= MAX_CONNECTIONS => {
                self.unlisted += 1;
                return;
            }
            _ => {
                let start = segment.time.saturating_sub(begin);
                self.connections
                    .push(Connection::new(segment, start, self.list_messages));
                self.running.insert(ends, self.connections.len() - 1);
                self.connections.len() - 1
            }
        };
        if let Some(connection) = self.connections.get_mut(index) {
            connection.add(segment);
        }
    }

    fn is_followed_by(&self, index: usize, segment: &Segment<'_>) -> bool {
        let connection = self.connections.get(index);
        segment.opens() && connection.is_some_and(Connection::has_data)
    }

    fn finish(self) -> Value {
        self.connections
            .into_iter()
            .map(Connection::finish)
            .collect()
    }
}

const MAX_CONNECTIONS: usize = 4096;
