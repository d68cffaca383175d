//! Depacketizers on packets of any contents, in both output modes.

use bytes::Bytes;
use weir_rtsp::payload::{Codec, DepacketizeError, Depacketizer, Framing, aac, ac3, av1, h264, h265, latm, vp9};
use weir_rtsp::rtp::RtpPacket;
use weir_rtsp::sdp::{Fmtp, Format};

/// The first byte picks the codec; then packets: flags, length, payload.
///
/// Flags: 1 marker, 2 a new timestamp, 4 packets missing before, 8 sequence number again.
/// Copy mode and slice mode must give the same units, within the limit.
pub fn rtsp_depacketize(data: &[u8]) {
    let Some((selector, mut rest)) = data.split_first() else {
        return;
    };
    let codec = codec(*selector);
    let mut copying = Depacketizer::new(&codec, Framing::Raw)
        .expect("every codec here can be read")
        .with_max_frame_len(MAX_FRAME);
    let mut slicing = Depacketizer::slices(&codec)
        .expect("every codec here can be read")
        .with_max_frame_len(MAX_FRAME);
    let (mut sequence, mut timestamp) = (65_530_u16, u32::MAX - 10);
    let (mut copied, mut sliced) = (Vec::new(), Vec::new());
    let mut cut = false;
    while let [flags, len, after @ ..] = rest {
        let (payload, after) = after.split_at(usize::from(*len).min(after.len()));
        rest = after;
        sequence = sequence.wrapping_add(match flags & 0x0c {
            0x04 => 3,
            0x08 => 0,
            _ => 1,
        });
        timestamp = timestamp.wrapping_add(if flags & 2 != 0 { 1024 } else { 0 });
        let mut packet = vec![0x80, if flags & 1 != 0 { 0xe0 } else { 0x60 }];
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend([0; 4]);
        packet.extend(payload);
        let view = RtpPacket::decode(&packet).expect("a plain packet");
        let pushed = copying.push(&view);
        let owned = RtpPacket::decode(Bytes::from(packet.clone())).expect("a plain packet");
        let also_pushed = slicing.push(owned);
        // Slices meet the limit earlier: each part counts for its handle too.
        cut |= [&pushed, &also_pushed]
            .iter()
            .any(|pushed| matches!(pushed, Err(DepacketizeError::FrameTooLong { .. })));
        assert!(
            cut || pushed == also_pushed,
            "{pushed:?} and {also_pushed:?}"
        );
        drain(&mut copying, &mut slicing, &mut copied, &mut sliced);
    }
    copying.flush();
    slicing.flush();
    drain(&mut copying, &mut slicing, &mut copied, &mut sliced);
    if !cut && !matches!(codec, Codec::Av1(_)) {
        assert_eq!(copied, sliced, "the two modes differ");
    }
}

fn drain(
    copying: &mut Depacketizer,
    slicing: &mut Depacketizer<weir_rtsp::payload::Slices>,
    copied: &mut Vec<(u32, bool, Vec<Vec<u8>>)>,
    sliced: &mut Vec<(u32, bool, Vec<Vec<u8>>)>,
) {
    while let Some(frame) = copying.poll() {
        // Headers that are made (JPEG) and size fields (AV1) come on top.
        assert!(
            frame.data.len() <= MAX_FRAME + 1024,
            "{} bytes",
            frame.data.len()
        );
        let units: Vec<_> = frame.units().map(<[u8]>::to_vec).collect();
        assert!(!units.is_empty());
        copied.push((frame.timestamp.get(), frame.complete, units));
    }
    while let Some(frame) = slicing.poll() {
        let units = frame.units().map(<[Bytes]>::concat).collect();
        sliced.push((frame.timestamp.get(), frame.complete, units));
    }
}

/// Every format, some with the parameters that change how packets are read.
pub(super) fn codec(selector: u8) -> Codec {
    let aac = |fmtp: &str| {
        let format = Format::new(96, "mpeg4-generic", 48_000).with_fmtp(Fmtp::from(fmtp));
        Codec::from_sdp(&format).expect("good parameters")
    };
    match selector % 18 {
        0 => Codec::H264(h264::Parameters::default()),
        1 => Codec::H265(h265::Parameters::default()),
        2 => {
            let fmtp = Fmtp::from("sprop-max-don-diff=1");
            Codec::from_sdp(&Format::new(96, "H265", 90_000).with_fmtp(fmtp)).expect("good")
        }
        3 => Codec::Av1(av1::Parameters::default()),
        4 => Codec::Vp8,
        5 => Codec::Vp9(vp9::Parameters::default()),
        6 => Codec::Jpeg,
        7 => Codec::Aac(aac::Parameters::new(
            Bytes::from_static(&[0x11, 0x90]),
            48_000,
            2,
        )),
        8 => aac("mode=AAC-lbr;config=1190"),
        9 => aac(
            "mode=generic;config=1190;sizelength=16;indexlength=8;indexdeltalength=8;\
                  ctsdeltalength=12;dtsdeltalength=5;randomaccessindication=1;\
                  streamstateindication=3;auxiliarydatasizelength=7",
        ),
        10 => aac("mode=generic;config=1190;constantsize=20;constantduration=480"),
        11 => {
            Codec::Latm(latm::Parameters::of_audio_config(&[0x11, 0x90], 48_000, 2).expect("good"))
        }
        12 => Codec::Latm(latm::Parameters::new(None, 48_000, 2)),
        13 => Codec::Mpa,
        14 => Codec::Ac3(ac3::Parameters::new(false, 48_000, 2)),
        15 => Codec::Ac3(ac3::Parameters::new(true, 48_000, 2)),
        16 => Codec::Opus(2),
        _ => Codec::Mp2t,
    }
}

const MAX_FRAME: usize = 2000;
