#![cfg(test)]
//! Tests of the public interface, one file per story.

mod dts;
mod fuzzed;
mod golden;
mod hostile;
mod laws;
mod loss;
mod matrix;
mod message_vectors;
mod pair;
mod payload;
mod receiver;
mod recorded_media;
mod replay;
mod rtcp;
mod rtp;
mod session;
mod vectors;
