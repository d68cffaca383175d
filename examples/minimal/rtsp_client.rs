//! An RTSP client: publishes the H.264 and AAC of an FLV file at its own speed, or plays a
//! presentation into one.
//!
//! ```text
//! cargo run -p weir-minimal --bin rtsp_client publish FILE URL
//! cargo run -p weir-minimal --bin rtsp_client play URL FILE tcp|udp
//! ```

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::TcpStream;
use std::time::{Instant, SystemTime};
use std::{env, error::Error, thread};

use weir_flv::file::FileHeader;
use weir_minimal::{Connection, FlvTrack, Next, RtpTrack, RtspLogin, codecs, describe, feed};
use weir_minimal::{UdpTrack, framing, read_tags, seed, send_datagrams, write_tag};
use weir_rtsp::rtp::ClockAnchor;
use weir_rtsp::sdp::Description;
use weir_rtsp::{ClientConfig, ClientEvent, ClientSession, Limits, MediaEvent, MediaReceiver};
use weir_rtsp::{TrackSetup, TransportPolicy, Url};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["publish", file, url] => publish(file, url),
        ["play", url, file, "tcp"] => play(url, file, TransportPolicy::Tcp),
        ["play", url, file, "udp"] => play(url, file, TransportPolicy::Udp),
        _ => Err("give: publish FILE URL, or: play URL FILE tcp|udp".into()),
    }
}

/// A connection to the server of a URL.
fn connect<M: Send + 'static>(
    url: &str,
    transport: TransportPolicy,
) -> Result<Connection<ClientSession, M>, Box<dyn Error>> {
    let parsed: Url = url.parse()?;
    let socket = TcpStream::connect((parsed.host(), parsed.port()))?;
    let (now, peer) = (Instant::now(), socket.peer_addr()?.ip());
    let clock = ClockAnchor::new(now, SystemTime::now());
    let mut config = ClientConfig::default();
    config.transport = transport;
    let session = ClientSession::new(config, url, peer, clock, seed()?, now)?;
    Ok(Connection::new(socket, session)?)
}

fn publish(file: &str, url: &str) -> Result<(), Box<dyn Error>> {
    let mut client = connect(url, TransportPolicy::Tcp)?;
    let mut login = RtspLogin::new(url)?;
    let tags = read_tags(file)?;
    let codecs = codecs(&tags);
    let sdp = describe(&codecs);
    client.session.announce(&sdp, Instant::now())?;
    let (mut file_tags, mut tracks) = (Some(tags), Vec::new());
    loop {
        match client.wait()? {
            Next::Event(ClientEvent::Announced { .. }) => {
                for (medium, (_, codec)) in sdp.media.iter().zip(&codecs) {
                    let setup = TrackSetup::new(codec.clock_rate());
                    client
                        .session
                        .setup(medium.control(), setup, Instant::now())?;
                }
                client.session.record(Instant::now())?;
            }
            Next::Event(ClientEvent::Recording { .. }) => {
                let (now, ids) = (Instant::now(), client.session.tracks().collect::<Vec<_>>());
                for ((payload_type, codec), id) in (96..).zip(&codecs).zip(ids) {
                    let session = &mut client.session;
                    tracks.push(RtpTrack::begin(session, id, codec, payload_type, now)?);
                }
                let (tags, inbox) = (file_tags.take().unwrap_or_default(), client.inbox());
                thread::spawn(move || feed(tags, &inbox));
            }
            Next::Message(Some(tag)) => {
                let mut of_kind = tracks.iter_mut().filter(|track| track.kind == tag.kind);
                of_kind.try_for_each(|track| track.send(&mut client.session, &tag))?;
            }
            Next::Message(None) => _ = client.session.teardown(Instant::now())?,
            Next::Event(ClientEvent::TornDown { .. } | ClientEvent::Closed) => return Ok(()),
            Next::Event(event) => login.handle(&mut client.session, &event)?,
        }
    }
}

fn play(url: &str, file: &str, transport: TransportPolicy) -> Result<(), Box<dyn Error>> {
    let (mut client, mut login) = (connect(url, transport)?, RtspLogin::new(url)?);
    let (begin, mut ports) = (Instant::now(), Vec::new());
    let (mut receiver, mut tracks) = (MediaReceiver::new(&Limits::default()), Vec::new());
    let mut file = BufWriter::new(File::create(file)?);
    file.write_all(&FileHeader::new(true, true).encode())?;
    client.session.describe(Instant::now())?;
    loop {
        match client.wait()? {
            Next::Event(ClientEvent::Described { sdp, .. }) => {
                for medium in &Description::parse(&sdp, &Limits::default()).media {
                    let Some((track, codec)) = FlvTrack::of(medium) else {
                        continue;
                    };
                    receiver.add_track(&codec, framing(&codec))?;
                    tracks.push(track);
                    let (udp, now) = (UdpTrack::bind(client.local_ip()?)?, Instant::now());
                    let (rtp, rtcp) = udp.ports()?;
                    let setup = TrackSetup::new(codec.clock_rate()).with_ports(rtp, rtcp);
                    let (_, id) = client.session.setup(medium.control(), setup, now)?;
                    udp.receive(id, || client.inbox());
                    ports.push(udp);
                }
                client.session.play(None, Instant::now())?;
            }
            Next::Event(ClientEvent::Rtp { track, packet }) => {
                receiver.push_rtp(track.index(), packet, begin.elapsed())?;
            }
            Next::Event(ClientEvent::Rtcp { track, packet }) => {
                receiver.push_rtcp(track.index(), &packet);
            }
            Next::Event(ClientEvent::EndOfStream) => {
                receiver.flush(begin.elapsed());
                client.session.teardown(Instant::now())?;
            }
            Next::Event(ClientEvent::TornDown { .. } | ClientEvent::Closed) => {
                return Ok(file.flush()?);
            }
            Next::Event(event) => login.handle(&mut client.session, &event)?,
            Next::Message(datagram) => datagram.deliver(&mut client.session),
        }
        send_datagrams(&mut client.session, &ports)?;
        while let Some(event) = receiver.poll_event() {
            let MediaEvent::Frame(media) = event else {
                continue;
            };
            let depacketizer = receiver.depacketizer(media.track);
            let sets = depacketizer.and_then(|depacketizer| depacketizer.parameter_sets());
            if let Some(track) = tracks.get_mut(media.track) {
                for tag in track.tags(&media, sets)? {
                    write_tag(&mut file, &tag)?;
                }
            }
        }
    }
}
