//! Two tracks of any packets and reports, out of order, on one timeline.

use std::time::Duration;

use bytes::Bytes;
use weir_rtsp::{
    Limits, MediaEvent, MediaReceiver,
    payload::{Codec, Framing},
};

use super::depacketize::codec;

/// Two bytes pick the codecs; then steps: flags, length, contents.
///
/// Flags: 1 marker, 2 a new timestamp, 4 packets missing before, 8 comes behind the next one, 16
/// the second track, 32 the contents are RTCP, 64 only time passes, 128 another source.
///
/// Frames keep to the limit, sounds are decoded when they are heard, what is said to be lost was
/// never sent, and nothing waits for ever.
pub fn rtsp_receiver(data: &[u8]) {
    let [first, second, rest @ ..] = data else {
        return;
    };
    let mut rest = rest;
    let mut limits = Limits::default();
    (limits.max_frame_len, limits.max_reorder_packets) = (MAX_FRAME, 16);
    let mut receiver = MediaReceiver::new(&limits);
    let codecs = [codec(*first), codec(*second)];
    for codec in &codecs {
        receiver.add_track(codec, Framing::Raw).expect("every codec here can be read");
    }
    // Each source counts on its own.
    let mut sources = [[65_530, 7], [400, 9]].map(|track| track.map(Source::new));
    let (mut now, mut held) = (Duration::ZERO, None);
    let mut lost = [0_u64; 2];
    while let [flags, len, after @ ..] = rest {
        now += Duration::from_millis(u64::from(*len));
        receiver.handle_timeout(now);
        rest = after;
        if flags & 64 == 0 {
            let (contents, after) = after.split_at(usize::from(*len).min(after.len()));
            rest = after;
            let at = usize::from(flags & 16 != 0);
            if flags & 32 != 0 {
                receiver.push_rtcp(at, &Bytes::copy_from_slice(contents));
            } else {
                let packet = sources[at][usize::from(flags >> 7)].packet(*flags, contents);
                if flags & 8 != 0 {
                    held = Some((at, packet));
                } else {
                    receiver.push_rtp(at, packet, now).expect("a plain packet");
                    if let Some((at, packet)) = held.take() {
                        receiver.push_rtp(at, packet, now).expect("a plain packet");
                    }
                }
            }
        }
        drain(&mut receiver, &codecs, &mut lost);
    }
    now += Duration::from_secs(1);
    receiver.handle_timeout(now);
    assert_eq!(receiver.poll_timeout(), None, "something waits for ever");
    receiver.flush(now);
    drain(&mut receiver, &codecs, &mut lost);
    for (track, lost) in sources.iter().zip(lost) {
        let missing: u64 = track.iter().map(|source| source.missing).sum();
        assert!(lost <= missing, "{lost} lost of {missing}");
    }
}

struct Source {
    sequence: u16,
    timestamp: u32,
    /// Numbers that no packet had, or that came too late to count.
    missing: u64,
}

impl Source {
    const fn new(sequence: u16) -> Self {
        Self { sequence, timestamp: u32::MAX - 10, missing: 0 }
    }

    fn packet(&mut self, flags: u8, contents: &[u8]) -> Bytes {
        let skipped = if flags & 4 != 0 { 2 } else { 0 };
        // A packet that is held back may be given up, and so may the one in front of it.
        self.missing += skipped + if flags & 8 != 0 { 1 } else { 0 };
        self.sequence = self.sequence.wrapping_add(1 + skipped as u16);
        self.timestamp = self.timestamp.wrapping_add(if flags & 2 != 0 { 1024 } else { 0 });
        let mut packet = vec![0x80, if flags & 1 != 0 { 0xe0 } else { 0x60 }];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend([flags & 128, 0, 0, 1]);
        packet.extend(contents);
        packet.into()
    }
}

fn drain(receiver: &mut MediaReceiver, codecs: &[Codec; 2], lost: &mut [u64; 2]) {
    while let Some(event) = receiver.poll_event() {
        let MediaEvent::Frame(media) = event else {
            continue;
        };
        let frame = &media.frame;
        // Headers that are made (JPEG) and size fields (AV1) come on top.
        assert!(frame.data.len() <= MAX_FRAME + 1024, "{} bytes", frame.data.len());
        assert!(frame.units().next().is_some());
        if !matches!(codecs[media.track], Codec::H264(_) | Codec::H265(_)) {
            assert_eq!(media.dts, media.pts);
        }
        lost[media.track] += u64::from(frame.lost);
    }
}

const MAX_FRAME: usize = 2000;
