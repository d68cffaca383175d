//! The rules of the chunk layer, on bytes written out by hand after the specification.

use weir_rtmp::chunk::{ChunkReader, ChunkStreamId, Message};
use weir_rtmp::{
    Error, LimitExceeded, Limits, Malformed, PeerMisbehaved, Quirks, Warning, WarningCode,
};

/// What a message looks like in these tests: csid, msid, time, type, payload.
type Seen = (u32, u32, u32, u8, Vec<u8>);

fn seen(message: Message) -> Seen {
    (
        message.chunk_stream.get(),
        message.stream.get(),
        message.timestamp.as_millis(),
        message.message_type.get(),
        message.payload.to_vec(),
    )
}

/// Reads `bytes` whole and byte by byte, and returns messages and warnings.
fn read(bytes: &[u8], quirks: &Quirks) -> Result<(Vec<Seen>, Vec<Warning>), Error> {
    let run = |len: usize| {
        let mut reader = ChunkReader::new(&Limits::default(), quirks);
        let mut messages = Vec::new();
        let mut warnings = Vec::new();
        for mut part in bytes.chunks(len) {
            while let Some(message) = reader.read(&mut part)? {
                messages.push(seen(message));
            }
            warnings.extend(std::iter::from_fn(|| reader.poll_warning()));
        }
        Ok((messages, warnings))
    };
    let whole = run(bytes.len());
    assert_eq!(whole, run(1), "byte by byte");
    for len in 2..bytes.len().min(40) {
        assert_eq!(whole, run(len), "reads of {len}");
    }
    whole
}

fn messages(bytes: &[u8]) -> Vec<Seen> {
    let (messages, warnings) = read(bytes, &Quirks::strict()).unwrap();
    assert_eq!(warnings, []);
    messages
}

fn tolerated(bytes: &[u8]) -> (Vec<Seen>, Vec<WarningCode>) {
    let (messages, warnings) = read(bytes, &Quirks::tolerant()).unwrap();
    (
        messages,
        warnings.into_iter().map(|warning| warning.code).collect(),
    )
}

fn refused(bytes: &[u8], quirks: &Quirks) -> Error {
    read(bytes, quirks).unwrap_err()
}

/// fmt 0 on csid 4: time, length, type 9, msid 1.
fn fmt_0(time: u32, len: u8) -> Vec<u8> {
    let [_, a, b, c] = time.to_be_bytes();
    vec![0x04, a, b, c, 0, 0, len, 9, 1, 0, 0, 0]
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn chunk_stream_ids_come_in_one_two_and_three_bytes() {
    let body = [0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 0xAA];
    let csid = |basic: &[u8]| messages(&joined(&[basic, &body]))[0].0;
    assert_eq!(csid(&[0x02]), 2);
    assert_eq!(csid(&[0x3F]), 63);
    assert_eq!(csid(&[0x00, 0]), 64);
    assert_eq!(csid(&[0x00, 255]), 319);
    // Low byte first: 64 + 0x02 + 256 * 0x01.
    assert_eq!(csid(&[0x01, 0x02, 0x01]), 322);
    assert_eq!(csid(&[0x01, 0xFF, 0xFF]), 65_599);
    assert_eq!(csid(&[0x01, 0, 0]), 64);
}

#[test]
fn the_two_long_forms_of_one_id_are_one_chunk_stream() {
    let start = [0x00, 6, 0, 0, 10, 0, 0, 1, 8, 1, 0, 0, 0, 0xAA];
    let again = [0xC1, 6, 0, 0xBB];
    let seen = messages(&joined(&[&start, &again]));
    assert_eq!(
        seen,
        [(70, 1, 10, 8, vec![0xAA]), (70, 1, 20, 8, vec![0xBB])]
    );
}

#[test]
fn fmt_3_begins_a_message_with_the_last_delta_and_after_fmt_0_with_the_timestamp() {
    let bytes = joined(&[
        &fmt_0(1000, 1),
        b"a",
        &[0xC4],
        b"b",
        &[0x84, 0, 0, 40],
        b"c",
        &[0xC4],
        b"d",
        &[0x44, 0, 0, 5, 0, 0, 2, 8],
        b"ee",
        &[0xC4],
        b"ff",
    ]);
    let times: Vec<_> = messages(&bytes).into_iter().map(|m| (m.2, m.3)).collect();
    assert_eq!(
        times,
        [
            (1000, 9),
            (2000, 9),
            (2040, 9),
            (2080, 9),
            (2085, 8),
            (2090, 8)
        ]
    );
}

#[test]
fn time_wraps_after_32_bits() {
    let start = [
        0x04, 0xFF, 0xFF, 0xFF, 0, 0, 1, 9, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xF0, 0xAA,
    ];
    let seen = messages(&joined(&[&start, &[0x84, 0, 0, 0x20, 0xBB]]));
    assert_eq!((seen[0].2, seen[1].2), (0xFFFF_FFF0, 0x10));
}

#[test]
fn an_extended_delta_is_a_full_32_bit_delta() {
    let start = fmt_0(5, 1);
    let next = [0x84, 0xFF, 0xFF, 0xFF, 0x01, 0x31, 0x2D, 0x00, 0xBB];
    let seen = messages(&joined(&[&start, b"a", &next]));
    assert_eq!(seen[1].2, 5 + 20_000_000);
}

#[test]
fn an_extended_timestamp_is_repeated_on_every_fmt_3() {
    let time = 0x0100_0000_u32.to_be_bytes();
    let payload = [0x11; 200];
    let start = [0x04, 0xFF, 0xFF, 0xFF, 0, 0, 200, 9, 1, 0, 0, 0];
    let bytes = joined(&[
        &start,
        &time,
        &payload[..128],
        &[0xC4],
        &time,
        &payload[128..],
        // A message that begins with fmt 3 has it too.
        &[0xC4],
        &time,
        &payload[..128],
        &[0xC4],
        &time,
        &payload[128..],
    ]);
    let seen = messages(&bytes);
    assert_eq!((seen[0].2, seen[1].2), (0x0100_0000, 0x0200_0000));
    assert_eq!(
        (&seen[0].4[..], &seen[1].4[..]),
        (&payload[..], &payload[..])
    );
}

#[test]
fn exactly_0xffffff_is_extended_and_one_less_is_not() {
    let extended = [
        0x04, 0xFF, 0xFF, 0xFF, 0, 0, 1, 9, 1, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xAA,
    ];
    assert_eq!(messages(&extended)[0].2, 0xFF_FFFF);
    assert_eq!(
        messages(&joined(&[&fmt_0(0xFF_FFFE, 1), b"a"]))[0].2,
        0xFF_FFFE
    );
}

#[test]
fn an_omitted_extended_timestamp_is_detected_on_a_continuation() {
    let time = 0x0100_0000_u32.to_be_bytes();
    // The payload begins like the timestamp, up to its third byte.
    let mut payload = [0x11; 300];
    payload[128..131].copy_from_slice(&[0x01, 0x00, 0x00]);
    let start = [0x04, 0xFF, 0xFF, 0xFF, 0, 1, 44, 9, 1, 0, 0, 0];
    let bytes = joined(&[
        &start,
        &time,
        &payload[..128],
        &[0xC4],
        &payload[128..256],
        &[0xC4],
        &payload[256..],
        &[0xC4],
        &payload[..128],
        &[0xC4],
        &payload[128..256],
        &[0xC4],
        &payload[256..],
    ]);
    let (seen, warnings) = tolerated(&bytes);
    assert_eq!(warnings, [WarningCode::ExtendedTimestampOmitted]);
    assert_eq!((seen[0].2, seen[1].2), (0x0100_0000, 0x0200_0000));
    assert_eq!(
        (&seen[0].4[..], &seen[1].4[..]),
        (&payload[..], &payload[..])
    );
}

#[test]
fn a_short_last_chunk_without_its_extended_timestamp_is_not_waited_past() {
    // One byte of payload, equal to the first of the timestamp, then the next message's header.
    let time = 0x0200_0000_u32.to_be_bytes();
    let start = [0x04, 0xFF, 0xFF, 0xFF, 0, 0, 129, 9, 1, 0, 0, 0];
    let next = [0x05, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0];
    let bytes = joined(&[&start, &time, &[0x11; 128], &[0xC4, 0x02], &next]);
    let (seen, warnings) = tolerated(&bytes);
    assert_eq!(warnings, [WarningCode::ExtendedTimestampOmitted]);
    assert_eq!(seen[0].4[128..], [0x02]);
    assert_eq!(seen[1], (5, 1, 0, 8, vec![]));
}

#[test]
fn vlcs_absolute_time_on_continuations_is_taken_for_the_extended_timestamp() {
    let start = joined(&[&fmt_0(0x10, 1), b"a"]);
    let delta = 0x0100_0000_u32.to_be_bytes();
    let absolute = 0x0100_0010_u32.to_be_bytes();
    let next = [0x44, 0xFF, 0xFF, 0xFF, 0, 0, 130, 9];
    let bytes = joined(&[
        &start,
        &next,
        &delta,
        &[0x11; 128],
        &[0xC4],
        &absolute,
        &[0x22; 2],
    ]);
    let (seen, warnings) = tolerated(&bytes);
    assert_eq!(warnings, [WarningCode::ExtendedTimestampAbsolute]);
    assert_eq!(
        (seen[1].2, &seen[1].4[128..]),
        (0x0100_0010, &[0x22, 0x22][..])
    );
}

#[test]
fn messages_of_many_chunk_streams_interleave() {
    let mut bytes = Vec::new();
    for csid in [4, 5, 6] {
        bytes.extend([csid, 0, 0, csid, 0, 0, 200, 9, 1, 0, 0, 0]);
        bytes.extend([csid; 128]);
    }
    for csid in [6, 4, 5] {
        bytes.push(0xC0 | csid);
        bytes.extend([csid; 72]);
    }
    let seen = messages(&bytes);
    let expected = [6, 4, 5].map(|csid| (csid.into(), 1, csid.into(), 9, vec![csid; 200]));
    assert_eq!(seen, expected);
}

#[test]
fn a_new_chunk_size_counts_from_the_next_chunk_even_in_the_middle_of_a_message() {
    let set_size = [0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 50];
    let bytes = joined(&[
        &fmt_0(0, 200),
        &[1; 128],
        &set_size,
        &[0xC4],
        &[2; 50],
        &[0xC4],
        &[3; 22],
    ]);
    let seen = messages(&bytes);
    assert_eq!(seen[1].4, [vec![1; 128], vec![2; 50], vec![3; 22]].concat());
}

#[test]
fn chunk_sizes_from_one_byte_to_all_there_is_are_obeyed() {
    let set = |size: u32| {
        joined(&[
            &[0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0],
            &size.to_be_bytes(),
        ])
    };
    let ones = [1, 0xC4, 2, 0xC4, 3];
    assert_eq!(
        messages(&joined(&[&set(1), &fmt_0(0, 3), &ones]))[1].4,
        [1, 2, 3]
    );
    for size in [255, 0xFF_FFFF, 0x100_0000, 0x7FFF_FFFF] {
        assert_eq!(
            messages(&joined(&[&set(size), &fmt_0(0, 255), &[7; 255]]))[1].4,
            [7; 255]
        );
    }
    for (size, payload) in [(0, &ones[..]), (0x8000_0001, &ones), (0x8000_0000, &ones)] {
        let bytes = joined(&[&set(size), &fmt_0(0, 3), payload]);
        let (seen, warnings) = tolerated(&bytes);
        assert_eq!(seen[1].4, [1, 2, 3], "{size:#x}");
        assert_eq!(warnings, [WarningCode::ChunkSizeClamped]);
        let error = PeerMisbehaved::ChunkSizeOutOfRange {
            got: size,
            offset: 16,
        };
        assert_eq!(refused(&bytes, &Quirks::strict()), error.into());
    }
}

#[test]
fn control_messages_are_obeyed_on_any_stream_and_ignored_if_too_short() {
    let on_five = [0x05, 0, 0, 0, 0, 0, 4, 1, 7, 0, 0, 0, 0, 0, 0, 1];
    let seen = messages(&joined(&[&on_five, &fmt_0(0, 2), &[1, 0xC4, 2]]));
    assert_eq!(seen[1].4, [1, 2]);
    let short = [0x02, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 1];
    let (seen, warnings) = tolerated(&joined(&[&short, &fmt_0(0, 2), &[1, 2]]));
    assert_eq!(seen[1].4, [1, 2]);
    assert_eq!(warnings, [WarningCode::ControlTooShort]);
}

#[test]
fn abort_drops_the_partial_message_and_keeps_the_headers() {
    let abort = [0x02, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 4];
    let bytes = joined(&[
        &fmt_0(10, 200),
        &[1; 128],
        &abort,
        &[0xC4],
        &[2; 128],
        &[0xC4],
        &[2; 72],
    ]);
    let seen = messages(&bytes);
    assert_eq!(seen[0].3, 2);
    // fmt 3 begins a message again: the delta after fmt 0 is its timestamp.
    assert_eq!(seen[1], (4, 1, 20, 9, vec![2; 200]));
    // Aborting what is not there means nothing.
    let nothing = [0x02, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 9];
    assert_eq!(messages(&joined(&[&nothing, &fmt_0(0, 1), b"a"])).len(), 2);
}

#[test]
fn librtmps_first_acknowledgement_opens_the_control_stream_with_fmt_1() {
    let bytes = [0x42, 0, 0, 7, 0, 0, 4, 3, 0, 0, 0x0C, 0x23];
    let (seen, warnings) = tolerated(&bytes);
    assert_eq!(seen, [(2, 0, 7, 3, vec![0, 0, 0x0C, 0x23])]);
    assert_eq!(warnings, [WarningCode::NoMessageStreamId]);
    let csid = ChunkStreamId::CONTROL;
    let error = PeerMisbehaved::NoMessageStreamId { csid, offset: 0 };
    assert_eq!(refused(&bytes, &Quirks::strict()), error.into());
}

#[test]
fn headers_without_history_are_refused_with_their_place() {
    let csid = ChunkStreamId::new(7).unwrap();
    for fmt in [2, 3] {
        let bytes = joined(&[&fmt_0(0, 1), b"a", &[(fmt << 6) | 7, 0, 0, 1, 0xAA]]);
        let error = Malformed::NoEarlierHeader {
            csid,
            fmt,
            offset: 13,
        };
        assert_eq!(refused(&bytes, &Quirks::tolerant()), error.into());
    }
}

#[test]
fn zero_length_messages_of_every_kind_do_not_vanish() {
    let bytes = joined(&[
        &fmt_0(5, 0),
        &[0xC4],
        &[0x84, 0, 0, 1],
        &[0x44, 0, 0, 1, 0, 0, 0, 8],
        &[0x44, 0, 0, 1, 0, 0, 2, 8],
        b"ab",
    ]);
    let seen: Vec<_> = messages(&bytes)
        .into_iter()
        .map(|m| (m.2, m.3, m.4.len()))
        .collect();
    assert_eq!(
        seen,
        [(5, 9, 0), (10, 9, 0), (11, 9, 0), (12, 8, 0), (13, 8, 2)]
    );
}

#[test]
fn unknown_message_types_are_returned() {
    for kind in [0, 7, 21, 255] {
        let bytes = [0x04, 0, 0, 0, 0, 0, 1, kind, 1, 0, 0, 0, 0xAA];
        assert_eq!(messages(&bytes)[0].3, kind);
    }
}

#[test]
fn rmls_repeated_headers_continue_a_message() {
    let header = fmt_0(9, 200);
    let bytes = joined(&[&header, &[1; 128], &header, &[2; 72]]);
    let (seen, warnings) = tolerated(&bytes);
    assert_eq!(seen, [(4, 1, 9, 9, [vec![1; 128], vec![2; 72]].concat())]);
    assert_eq!(warnings, [WarningCode::HeaderInMessage]);
    let csid = ChunkStreamId::new(4).unwrap();
    let error = PeerMisbehaved::HeaderInMessage {
        csid,
        fmt: 0,
        missing: 72,
        offset: 140,
    };
    assert_eq!(refused(&bytes, &Quirks::strict()), error.into());
    // fmt 1 of the same length, and fmt 2: no second delta is added.
    for header in [&[0x44, 0, 0, 7, 0, 0, 200, 9][..], &[0x84, 0, 0, 7]] {
        let bytes = joined(&[&fmt_0(9, 200), &[1; 128], header, &[2; 72]]);
        let (seen, warnings) = tolerated(&bytes);
        assert_eq!((seen.len(), seen[0].2, seen[0].4.len()), (1, 9, 200));
        assert_eq!(warnings, [WarningCode::HeaderInMessage]);
    }
}

#[test]
fn another_header_in_a_message_drops_it_and_begins_the_next() {
    for header in [&fmt_0(20, 3)[..], &[0x44, 0, 0, 11, 0, 0, 3, 9]] {
        let bytes = joined(&[&fmt_0(9, 200), &[1; 128], header, b"abc"]);
        let (seen, warnings) = tolerated(&bytes);
        assert_eq!(seen, [(4, 1, 20, 9, b"abc".to_vec())]);
        assert_eq!(warnings, [WarningCode::PartialMessageDropped]);
    }
}

#[test]
fn a_tolerance_is_reported_once_with_its_place() {
    let mut bytes = Vec::new();
    for csid in [4, 5, 6] {
        bytes.extend([0x40 | csid, 0, 0, 0, 0, 0, 0, 8]);
    }
    let mut reader = ChunkReader::new(&Limits::default(), &Quirks::default()).starting_at(3073);
    let mut input = &bytes[..];
    while reader.read(&mut input).unwrap().is_some() {}
    let warning = reader.poll_warning().unwrap();
    assert_eq!(
        (warning.code, warning.offset),
        (WarningCode::NoMessageStreamId, 3073)
    );
    assert_eq!(reader.poll_warning(), None);
    assert_eq!(reader.offset(), 3073 + 24);
}

#[test]
fn limits_are_checked_before_anything_is_taken_in() {
    let limited = |change: fn(&mut Limits), bytes: &[u8]| {
        let mut limits = Limits::default();
        change(&mut limits);
        let mut reader = ChunkReader::new(&limits, &Quirks::default());
        let mut input = bytes;
        let error = loop {
            match reader.read(&mut input) {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => break error,
            }
        };
        assert_eq!(
            reader.read(&mut &b""[..]),
            Err(error.clone()),
            "the error stays"
        );
        Some(error)
    };
    let csid = ChunkStreamId::new(4).unwrap();

    let error = LimitExceeded::MessageLen {
        csid,
        got: 101,
        limit: 100,
        offset: 0,
    };
    assert_eq!(
        limited(|l| l.max_message_len = 100, &fmt_0(0, 101)),
        Some(error.into())
    );
    assert_eq!(limited(|l| l.max_message_len = 100, &fmt_0(0, 100)), None);

    let two = joined(&[
        &fmt_0(0, 200),
        &[1; 128],
        &[5, 0, 0, 0, 0, 0, 100, 9, 1, 0, 0, 0],
    ]);
    let error = LimitExceeded::InProgress {
        got: 300,
        limit: 299,
        offset: 140,
    };
    assert_eq!(
        limited(|l| l.max_in_progress = 299, &two),
        Some(error.into())
    );
    assert_eq!(limited(|l| l.max_in_progress = 300, &two), None);

    let csid_5 = ChunkStreamId::new(5).unwrap();
    let error = LimitExceeded::ChunkStreams {
        csid: csid_5,
        limit: 1,
        offset: 140,
    };
    assert_eq!(
        limited(|l| l.max_chunk_streams = 1, &two),
        Some(error.into())
    );

    let three = joined(&[&fmt_0(0, 255), &[1; 128], &[0xC4], &[1; 127]]);
    let error = LimitExceeded::ChunksPerMessage {
        csid,
        limit: 1,
        offset: 140,
    };
    assert_eq!(
        limited(|l| l.max_chunks_per_message = 1, &three),
        Some(error.into())
    );
    assert_eq!(limited(|l| l.max_chunks_per_message = 2, &three), None);
}
