//! Memory and lengths at their bounds.

use bytes::Bytes;
use weir_flv::file::{Demuxer, Event, Framed, Mode};
use weir_flv::{DemuxError, EncodeError, Limits, Tag, TagKind, Timestamp};

use crate::vectors::{demux, load};

const HEADER: &[u8] = b"FLV\x01\x05\0\0\0\x09\0\0\0\0";

fn limited(max_body_len: u32, mode: Mode) -> Demuxer {
    let mut limits = Limits::default();
    limits.max_body_len = max_body_len;
    Demuxer::with_limits(mode, limits)
}

fn tag_of(len: usize) -> Vec<u8> {
    let tag = Tag::new(TagKind::AUDIO, Timestamp::ZERO, vec![0x2f; len].into());
    let framed = Framed::new(&tag).expect("short");
    [framed.head(), framed.body(), &framed.tail()].concat()
}

#[test]
fn a_tag_at_the_limit_is_read_and_one_past_it_is_refused() {
    for (len, fits) in [(0, true), (1, true), (100, true), (101, false)] {
        let mut demuxer = limited(100, Mode::Tolerant);
        demuxer.push(HEADER.into());
        demuxer.push(tag_of(len).into());
        let mut tags = 0;
        let error = loop {
            match demuxer.poll_event() {
                Ok(Some(Event::Tag(_))) => tags += 1,
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        assert_eq!(tags == 1, fits, "{len}");
        assert_eq!(
            matches!(error, Some(DemuxError::Limit { offset: 13, .. })),
            !fits,
            "{len}"
        );
        assert_eq!(demuxer.poll_event().err(), error, "errors are sticky");
    }
}

#[test]
fn recovery_takes_a_tag_past_the_limit_for_damage() {
    let mut demuxer = limited(100, Mode::Recover);
    let file = [HEADER, &tag_of(50), &tag_of(101), &tag_of(60)].concat();
    demuxer.push(file.into());
    demuxer.finish();
    let mut lens = Vec::new();
    while let Some(event) = demuxer.poll_event().expect("recovery has no errors") {
        if let Event::Tag(tag) = event {
            lens.push(tag.tag.body.len());
        }
    }
    assert_eq!(lens, [50, 60]);
}

#[test]
fn what_is_buffered_stays_below_the_longest_tag() {
    let file = load("o01_h264_bframes_aac44s").file;
    for mode in [Mode::Strict, Mode::Tolerant, Mode::Recover] {
        let mut demuxer = Demuxer::new(mode);
        let mut longest = 0;
        let mut most = 0;
        for at in (0..file.len()).step_by(100) {
            demuxer.push(file.slice(at..file.len().min(at + 100)));
            while let Some(event) = demuxer.poll_event().expect("valid file") {
                if let Event::Tag(tag) = event {
                    longest = longest.max(tag.tag.body.len());
                }
            }
            most = most.max(demuxer.buffered_len());
        }
        assert!(
            most <= longest + 30 + 100,
            "{mode:?}: {most} for tags of {longest}"
        );
    }
}

#[test]
fn junk_is_dropped_while_a_tag_is_looked_for() {
    let mut demuxer = Demuxer::new(Mode::Recover);
    demuxer.push(HEADER.into());
    for _ in 0..2_000 {
        demuxer.push(Bytes::from_static(&[0x55; 1_000]));
        while demuxer
            .poll_event()
            .expect("recovery has no errors")
            .is_some()
        {}
        assert!(demuxer.buffered_len() <= 1_000);
    }
}

#[test]
fn nothing_is_kept_after_an_error() {
    let mut demuxer = Demuxer::new(Mode::Tolerant);
    demuxer.push(Bytes::from_static(&[0x55; 1_000]));
    let error = demuxer.poll_event().expect_err("no FLV");
    assert_eq!(
        error,
        DemuxError::NotFlv {
            offset: 0,
            got: [0x55; 3]
        }
    );
    demuxer.push(Bytes::from_static(&[0x55; 1_000]));
    assert_eq!(demuxer.buffered_len(), 0);
}

#[test]
fn bodies_longer_than_their_field_are_not_written() {
    let body = Bytes::from(vec![0; 1 << 24]);
    let tag = Tag::new(TagKind::VIDEO, Timestamp::ZERO, body.clone());
    assert!(matches!(
        Framed::new(&tag),
        Err(EncodeError::Range {
            got: 0x100_0000,
            ..
        })
    ));
    let tag = Tag::new(TagKind::VIDEO, Timestamp::ZERO, body.slice(1..));
    assert_eq!(Framed::new(&tag).expect("fits").head()[1..4], [0xff; 3]);
}

#[test]
fn events_are_small() {
    assert!(size_of::<Event>() <= 128, "{}", size_of::<Event>());
    assert!(size_of::<Tag>() <= 48, "{}", size_of::<Tag>());
}

#[test]
fn a_header_that_reaches_far_holds_no_memory() {
    let mut demuxer = Demuxer::new(Mode::Tolerant);
    demuxer.push(Bytes::from_static(b"FLV\x01\x05\xff\xff\xff\xff"));
    for _ in 0..100 {
        demuxer.push(Bytes::from_static(&[0; 1_000]));
        while demuxer.poll_event().expect("not yet").is_some() {}
        assert_eq!(demuxer.buffered_len(), 0);
    }
    // Recovery believes only the signature of such a header.
    let file = [b"FLV\x01\x05\xff\xff\xff\xff\0\0\0\0", &tag_of(5)[..]].concat();
    let (events, _) = demux(Mode::Recover, [file.into()]);
    assert!(matches!(events.last(), Some(Event::Tag(tag)) if tag.offset == 13));
}
