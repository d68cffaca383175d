#![cfg(test)]
//! Tests of the public interface, one file per story.

mod rtcp;
mod rtp;
mod vectors;
