//! Sessions and the tunnel, driven by sequences: no panic, bounded replies, sticky errors.

use std::time::{Duration, Instant, SystemTime};

use bytes::{Buf, Bytes};
use weir_rtsp::{
    ClientConfig, ClientEvent, ClientSession, Limits, PlayAnswer, ServerConfig, ServerEvent,
    ServerSession, SetupAnswer, TrackSetup, TransportPolicy,
    message::StatusCode,
    rtp::ClockAnchor,
    sdp::{Description, Format, Media},
    tunnel,
};

use super::selector;

/// The first byte picks a server, a client or the tunnel; then each step is a byte that says what
/// happens and, for input, how much of what follows comes.
pub fn rtsp_session(data: &[u8]) {
    let Some((which, steps)) = selector(data) else {
        return;
    };
    match which % 3 {
        0 => server(steps),
        1 => client(steps),
        _ => tunnelled(steps),
    }
}

fn start() -> (Instant, ClockAnchor) {
    let now = Instant::now();
    (
        now,
        ClockAnchor::new(
            now,
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        ),
    )
}

/// Splits off the input of a step.
fn input<'a>(kind: u8, steps: &mut &'a [u8]) -> &'a [u8] {
    let len = (usize::from(kind) * 4).min(steps.len());
    let (bytes, rest) = steps.split_at(len);
    *steps = rest;
    bytes
}

fn server(mut steps: &[u8]) {
    let (mut now, clock) = start();
    let peer = ([127, 0, 0, 1], 5000).into();
    let mut session = ServerSession::new(ServerConfig::default(), peer, clock, [9; 32], now);
    while let Some((kind, rest)) = selector(steps) {
        steps = rest;
        if kind >= 250 {
            now += Duration::from_secs(u64::from(kind - 249) * 10);
            session.handle_timeout(now);
        } else {
            let bytes = input(kind, &mut steps);
            session.handle_input(Bytes::copy_from_slice(bytes), now);
        }
        loop {
            match session.poll_event() {
                Ok(Some(event)) => answer(&mut session, &event),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(session.poll_event(), Err(error), "sticky");
                    return;
                }
            }
        }
        let out = session.output();
        out.advance(out.remaining());
        while session.poll_datagram().is_some() {}
    }
}

fn answer(session: &mut ServerSession, event: &ServerEvent) {
    // An answer may come too late for the state; that must only be an error.
    match event {
        ServerEvent::DescribeRequested { id, .. } => {
            let mut sdp = Description::new("f", 1);
            sdp.media
                .push(Media::new("video", &Format::new(96, "H264", 90_000), "t"));
            session.accept_describe(*id, &sdp).expect("it waits");
        }
        ServerEvent::AnnounceRequested { id, .. } => drop(session.accept_announce(*id).is_ok()),
        ServerEvent::SetupRequested { id, .. } => {
            let answer = SetupAnswer::new(90_000).with_ports(6000, 6001);
            let _ = session.accept_setup(*id, answer);
        }
        ServerEvent::PlayRequested { id, .. } => {
            let _ = session.accept_play(*id, PlayAnswer::default());
        }
        ServerEvent::RecordRequested { id, .. } => drop(session.accept_record(*id).is_ok()),
        ServerEvent::PauseRequested { id, .. } => drop(session.accept_pause(*id).is_ok()),
        ServerEvent::ParametersRequested { id, .. } => {
            session
                .reject(*id, StatusCode::PARAMETER_NOT_UNDERSTOOD)
                .expect("it waits");
        }
        _ => {}
    }
}

fn client(mut steps: &[u8]) {
    let (mut now, clock) = start();
    let mut config = ClientConfig::default();
    config.transport = TransportPolicy::UdpThenTcp;
    let peer = [127, 0, 0, 1].into();
    let made = ClientSession::new(config, "rtsp://u:p@h/a", peer, clock, [9; 32], now);
    let mut session = made.expect("a sound URL");
    while let Some((kind, rest)) = selector(steps) {
        steps = rest;
        // A command may not fit the state; that must only be an error.
        match kind {
            0 => drop(session.describe(now)),
            1 => drop(session.setup(Some("t"), TrackSetup::new(90_000).with_ports(4, 5), now)),
            2 => drop(session.play(None, now)),
            3 => drop(session.pause(now)),
            4 => drop(session.teardown(now)),
            5 => drop(session.options(now)),
            250.. => {
                now += Duration::from_secs(u64::from(kind - 249));
                session.handle_timeout(now);
            }
            _ => {
                let bytes = input(kind, &mut steps);
                session.handle_input(Bytes::copy_from_slice(bytes), now);
            }
        }
        loop {
            match session.poll_event() {
                Ok(Some(ClientEvent::AuthorizationWanted { id, .. })) => {
                    let _ = session.authorize(id, "Basic eDp5", now);
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(session.poll_event(), Err(error), "sticky");
                    return;
                }
            }
        }
        let out = session.output();
        out.advance(out.remaining());
        while session.poll_datagram().is_some() {}
    }
}

/// Any cut of a body decodes to the same, and never to more than three quarters of it.
fn tunnelled(body: &[u8]) {
    let decode = |step: usize| {
        let (mut decoder, mut out) = (tunnel::Decoder::new(), Vec::new());
        let end = body
            .chunks(step)
            .try_for_each(|part| decoder.decode(part, &mut out));
        (out, end)
    };
    let whole = decode(body.len().max(1));
    assert_eq!(decode(1), whole);
    assert!(whole.0.len() <= body.len() / 4 * 3);
    let mut again = Vec::new();
    tunnel::Decoder::new()
        .decode(&tunnel::encode(body), &mut again)
        .expect("our own Base64");
    assert_eq!(again, body);
    let limits = Limits::default();
    let _ = tunnel::Answer::parse(body, &limits);
    if let Ok(Some((request, len))) = tunnel::Request::parse(body, &limits) {
        assert!(len <= body.len() && tunnel::is_tunnel(body) == Some(true));
        assert!(request.accept().ends_with(b"\r\n\r\n"));
    }
}
