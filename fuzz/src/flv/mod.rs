//! Targets of weir-flv.

mod peer;

pub use peer::scuffle;

use bytes::{Buf, Bytes};
use weir_flv::body::{self, Class, Codec, MultichannelConfig, Packet};
use weir_flv::codec::{CodecConfig, adts, nal};
use weir_flv::file::{Demuxer, Event, Mode, Muxer, Profile, Recorder, RecorderConfig, seek, walk};
use weir_flv::live::{GopCache, GopLimits, JoinPolicy, TimeBase, Viewer};
use weir_flv::script::{ColorInfo, Metadata, Script};
use weir_flv::{
    DemuxError, EncryptedBody, FourCc, Limits, Repair, RepairConfig, Tag, TagHeader, TagKind,
    Timestamp,
};

/// A tag header and a body of any kind: packets survive encoding, everything else stays in reach.
pub fn tag_and_body(data: &[u8]) {
    if let Ok(header) = TagHeader::decode(data) {
        assert_eq!(
            header.encode(),
            data[..TagHeader::LEN],
            "every header is canonical"
        );
    }
    let Some((selector, body)) = data.split_first() else {
        return;
    };
    let kind = [
        TagKind::AUDIO,
        TagKind::VIDEO,
        TagKind::SCRIPT,
        TagKind::SCRIPT_AMF3,
    ];
    let mut tag = Tag::new(
        kind[usize::from(selector & 3)],
        Timestamp::ZERO,
        Bytes::copy_from_slice(body),
    );
    let packets: Vec<Packet<'_>> = tag.packets().map_while(Result::ok).collect();
    for packet in &packets {
        let begin = packet.payload_offset;
        assert_eq!(packet.payload, &body[begin..begin + packet.payload.len()]);
        assert!(packet.nano < 1_000_000);
        let _ = MultichannelConfig::decode(packet.payload);
        let _ = ColorInfo::decode(packet.payload, &Limits::default());
    }
    let whole = tag.packets().all(|packet| packet.is_ok());
    if whole && !packets.is_empty() {
        round_trip(&tag, &packets);
    }
    for profile in [Profile::Full, Profile::Ffmpeg, Profile::Browser] {
        for framed in Muxer::new(profile).mux(&tag).expect("shorter than a tag") {
            assert_eq!(framed.len(), framed.remaining());
        }
    }
    if let Ok(script) = Script::decode(&tag, &Limits::default()) {
        let _ = (script.cue_point(), script.text_data(), script.xmp());
        if let Some(metadata) = Metadata::from_script(script) {
            let again = metadata
                .to_tag(Timestamp::ZERO)
                .expect("names that were read");
            let again = Script::decode(&again, &Limits::default()).expect("what was written");
            assert_eq!(again.name(), "onMetaData");
            let _ = (
                metadata.video_codec(),
                metadata.keyframes(),
                metadata.duration(),
            );
        }
    }
    tag.filtered = true;
    let _ = EncryptedBody::decode(&tag);
}

/// What can be written reads back as the same packets, and writes the same bytes again.
fn round_trip(tag: &Tag, packets: &[Packet<'_>]) {
    let Ok(written) = body::encode(packets) else {
        return;
    };
    let read: Result<Vec<Packet<'_>>, _> =
        body::packets(tag.kind, tag.timestamp, &written).collect();
    let read = read.expect("what was written");
    assert_eq!(read.len(), packets.len());
    for (ours, theirs) in read.iter().zip(packets) {
        let mut theirs = *theirs;
        // Unknown modifiers and the position may be written another way.
        theirs.payload_offset = ours.payload_offset;
        theirs.multitrack = ours.multitrack;
        theirs.sound = ours.sound.filter(|_| theirs.sound.is_some());
        assert_eq!(*ours, theirs);
    }
    assert_eq!(
        body::encode(&read).as_deref(),
        Ok(&written[..]),
        "written bytes are canonical"
    );
}

/// One configuration record; a leading byte picks the codec.
pub fn codec_record(data: &[u8]) {
    let Some((selector, record)) = data.split_first() else {
        return;
    };
    let codes = FourCc::ALL;
    let code = codes[usize::from(*selector) % codes.len()];
    let codec = Codec::FourCc(code);
    if let Ok(Some(config)) = CodecConfig::decode(codec, record) {
        let _ = (config.picture(), config.sound());
        let written = match &config {
            CodecConfig::Avc(config) => config.encode().ok(),
            CodecConfig::Hevc(config) => config.encode().ok(),
            CodecConfig::Vvc(config) => config.encode().ok(),
            CodecConfig::Av1(config) => Some(config.encode()),
            CodecConfig::Aac(config) => config.encode().ok(),
            CodecConfig::Opus(config) => Some(config.encode()),
            CodecConfig::Flac(config) => Some(config.encode()),
            _ => None,
        };
        if let Some(written) = written {
            let again = CodecConfig::decode(codec, &written).expect("what was written");
            assert_eq!(again.as_ref(), Some(&config), "{code}");
        }
    }
    let mut stream = Vec::new();
    if nal::to_annex_b(record, 4, &mut stream).is_ok() {
        let mut back = Vec::new();
        nal::to_length_prefixed(&stream, 4, &mut back).expect("short units");
        let mut again = Vec::new();
        nal::to_annex_b(&back, 4, &mut again).expect("what was written");
        let mut twice = Vec::new();
        nal::to_length_prefixed(&again, 4, &mut twice).expect("short units");
        assert_eq!(back, twice);
    }
    for frame in adts::frames(record).map_while(Result::ok) {
        let header = adts::header(&frame.config, frame.payload.len()).expect("what was read");
        let whole = [&header[..], frame.payload].concat();
        let again = adts::frames(&whole)
            .next()
            .expect("one")
            .expect("what was written");
        assert_eq!(again, frame);
    }
    let _ = weir_flv::codec::obus(record).count();
}

/// A file in one of three modes: any cut gives the same events, and memory stays in bounds.
pub fn demux(data: &[u8]) {
    let Some(([mode, step], file)) = data.split_first_chunk() else {
        return;
    };
    let mode = [Mode::Strict, Mode::Tolerant, Mode::Recover][usize::from(mode % 3)];
    let file = Bytes::copy_from_slice(file);
    let whole = events(mode, [file.clone()]);
    let step = usize::from(*step) + 1;
    let pieces = (0..file.len()).step_by(step);
    let cut = events(
        mode,
        pieces.map(|at| file.slice(at..file.len().min(at + step))),
    );
    assert_eq!(whole, cut);
    if mode == Mode::Recover {
        assert_eq!(whole.1, None, "recovery has no errors");
    }
    let mut end = 0;
    for event in &whole.0 {
        match event {
            Event::Tag(tag) => {
                assert!(tag.offset >= end, "tags do not overlap");
                end = tag.offset + 11 + tag.tag.body.len() as u64;
                let begin = usize::try_from(tag.offset).expect("small") + 11;
                assert_eq!(tag.tag.body, file.slice(begin..begin + tag.tag.body.len()));
            }
            Event::Skipped { offset, len } => {
                assert!(*offset >= end && *len > 0);
                end = offset + len;
            }
            _ => {}
        }
    }
    // Whole in memory, the borrowed walk sees the same tags up to the first oddity.
    if let (Mode::Strict, None, Ok((_, tags))) = (mode, whole.1, walk(&file)) {
        let ours = whole.0.iter().filter_map(|event| match event {
            Event::Tag(tag) => Some((tag.offset, tag.tag.clone())),
            _ => None,
        });
        assert!(ours.eq(tags.map(|tag| (tag.offset, tag.to_tag()))));
    }
}

type Outcome = (Vec<Event>, Option<DemuxError>);

fn events(mode: Mode, pieces: impl IntoIterator<Item = Bytes>) -> Outcome {
    let mut demuxer = Demuxer::new(mode);
    let mut events = Vec::new();
    for piece in pieces {
        demuxer.push(piece);
        if let Err(error) = drain(&mut demuxer, &mut events) {
            return (events, Some(error));
        }
        assert!(demuxer.buffered_len() <= 0xff_ffff + 1024 + 256);
    }
    demuxer.finish();
    let error = drain(&mut demuxer, &mut events).err();
    if error.is_none() {
        assert_eq!(demuxer.buffered_len(), 0, "everything was read");
    }
    (events, error)
}

fn drain(demuxer: &mut Demuxer, events: &mut Vec<Event>) -> Result<(), DemuxError> {
    while let Some(event) = demuxer.poll_event()? {
        events.push(event);
    }
    Ok(())
}

/// Tags recorded, finalised, cut anywhere and gone on with: always a valid file.
pub fn recorder(data: &[u8]) {
    let Some(([cut_high, cut_low], rest)) = data.split_first_chunk() else {
        return;
    };
    let tags = tags_of(rest);
    let mut config = RecorderConfig::default();
    config.max_keyframes = 4;
    let mut file = Vec::new();
    let mut recorder = Recorder::new(config.clone());
    record(&mut recorder, &tags, &mut file);
    check_file(&file);
    file.truncate(usize::from(u16::from_be_bytes([*cut_high, *cut_low])) % (file.len() + 1));
    let resumed = Recorder::append(&mut &file[..], config).expect("our own file");
    file.truncate(usize::try_from(resumed.keep_len).expect("small"));
    let mut recorder = resumed.recorder;
    record(&mut recorder, &tags, &mut file);
    check_file(&file);
    let _ = seek(&mut &file[..], recorder.duration() / 2, &Limits::default());
}

fn record(recorder: &mut Recorder, tags: &[Tag], file: &mut Vec<u8>) {
    for tag in tags {
        recorder.push(tag).expect("short bodies");
    }
    let patches = recorder.patches();
    while let Some(mut append) = recorder.poll_append() {
        file.extend_from_slice(&append.copy_to_bytes(append.remaining()));
    }
    assert_eq!(file.len() as u64, recorder.file_len());
    for patch in patches {
        let begin = usize::try_from(patch.offset).expect("small");
        file[begin..begin + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
}

fn check_file(file: &[u8]) {
    let (events, error) = events(Mode::Strict, [Bytes::copy_from_slice(file)]);
    assert_eq!(error, None);
    let metadata = events.iter().find_map(|event| match event {
        Event::Tag(tag) => Some(&tag.tag),
        _ => None,
    });
    let script = Script::decode(metadata.expect("metadata"), &Limits::default());
    let metadata = Metadata::from_script(script.expect("AMF0")).expect("onMetaData");
    assert_eq!(metadata.file_size(), Some(file.len() as f64));
    for entry in metadata.keyframes().unwrap_or_default().entries() {
        let at = usize::try_from(entry.position).expect("small");
        assert!(entry.agrees_with(&file[at..]), "{entry:?}");
    }
}

/// Tags made of the input: kind, time, length, body, as long as it lasts.
fn tags_of(mut data: &[u8]) -> Vec<Tag> {
    let mut tags = Vec::new();
    while let Some(([kind, a, b, c, d, len], rest)) = data.split_first_chunk() {
        let (body, rest) = rest.split_at(rest.len().min(usize::from(*len)));
        data = rest;
        let kind = [
            TagKind::AUDIO,
            TagKind::VIDEO,
            TagKind::VIDEO,
            TagKind::SCRIPT,
        ][usize::from(kind & 3)];
        let time = Timestamp::from_millis(u32::from_be_bytes([*a, *b, *c, *d]));
        tags.push(Tag::new(kind, time, Bytes::copy_from_slice(body)));
    }
    tags
}

/// A stream through cache, viewer and repair: bounded, in order, nothing undecodable first.
pub fn live(data: &[u8]) {
    let Some(([policy, join_at], rest)) = data.split_first_chunk() else {
        return;
    };
    let policy =
        [JoinPolicy::LastKey, JoinPolicy::NextKey, JoinPolicy::Live][usize::from(policy % 3)];
    let mut limits = GopLimits::default();
    limits.max_bytes = 4_096;
    limits.max_tags = 64;
    let mut cache = GopCache::new(limits.clone());
    let mut viewer = Viewer::new(policy, TimeBase::Zero);
    let mut repair = Repair::new(RepairConfig::default());
    let mut seen_video = false;
    let mut joined = false;
    for (index, tag) in tags_of(rest).iter().enumerate() {
        let (tag, _) = repair.tag(tag);
        if index == usize::from(*join_at) {
            joined = true;
            for tag in viewer.start(&cache) {
                check_order(policy, &tag, &mut seen_video);
            }
        }
        if joined {
            if let Some(tag) = viewer.forward(&tag) {
                check_order(policy, &tag, &mut seen_video);
            }
        }
        cache.push(&tag);
        assert!(cache.len_bytes() <= limits.max_bytes && cache.tags().count() <= limits.max_tags);
    }
}

fn check_order(policy: JoinPolicy, tag: &Tag, seen_video: &mut bool) {
    if policy == JoinPolicy::Live || tag.kind != TagKind::VIDEO {
        return;
    }
    match tag.class() {
        Class::KeyFrame => *seen_video = true,
        Class::Frame | Class::Disposable => assert!(*seen_video, "a picture without a beginning"),
        _ => {}
    }
}
