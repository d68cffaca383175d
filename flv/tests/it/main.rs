//! Behaviour of weir-flv through its public API.
#![cfg(test)]

mod bodies;
mod clock;
mod codecs;
mod cuts;
mod golden;
mod hostile;
mod limits;
mod live;
mod profiles;
mod recorder;
mod recover;
mod scripts;
mod vectors;
