//! RTP, RTCP and H.264 payloads.

use std::hint::black_box;

use bytes::Bytes;

/// A packet without extension: 1,400 bytes, as FFmpeg and GStreamer fill them.
pub fn plain_packet() -> Vec<u8> {
    let mut packet = vec![0x80];
    packet.extend(REST_OF_HEADER);
    packet.extend(noise(1388));
    packet
}

/// The same with three one-byte header extension elements: RFC 8285, section 4.2.
pub fn extended_packet() -> Vec<u8> {
    let mut packet = vec![0x90];
    packet.extend(REST_OF_HEADER);
    packet.extend([
        0xbe, 0xde, 0, 3, 0x10, 0xaa, 0x22, 1, 2, 3, 0x51, 0x18, 0xaf, 0, 0, 0,
    ]);
    packet.extend(noise(1388));
    packet
}

/// A sender report with one block and a description: 80 bytes, as live555 sends them.
pub fn compound() -> Vec<u8> {
    let mut out = vec![0x81, 200, 0, 12];
    out.extend(noise(48));
    out.extend([0x81, 202, 0, 6, 0x10, 0x20, 0x30, 0x40, 1, 17]);
    out.extend(b"user@host.example");
    out.push(0);
    out
}

/// An access unit of one NAL unit of 100,000 bytes, the size of an I-frame of a 6 Mbit/s 1080p
/// stream, in Annex B form.
pub fn access_unit() -> Vec<u8> {
    let mut unit = vec![0, 0, 0, 1, 0x65];
    unit.extend(noise(99_999));
    unit
}

/// The same behind its length.
pub fn length_prefixed() -> Vec<u8> {
    let mut unit = 100_000_u32.to_be_bytes().to_vec();
    unit.push(0x65);
    unit.extend(noise(99_999));
    unit
}

/// The access unit in FU-A packets of 1,400 bytes, cut by hand.
pub fn fu_a_packets() -> Vec<Bytes> {
    let unit = noise(99_999);
    let chunks: Vec<&[u8]> = unit.chunks(1400 - 14).collect();
    let last = chunks.len() - 1;
    let packet = |(index, chunk): (usize, &&[u8])| {
        let mut packet = vec![0x80, if index == last { 0xe0 } else { 0x60 }];
        packet.extend(u16::try_from(index).expect("few packets").to_be_bytes());
        packet.extend([0, 1, 2, 3, 0xde, 0xad, 0xbe, 0xef]);
        let start = if index == 0 { 0x80 } else { 0 };
        let end = if index == last { 0x40 } else { 0 };
        packet.extend([0x7c, start | end | 5]);
        packet.extend(*chunk);
        Bytes::from(packet)
    };
    chunks.iter().enumerate().map(packet).collect()
}

/// Bytes that look compressed and hold no start code: none of them is 0.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 56).expect("eight bits").max(1)
    };
    (0..len).map(|_| byte()).collect()
}

/// The fixed header behind its first byte: payload type, sequence number, timestamp, source.
const REST_OF_HEADER: [u8; 11] = [0x60, 0x12, 0x34, 0, 1, 2, 3, 0xde, 0xad, 0xbe, 0xef];

/// Frames of packets of 1,400 bytes between messages of a connection: a block of 64 KB.
pub fn interleaved() -> Bytes {
    let mut block = Vec::new();
    for _ in 0..46 {
        block.extend([b'$', 0, 5, 0x78]);
        block.extend(plain_packet());
    }
    block.into()
}

/// The floor of reading a header: one look at each field, no check but of the version.
pub fn header_by_hand(packet: &[u8]) -> Option<(u16, u32, usize)> {
    let (fixed, rest) = packet.split_first_chunk::<12>()?;
    let [first, _, s0, s1, t0, t1, t2, t3, ..] = *fixed;
    let mut len = rest.len().checked_sub(usize::from(first & 15) * 4)?;
    if first & 0x10 != 0 {
        let extension = rest.get(usize::from(first & 15) * 4..)?;
        let [_, _, high, low] = *extension.first_chunk()?;
        len = len.checked_sub(4 + 4 * usize::from(u16::from_be_bytes([high, low])))?;
    }
    (first >> 6 == 2).then_some((
        u16::from_be_bytes([s0, s1]),
        u32::from_be_bytes([t0, t1, t2, t3]),
        len,
    ))
}

/// The floor of a compound: one look at each header, at the blocks and at the items.
pub fn compound_by_hand(mut rest: &[u8]) -> Option<usize> {
    let mut sum = 0;
    while let Some(([first, kind, high, low], behind)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes([*high, *low])) * 4;
        let (body, next) = behind.split_at_checked(len)?;
        match kind {
            200 => {
                let blocks = body.get(24..)?.chunks_exact(24);
                sum += blocks.take(usize::from(first & 31)).map(black_box).count();
            }
            202 => {
                let mut items = body.get(4..)?;
                while let [kind @ 1..=255, len, text @ ..] = items {
                    let (text, behind) = text.split_at_checked(usize::from(*len))?;
                    black_box((kind, text));
                    sum += 1;
                    items = behind;
                }
            }
            _ => {}
        }
        rest = next;
    }
    Some(sum)
}

/// The floor of frames: one look at each head.
pub fn frames_by_hand(mut rest: &[u8]) -> (usize, usize) {
    let mut sum = (0, 0);
    while let Some(([b'$', channel, high, low], behind)) = rest.split_first_chunk() {
        let len = u16::from_be_bytes([*high, *low]);
        let Some((payload, next)) = behind.split_at_checked(len.into()) else {
            break;
        };
        black_box((channel, payload));
        sum = (sum.0 + 1, sum.1 + payload.len());
        rest = next;
    }
    sum
}
