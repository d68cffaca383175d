//! Decode times for streams with B-frames.

use proptest::prelude::*;
use weir_rtsp::DtsRecovery;
use weir_rtsp::payload::{Codec, h264, h265};
use weir_rtsp::sdp::{Fmtp, Format};

use crate::vectors::hex;

fn recover(depth: Option<u8>, times: &[i64]) -> Vec<i64> {
    let mut recovery = DtsRecovery::new(1000, depth);
    times.iter().map(|pts| recovery.push(*pts)).collect()
}

#[test]
fn without_reordering_the_times_are_equal() {
    let times = [0, 40, 80, 125, 160];
    assert_eq!(recover(Some(0), &times), times);
}

#[test]
fn a_pyramid_of_depth_two_gets_rising_times_before_presentation() {
    let times = [0, 160, 80, 40, 120, 320, 240, 200, 280];
    assert_eq!(
        recover(Some(2), &times),
        [-2, -1, 0, 40, 80, 120, 160, 200, 240]
    );
}

#[test]
fn a_stream_deeper_than_it_says_is_followed_after_one_picture() {
    let times = [0, 160, 80, 40, 120, 320, 240, 200, 280, 480, 400, 360];
    let dts = recover(Some(0), &times);
    assert!(dts.windows(2).all(|pair| pair[0] < pair[1]), "{dts:?}");
    let late = times
        .iter()
        .zip(&dts)
        .skip(5)
        .filter(|(pts, dts)| dts > pts)
        .count();
    assert_eq!(late, 0, "{dts:?}");
}

#[test]
fn a_step_of_minutes_is_a_new_beginning() {
    let dts = recover(Some(1), &[600_000, 600_040, 0, 80, 40]);
    assert_eq!(dts, [599_999, 600_000, -1, 0, 40]);
}

#[test]
fn real_parameter_sets_tell_their_depth() {
    let avc = |sps: &str| {
        let parameters = h264::Parameters::default().with_parameter_set(&hex(sps));
        parameters.parameter_sets.reorder_depth()
    };
    // FFmpeg 5.1 with libx264, "-bf 3 -x264-params b-pyramid=normal" and "-bf 0": ffprobe's
    // has_b_frames is 2 and 0.
    assert_eq!(
        avc("67f4001e919b281405ff1380880000030008000003019078b16cb0"),
        Some(2)
    );
    assert_eq!(
        avc("67f4001e919640280bfe27011000000300100000030320f162e480"),
        Some(0)
    );
    // GStreamer 1.22, x264enc, Constrained Baseline.
    assert_eq!(
        avc("6742c00cd90141fb016a0c0c0d4a000003000200000300511e285490"),
        Some(0)
    );
    assert_eq!(avc("674d001ff4"), None, "cut short");
    // FFmpeg 5.1 with libx265: has_b_frames is 2.
    let sps = hex(
        "4201010408000003009e0800000300003f9000a0402d2cb2b349265780b7020200040000030004000003006420",
    );
    let hevc = h265::Parameters::default().with_parameter_set(&sps);
    assert_eq!(hevc.parameter_sets.reorder_depth(), Some(2));
}

#[test]
fn parameter_sets_come_from_sdp_and_go_back_to_it() {
    let text =
        "packetization-mode=1; sprop-parameter-sets=Z/QADJGWQFB+wEQAAAMABAAAAwCiPFCpIA==,aOvMRIRA";
    let format = Format::new(96, "H264", 90_000).with_fmtp(Fmtp::from(text));
    let codec = Codec::from_sdp(&format).unwrap();
    let again = codec.to_sdp(97);
    assert_eq!(
        again.fmtp.get("sprop-parameter-sets"),
        format.fmtp.get("sprop-parameter-sets")
    );
    assert_eq!(again.fmtp.get("profile-level-id"), Some("F4000C"));
    assert_eq!(Codec::from_sdp(&again).unwrap(), codec);
}

proptest! {
    #[test]
    fn times_always_rise(
        depth in proptest::option::of(0_u8..20),
        times in proptest::collection::vec(-4000_i64..4000, 1..100),
    ) {
        let dts = recover(depth, &times);
        prop_assert!(dts.windows(2).all(|pair| pair[0] < pair[1]), "{dts:?}");
    }

    #[test]
    fn a_stream_that_keeps_its_depth_is_never_late(
        groups in proptest::collection::vec(0_usize..4, 1..40),
    ) {
        // Groups of one P-frame and so many B-frames before it in output order.
        let mut times = vec![0];
        let mut now = 0;
        for bs in groups {
            let bs = i64::try_from(bs).unwrap();
            times.push(now + 40 * (bs + 1));
            times.extend((1..=bs).map(|b| now + 40 * b));
            now += 40 * (bs + 1);
        }
        let dts = recover(Some(1), &times);
        prop_assert!(dts.windows(2).all(|pair| pair[0] < pair[1]), "{dts:?}");
        prop_assert!(times.iter().zip(&dts).all(|(pts, dts)| dts <= pts), "{dts:?}");
    }
}
