//! Peers of weir-rtsp's messages and descriptions.

use std::hint::black_box;

/// rtsp-types keeps the header names and values as owned text.
pub fn rtsp_types(input: &[u8]) {
    let parsed = rtsp_types::Message::<Vec<u8>>::parse(input);
    black_box(parsed.expect("a whole message"));
}

/// sdp-types keeps each line as owned text, and looks into no attribute.
pub fn sdp_types(input: &[u8]) {
    black_box(sdp_types::Session::parse(input).expect("a valid description"));
}
