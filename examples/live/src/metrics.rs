//! What the server counts, and how it tells.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// Counters since the start. Gauges are asked from those who know.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Connections accepted, by all protocols.
    pub(crate) connections: Counter,
    /// Connections ended by what the peer sent.
    pub(crate) misbehaved: Counter,
    /// Streams published.
    pub(crate) publishes: Counter,
    /// Publishers refused because the name was taken.
    pub(crate) names_taken: Counter,
    /// Players joined, by all protocols.
    pub(crate) plays: Counter,
    /// Bytes read from peers.
    pub(crate) bytes_in: Counter,
    /// Bytes written to peers.
    pub(crate) bytes_out: Counter,
    /// Messages that were dropped because a player was behind.
    pub(crate) dropped: Counter,
    /// Connections of RTMP and RTSP that are open.
    pub(crate) open: Gauge,
    /// Players, by all protocols, whether or not somebody publishes what they wait for.
    pub(crate) players: Gauge,
}

impl Metrics {
    /// The counters and `gauges` in the text format of Prometheus, version 0.0.4.
    pub(crate) fn render(&self, gauges: &[(&str, &str, usize)]) -> String {
        let counters = [
            (
                "connections_total",
                "connections accepted",
                &self.connections,
            ),
            (
                "misbehaved_total",
                "connections ended by what the peer sent",
                &self.misbehaved,
            ),
            ("publishes_total", "streams published", &self.publishes),
            (
                "names_taken_total",
                "publishers refused, the name was taken",
                &self.names_taken,
            ),
            ("plays_total", "players joined", &self.plays),
            ("bytes_in_total", "bytes read from peers", &self.bytes_in),
            ("bytes_out_total", "bytes written to peers", &self.bytes_out),
            (
                "dropped_messages_total",
                "messages dropped for slow players",
                &self.dropped,
            ),
        ];
        let mut text = String::new();
        for (name, help, counter) in counters {
            line(&mut text, name, help, "counter", counter.value());
        }
        for (name, help, value) in gauges {
            line(&mut text, name, help, "gauge", *value as u64);
        }
        text
    }
}

fn line(text: &mut String, name: &str, help: &str, kind: &str, value: u64) {
    // Writing into a String cannot fail.
    let _ = writeln!(
        text,
        "# HELP weir_{name} {help}\n# TYPE weir_{name} {kind}\nweir_{name} {value}"
    );
}

/// A count that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Counts `more`.
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub(crate) struct Gauge(Arc<AtomicUsize>);

impl Gauge {
    /// Counts one until the guard is dropped.
    pub(crate) fn enter(&self) -> Entered {
        self.0.fetch_add(1, Ordering::Relaxed);
        Entered(Arc::clone(&self.0))
    }

    pub(crate) fn value(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Keeps a [`Gauge`] one higher.
#[derive(Debug)]
pub(crate) struct Entered(Arc<AtomicUsize>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
