//! From packets to frames: recorded sessions, tracks that belong together, a network that loses.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use weir_rtsp::{
    Channel, ChannelKind, Class, ClientEvent, Limits, MediaEvent, MediaFrame, MediaReceiver,
    ServerConfig, TrackId, TransportPolicy,
    payload::{Codec, Framing, Packetizer, PacketizerConfig, Units, h264},
    rtcp::{CompoundWriter, SenderInfo},
    rtp::{NtpTime, RtpTime, SenderClock, Ssrc, is_rtcp},
};

use crate::{
    loss::{filler, length_prefixed, unit},
    pair::{HOST, Pair},
    recorded_media::{SESSIONS, codec_of, read},
    session::{play, udp_pair},
    vectors::hex,
};

fn receiver(codecs: &[&Codec]) -> MediaReceiver {
    let mut receiver = MediaReceiver::new(&Limits::default());
    for codec in codecs {
        receiver.add_track(codec, Framing::LengthPrefixed).unwrap();
    }
    receiver
}

fn frames(receiver: &mut MediaReceiver) -> Vec<MediaFrame> {
    let events = std::iter::from_fn(|| receiver.poll_event());
    let frames = events.filter_map(|event| match event {
        MediaEvent::Frame(frame) => Some(frame),
        _ => None,
    });
    frames.collect()
}

/// Packet `sequence` of a track with one Opus frame.
fn opus(sequence: u8, timestamp: u32) -> Bytes {
    let mut packet = vec![0x80, 97, 0, sequence];
    packet.extend(timestamp.to_be_bytes());
    packet.extend([0, 0, 0, 9, 0xf8, sequence]);
    packet.into()
}

#[test]
fn recorded_tracks_come_out_whole_with_rising_decode_times() {
    for name in SESSIONS {
        let recording = read(name);
        for stream in recording.streams() {
            let codec = codec_of(stream);
            let mut receiver = receiver(&[&codec]);
            for packet in recording.flow(stream, 0) {
                if !is_rtcp(packet) && packet.len() >= 12 {
                    receiver
                        .push_rtp(0, packet.clone(), Duration::ZERO)
                        .unwrap();
                }
            }
            // One session has a pause, with a gap that nothing fills.
            receiver.handle_timeout(Duration::from_secs(1));
            let frames = frames(&mut receiver);
            let what = format!("{name} {}", stream["encoding"]);
            assert_eq!(
                frames.len(),
                stream["rtp"]["depacketized"]["frames"],
                "{what}"
            );
            let is_video = matches!(codec, Codec::H264(_) | Codec::H265(_));
            // Several packets of MPEG-2 TS have one time.
            let rises = |pair: &[MediaFrame]| match is_video {
                true => pair[0].dts < pair[1].dts,
                false => pair[0].dts <= pair[1].dts,
            };
            assert!(frames.windows(2).all(rises), "{what}");
            let late = frames
                .iter()
                .find(|f| f.dts.as_millis() > f.pts.as_millis());
            assert_eq!(late, None, "{what}");
        }
    }
}

#[test]
fn a_track_that_arrives_late_is_put_where_its_report_says() {
    let audio = Codec::Opus(2);
    let mut receiver = receiver(&[&audio, &audio]);
    let report = |source: u32, rtp: u32| {
        let mut out = Vec::new();
        let ntp = NtpTime::new(0xe875_4701_4000_0000);
        let info = SenderInfo::new(Ssrc::new(source), ntp, RtpTime::new(rtp));
        CompoundWriter::new(&mut out).sender_report(&info, &[]);
        Bytes::from(out)
    };
    receiver.push_rtcp(0, &report(9, 48_000));
    receiver.push_rtcp(1, &report(10, 960_000));
    receiver
        .push_rtp(0, opus(1, 48_000), Duration::ZERO)
        .unwrap();
    // Captured 20 ms after the first one, 300 ms on its way.
    receiver
        .push_rtp(1, opus(1, 960_960), Duration::from_millis(320))
        .unwrap();
    let times: Vec<_> = frames(&mut receiver)
        .iter()
        .map(|f| f.pts.as_millis())
        .collect();
    assert_eq!(times, [0, 20]);
}

#[test]
fn a_missing_packet_is_waited_for_and_then_marked() {
    let mut receiver = receiver(&[&Codec::Opus(2)]);
    let at = Duration::from_millis;
    receiver.push_rtp(0, opus(1, 960), at(0)).unwrap();
    receiver.push_rtp(0, opus(3, 2880), at(10)).unwrap();
    assert_eq!(frames(&mut receiver).len(), 1);
    assert_eq!(receiver.poll_timeout(), Some(at(210)));
    receiver.handle_timeout(at(210));
    let after = frames(&mut receiver);
    assert_eq!(after.len(), 1);
    assert_eq!((after[0].frame.lost, after[0].pts.as_millis()), (1, 40));
    assert_eq!(receiver.poll_timeout(), None);
}

#[test]
fn the_hole_punch_of_ffmpeg_is_no_other_source() {
    let mut receiver = receiver(&[&Codec::Opus(2)]);
    receiver.push_rtp(0, opus(1, 960), Duration::ZERO).unwrap();
    let punch = Bytes::from_static(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    receiver.push_rtp(0, punch, Duration::ZERO).unwrap();
    receiver
        .push_rtp(0, opus(2, 1920), Duration::from_secs(9))
        .unwrap();
    let times: Vec<_> = frames(&mut receiver)
        .iter()
        .map(|f| f.pts.as_millis())
        .collect();
    assert_eq!(times, [0, 20]);
}

#[test]
fn without_loss_the_end_of_the_stream_gives_the_last_picture() {
    let mut receiver = receiver(&[&Codec::H264(h264::Parameters::default())]);
    // No marker: only what follows would end it.
    let packet = Bytes::from_static(&[0x80, 96, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 0x65, 0x88]);
    receiver.push_rtp(0, packet, Duration::ZERO).unwrap();
    assert_eq!(frames(&mut receiver).len(), 0);
    receiver.flush(Duration::ZERO);
    assert_eq!(frames(&mut receiver).len(), 1);
}

/// 2 of 100 datagrams are lost, and each takes 5 to 45 ms, so that they overtake one another.
struct Network {
    random: u64,
    on_the_way: BTreeMap<(Instant, u64), (SocketAddr, Channel, Bytes)>,
    lost: [u32; 2],
    overtaken: u32,
    /// The latest arrival so far of each track.
    latest: [Option<Instant>; 2],
}

impl Network {
    fn below(&mut self, bound: u64) -> u64 {
        let step = 6_364_136_223_846_793_005;
        self.random = self
            .random
            .wrapping_mul(step)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    fn send(
        &mut self,
        from: SocketAddr,
        channel: Channel,
        bytes: Bytes,
        reliable: bool,
        now: Instant,
    ) {
        let track = channel.track.index();
        let (fate, delay) = (self.below(100), self.below(41));
        if channel.kind == ChannelKind::Rtp && fate < 2 && !reliable {
            self.lost[track] += 1;
            return;
        }
        let arrival = now + Duration::from_millis(5 + delay);
        if self.latest[track].is_some_and(|latest| latest > arrival) {
            self.overtaken += 1;
        }
        self.latest[track] = self.latest[track].max(Some(arrival));
        let number = self.below(u64::MAX);
        self.on_the_way
            .insert((arrival, number), (from, channel, bytes));
    }
}

/// One picture or sound to be sent.
struct Sent {
    track: usize,
    /// When it is sent, and when it is shown, in milliseconds since the beginning.
    at: u64,
    pts: i64,
    data: Vec<u8>,
}

/// 20 s of pictures with B-frames, 25 each second, and sounds of 20 ms.
fn media() -> Vec<Sent> {
    let mut all = Vec::new();
    for n in 0..500_usize {
        // I P B B P B B: shown in the order 0 2 3 1.
        let shown = match n {
            0 => 0,
            n => [n + 2, n - 1, n - 1][(n - 1) % 3],
        };
        let head = if n % 31 == 0 { 0x65 } else { 0x41 };
        let mut units = vec![
            unit(&[head, 0x88], n, 300 + n * 97 % 4000),
            unit(&[head, 0x08], n + 9, 50),
        ];
        if n % 31 == 0 {
            units.splice(..0, [hex(SPS), hex(PPS)]);
        }
        let (at, pts) = (40 * n as u64, 40 * shown as i64);
        let data = length_prefixed(&units);
        all.push(Sent {
            track: 0,
            at,
            pts,
            data,
        });
    }
    for n in 0..1000_usize {
        let at = 20 * n as u64;
        let data = [vec![0xf8], filler(n, 90)].concat();
        all.push(Sent {
            track: 1,
            at,
            pts: 20 * n as i64,
            data,
        });
    }
    all.sort_by_key(|sent| sent.at);
    all
}

/// Sends media over the network; the frames that come out at the client.
fn carried(pair: &mut Pair, network: &mut Network, media: &[Sent]) -> Vec<MediaFrame> {
    let tracks: Vec<TrackId> = pair.server.tracks().collect();
    let codecs = [
        Codec::H264(h264::Parameters::default().with_parameter_set(&hex(SPS))),
        Codec::Opus(2),
    ];
    let begin = pair.now;
    let mut clocks = Vec::new();
    let mut packetizers = Vec::new();
    for ((codec, track), base) in codecs.iter().zip(&tracks).zip(BASES) {
        let mut config = PacketizerConfig::new(96, Ssrc::new(base));
        config.framing = Framing::LengthPrefixed;
        packetizers.push(Packetizer::new(codec, config).unwrap());
        let clock = SenderClock::new(RtpTime::new(base), begin, codec.clock_rate());
        pair.server.set_sender_clock(*track, clock).unwrap();
        clocks.push(clock);
    }
    let mut receiver = receiver(&[&codecs[0], &codecs[1]]);
    let (mut waiting, mut block) = (media.iter().peekable(), BytesMut::new());
    let mut frames = Vec::new();
    for millis in 0..21_000 {
        pair.now = begin + Duration::from_millis(millis);
        let now = pair.now;
        while let Some(sent) = waiting.next_if(|sent| sent.at <= millis) {
            let at = clocks[sent.track]
                .timestamp_at(begin + Duration::from_millis(sent.pts.unsigned_abs()));
            let mut packets = packetizers[sent.track].packetize(&sent.data, at).unwrap();
            while let Some(packet) = packets.next_bytes(&mut block) {
                pair.server
                    .send_rtp(tracks[sent.track], packet, Class::Essential, now)
                    .unwrap();
            }
            // The first and last packets tell where the others stand.
            let reliable = sent.at == 0 || sent.at > 19_500;
            while let Some((channel, _, bytes)) = pair.server.poll_datagram() {
                let (rtp, rtcp) = pair.server_ports[channel.track.index()];
                let port = if channel.kind == ChannelKind::Rtp {
                    rtp
                } else {
                    rtcp
                };
                network.send(SocketAddr::new(HOST, port), channel, bytes, reliable, now);
            }
        }
        while let Some(first) = network
            .on_the_way
            .first_entry()
            .filter(|first| first.key().0 <= now)
        {
            let (from, channel, bytes) = first.remove();
            pair.client.handle_datagram(channel, from, bytes, now);
        }
        let arrival = Duration::from_millis(millis);
        while let Some(event) = pair.client.poll_event().unwrap() {
            match event {
                ClientEvent::Rtp { track, packet } => {
                    receiver.push_rtp(track.index(), packet, arrival).unwrap()
                }
                ClientEvent::Rtcp { track, packet } => receiver.push_rtcp(track.index(), &packet),
                _ => {}
            }
        }
        receiver.handle_timeout(arrival);
        frames.extend(self::frames(&mut receiver));
    }
    frames
}

#[test]
fn udp_that_loses_and_reorders_leaves_only_marked_gaps() {
    let mut pair = udp_pair(TransportPolicy::Udp, ServerConfig::default());
    play(&mut pair);
    let mut network = Network {
        random: 1,
        on_the_way: BTreeMap::new(),
        lost: [0; 2],
        overtaken: 0,
        latest: [None; 2],
    };
    let media = media();
    let frames = carried(&mut pair, &mut network, &media);
    assert!(network.overtaken > 500, "{} overtaken", network.overtaken);
    assert!(
        network.lost.iter().all(|lost| *lost > 9),
        "{:?} lost",
        network.lost
    );
    let mut offsets = Vec::new();
    for (track, lost) in network.lost.iter().enumerate() {
        let mut sent = media.iter().filter(|sent| sent.track == track);
        let (base, per_milli) = [(BASES[0], 90), (BASES[1], 48)][track];
        let (mut said, mut decoded) = (0, i64::MIN);
        for media in frames.iter().filter(|media| media.track == track) {
            let (frame, pts, dts) = (&media.frame, media.pts.as_millis(), media.dts.as_millis());
            let shown = frame.timestamp.since(RtpTime::new(base)) / per_milli;
            let mut skipped = 0;
            let original = loop {
                let next = sent.next().expect("no frame that was not sent");
                if i64::from(shown) == next.pts {
                    break next;
                }
                skipped += 1;
            };
            assert!(
                skipped == 0 || frame.lost > 0,
                "{skipped} frames missing before {pts}"
            );
            assert!(frame.complete || frame.lost > 0, "{pts} has no mark");
            if frame.complete {
                assert!(original.data.ends_with(&frame.data), "{pts} is corrupt");
            }
            if track == 0 {
                let known: Vec<_> = Units::new(&original.data, Framing::LengthPrefixed).collect();
                assert!(
                    frame.units().all(|unit| known.contains(&unit)),
                    "{pts} is corrupt"
                );
            }
            assert!(dts > decoded && dts <= pts, "{pts} is decoded at {dts}");
            decoded = dts;
            said += frame.lost;
            offsets.extend((original.at > 1000).then_some(pts - original.pts));
        }
        let missing = sent.next().map(|sent| sent.at);
        assert_eq!(missing, None, "the last frame of track {track} came");
        assert_eq!(said, *lost, "packets of track {track}");
    }
    let (first, last) = (offsets.iter().min().unwrap(), offsets.iter().max().unwrap());
    assert!(
        last - first <= 20,
        "sounds and pictures are {} ms apart",
        last - first
    );
}

/// The RTP timestamps of the beginning; the first one wraps after a second.
const BASES: [u32; 2] = [u32::MAX - 90_000, 77];
/// FFmpeg 5.1 with libx264, "-bf 3 -x264-params b-pyramid=normal": two pictures of reordering.
const SPS: &str = "67f4001e919b281405ff1380880000030008000003019078b16cb0";
const PPS: &str = "68ebc3cb22c0";
