//! Behaviour of weir-flv through its public API.
#![cfg(test)]

mod bodies;
mod codecs;
mod cuts;
mod golden;
mod live;
mod recover;
mod vectors;
