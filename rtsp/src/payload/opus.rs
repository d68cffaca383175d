//! Opus: RFC 7587. The payload is one Opus packet.

/// How long an Opus packet lasts, in units of 1/48000 s, which is its RTP clock whatever the
/// sample rate; none if the bytes are not an Opus packet.
///
/// ```text
/// | config  |s| c |   RFC 6716, section 3.1
/// ```
///
/// ```
/// // Config 31 is CELT, full band, 20 ms; code 0 is one frame.
/// assert_eq!(weir_rtsp::payload::opus_duration(&[31 << 3, 1, 2]), Some(960));
/// ```
pub fn opus_duration(packet: &[u8]) -> Option<u32> {
    let (toc, rest) = packet.split_first()?;
    let frame = match toc >> 3 {
        // SILK: 10, 20, 40 and 60 ms.
        config @ 0..=11 => [480, 960, 1920, 2880]
            .get(usize::from(config % 4))
            .copied()?,
        // Hybrid: 10 and 20 ms.
        config @ 12..=15 => 480 << (config % 2),
        // CELT: 2.5, 5, 10 and 20 ms.
        config => 120 << (config % 4),
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(rest.first()? & 0x3f),
    };
    // At least one frame, and at most 120 ms: RFC 6716, section 3.2.5.
    (1..=5760)
        .contains(&(frame * count))
        .then_some(frame * count)
}
