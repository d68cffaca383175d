//! Tests of weir-amf over its public API.
#![cfg(test)]
#![expect(
    clippy::cast_possible_truncation,
    reason = "the numbers of tests are small"
)]

mod containers;
mod editing;
mod golden;
mod hostile;
mod laws;
mod limits;
#[cfg(feature = "serde")]
mod typed;
mod wire;
