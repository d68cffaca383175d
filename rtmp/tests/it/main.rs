//! Tests of weir-rtmp, over its public API.
#![cfg(test)]

mod capture;
mod golden_chunks;
