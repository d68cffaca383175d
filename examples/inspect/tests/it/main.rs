//! The binary against the vectors of the crates: its JSON is the truth, key by key.
#![cfg(test)]

mod amf;
mod auth;
mod codec;
mod flv;
mod help;
mod inspect;
mod media;
mod pcap;
mod pcap_size;
mod repair;
mod rtmp;
mod rtsp;
mod truth;
