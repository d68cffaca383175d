#![cfg(test)]
//! Tests of the public interface, one file per story.

mod dts;
mod golden;
mod message_vectors;
mod payload;
mod rtcp;
mod rtp;
mod vectors;
