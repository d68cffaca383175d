//! From the packets of a presentation to its frames, with their times.

use alloc::{collections::VecDeque, vec::Vec};
use core::{num::NonZeroU32, time::Duration};

use bytes::Bytes;

use crate::{
    DtsRecovery, Limits,
    payload::{Codec, DepacketizeError, Depacketizer, Frame, Framing, UnsupportedFormat},
    rtcp::{Compound, RtcpPacket},
    rtp::{MediaTime, PresentationClock, ReorderBuffer, ReorderLimits, RtpError, RtpPacket, Ssrc},
};

/// Turns the packets of all tracks of a presentation into frames that tell when they are to be
/// decoded and shown.
///
/// Each track has a [`ReorderBuffer`], a [`Depacketizer`] and, where there can be B-frames, a
/// [`DtsRecovery`]; one [`PresentationClock`] and the sender reports put the tracks on one
/// timeline. Packets that come in order pass without waiting, so it serves tracks over the
/// connection and over UDP alike.
///
/// Times of arrival are times since any fixed moment, the same for all calls.
///
/// ```
/// use bytes::Bytes;
/// use std::time::Duration;
/// use weir_rtsp::{Limits, MediaEvent, MediaReceiver, payload::{Codec, Framing}};
///
/// let mut receiver = MediaReceiver::new(&Limits::default());
/// let video = receiver.add_track(&Codec::H264(Default::default()), Framing::AnnexB)?;
/// let packet = Bytes::from_static(&[0x80, 0xe0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 0x65, 0x88]);
/// receiver.push_rtp(video, packet, Duration::ZERO)?;
/// let Some(MediaEvent::Frame(media)) = receiver.poll_event() else {
///     panic!("the marker ends the frame");
/// };
/// assert_eq!((media.track, &media.frame.data[..]), (video, &[0, 0, 0, 1, 0x65, 0x88][..]));
/// assert_eq!(media.pts.as_millis(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MediaReceiver {
    limits: Limits,
    max_delay: Duration,
    clock: PresentationClock,
    tracks: Vec<Track>,
    events: VecDeque<MediaEvent>,
}

/// A frame of one track and its times.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaFrame {
    /// The track, as [`MediaReceiver::add_track`] numbered it.
    pub track: usize,
    /// When it is to be shown or heard, since the first packet of the presentation.
    pub pts: MediaTime,
    /// When it is to be decoded, which is the presentation time where there can be no B-frames.
    ///
    /// Of H.264 and H.265 it is a whole number of milliseconds that rises from picture to picture
    /// and is, in milliseconds, never after the presentation time, as far as [`DtsRecovery`]
    /// promises it: as long as a stream keeps to its reorder depth and does not begin anew.
    pub dts: MediaTime,
    /// The frame; [`Frame::lost`] and [`Frame::complete`] mark what is missing.
    pub frame: Frame,
}

/// What came of packets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaEvent {
    /// A frame is done.
    Frame(MediaFrame),
    /// Something was dropped, most often because a part of it never came.
    Dropped {
        /// The track, as [`MediaReceiver::add_track`] numbered it.
        track: usize,
        /// What and why.
        error: DepacketizeError,
    },
}

#[derive(Debug)]
struct Track {
    order: ReorderBuffer,
    depacketizer: Depacketizer,
    decode_times: DecodeTimes,
    /// Whether any packet has passed.
    started: bool,
}

#[derive(Debug)]
enum DecodeTimes {
    /// Those of presentation.
    Same,
    /// Made once the first picture is there, because only then its parameter sets are.
    Reordered(Option<DtsRecovery>),
}

impl MediaReceiver {
    /// A receiver without tracks. Of the limits, those of frames and of reorder buffers count:
    /// each track holds at most `2 * max_frame_len` and what a reorder buffer may, and the frames
    /// that were not polled.
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            max_delay: ReorderLimits::default().max_delay,
            clock: PresentationClock::new(),
            tracks: Vec::new(),
            events: VecDeque::new(),
        }
    }

    /// Sets how long a missing packet is waited for, on tracks added from now on. Default: 200 ms.
    #[must_use]
    pub const fn with_max_delay(mut self, max_delay: Duration) -> Self {
        self.max_delay = max_delay;
        self
    }

    /// Adds a track and returns its number: 0, 1, 2 in the order of the calls.
    ///
    /// # Errors
    /// [`UnsupportedFormat`] if the parameters of the codec cannot be used.
    pub fn add_track(
        &mut self,
        codec: &Codec,
        framing: Framing,
    ) -> Result<usize, UnsupportedFormat> {
        let clock_rate = NonZeroU32::new(codec.clock_rate());
        let clock_rate = clock_rate.ok_or(UnsupportedFormat::new("a clock rate of 0"))?;
        let depacketizer = Depacketizer::new(codec, framing)?;
        let limits = ReorderLimits {
            max_packets: self.limits.max_reorder_packets,
            max_delay: self.max_delay,
            ..ReorderLimits::default()
        };
        self.tracks.push(Track {
            order: ReorderBuffer::new(limits),
            depacketizer: depacketizer.with_max_frame_len(self.limits.max_frame_len),
            decode_times: match codec {
                Codec::H264(_) | Codec::H265(_) => DecodeTimes::Reordered(None),
                _ => DecodeTimes::Same,
            },
            started: false,
        });
        Ok(self.clock.add_track(clock_rate))
    }

    /// Takes an RTP packet of a track.
    ///
    /// # Errors
    /// [`RtpError`] if it is none; it is dropped.
    pub fn push_rtp(
        &mut self,
        track: usize,
        packet: Bytes,
        arrival: Duration,
    ) -> Result<(), RtpError> {
        let packet = RtpPacket::decode(packet)?;
        // With an empty packet of source 0 FFmpeg opens firewalls; it is no other source.
        if packet.payload().is_empty() && packet.ssrc() == Ssrc::new(0) {
            return Ok(());
        }
        if let Some(state) = self.tracks.get_mut(track) {
            state.order.push(packet, arrival);
            self.pass(track, arrival);
        }
        Ok(())
    }

    /// Takes an RTCP compound packet of a track; what cannot be read of it is ignored.
    pub fn push_rtcp(&mut self, track: usize, packet: &Bytes) {
        let Ok(compound) = Compound::decode(packet) else {
            return;
        };
        for packet in compound.packets() {
            if let RtcpPacket::SenderReport(report) = packet {
                let info = report.info();
                self.clock.sender_report(track, info.ntp, info.rtp);
            }
        }
    }

    /// Gives up missing packets whose time has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        for track in 0..self.tracks.len() {
            if let Some(state) = self.tracks.get_mut(track) {
                state.order.handle_timeout(now);
            }
            self.pass(track, now);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next: while packets wait
    /// for a missing one.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let timeouts = self.tracks.iter().map(|track| track.order.poll_timeout());
        timeouts.flatten().min()
    }

    /// Gives up what is missing and ends the frames in progress: the stream ended or pauses.
    pub fn flush(&mut self, now: Duration) {
        for track in 0..self.tracks.len() {
            if let Some(state) = self.tracks.get_mut(track) {
                state.order.flush();
            }
            self.pass(track, now);
            if let Some(state) = self.tracks.get_mut(track) {
                state.depacketizer.flush();
            }
            self.take_frames(track, now);
        }
    }

    /// The next frame, or what was dropped instead.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    /// The depacketizer of a track, which knows its parameter sets.
    pub fn depacketizer(&self, track: usize) -> Option<&Depacketizer> {
        Some(&self.tracks.get(track)?.depacketizer)
    }

    /// Takes what the reorder buffer lets pass.
    fn pass(&mut self, track: usize, arrival: Duration) {
        while let Some(state) = self.tracks.get_mut(track) {
            let Some(ordered) = state.order.poll() else {
                return;
            };
            // A sender report may come before the first packet; it counts.
            if ordered.restarted && state.started {
                state.depacketizer.restart();
                state.decode_times.restart();
                self.clock.restart_track(track);
            }
            if ordered.restarted {
                // The place of a track is that of its first packet, not of its first whole frame.
                self.clock.time(track, ordered.packet.timestamp(), arrival);
            }
            state.started = true;
            if let Err(error) = state.depacketizer.push(&ordered.packet) {
                self.events.push_back(MediaEvent::Dropped { track, error });
            }
            self.take_frames(track, arrival);
        }
    }

    fn take_frames(&mut self, track: usize, arrival: Duration) {
        while let Some(state) = self.tracks.get_mut(track) {
            let Some(frame) = state.depacketizer.poll() else {
                return;
            };
            let pts = self.clock.time(track, frame.timestamp, arrival);
            let dts = state.decode_times.of(pts, &state.depacketizer);
            self.events.push_back(MediaEvent::Frame(MediaFrame {
                track,
                pts,
                dts,
                frame,
            }));
        }
    }
}

impl DecodeTimes {
    fn of(&mut self, pts: MediaTime, depacketizer: &Depacketizer) -> MediaTime {
        let Self::Reordered(recovery) = self else {
            return pts;
        };
        let recovery = recovery.get_or_insert_with(|| {
            let sets = depacketizer.parameter_sets();
            DtsRecovery::new(1000, sets.and_then(|sets| sets.reorder_depth()))
        });
        MediaTime::from_nanos(
            recovery
                .push(pts.as_millis())
                .saturating_mul(NANOS_IN_MILLI),
        )
    }

    fn restart(&mut self) {
        if let Self::Reordered(recovery) = self {
            *recovery = None;
        }
    }
}

const NANOS_IN_MILLI: i64 = 1_000_000;
