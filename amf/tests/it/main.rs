//! Tests of weir-amf over its public API.
#![cfg(test)]

mod editing;
mod golden;
