//! Behaviour of weir-flv through its public API.
#![cfg(test)]

mod bodies;
mod codecs;
mod cuts;
mod golden;
mod live;
mod recorder;
mod recover;
mod scripts;
mod vectors;
