//! Session descriptions: never an error, bounded, and what is written reads the same.

use weir_rtsp::{Limits, sdp::Description};

/// Reads and writes a description. Beside sdp-types: what that parser takes has as many media
/// sections here.
pub fn rtsp_sdp(data: &[u8]) {
    let limits = Limits::default();
    let sdp = Description::parse(data, &limits);
    let lines = data.split(|byte| *byte == b'\n').count();
    let attributes: usize = sdp.media.iter().map(|media| media.attributes.len()).sum();
    assert!(sdp.media.len() <= limits.max_media && attributes + sdp.attributes.len() <= lines);
    for media in &sdp.media {
        if let Some(format) = media.format() {
            assert!(format.clock_rate > 0);
        }
        let _ = (
            media.control(),
            media.direction(),
            media.framerate(),
            media.rtpmap(96),
        );
    }
    let written = sdp.to_string();
    let again = Description::parse(written.as_bytes(), &limits);
    assert_eq!(again.to_string(), written);
    assert_eq!(again.media.len(), sdp.media.len());
    // sdp-types 0.1.8 fails an assertion of its own on lines that do not begin with a letter and =.
    let is_line = |line: &[u8]| matches!(line, [] | [b'\r'] | [b'a'..=b'z', b'=', ..]);
    if !data.split(|byte| *byte == b'\n').all(is_line) {
        return;
    }
    // A carriage return alone ends a line for some readers and not for others.
    let bare_return = |pair: &[u8]| matches!(pair, [b'\r', other] if *other != b'\n');
    if let (Ok(peer), false) = (
        sdp_types::Session::parse(data),
        data.windows(2).any(bare_return),
    ) {
        assert_eq!(sdp.media.len(), peer.medias.len().min(limits.max_media));
    }
}
