//! An RTMP client: publishes an FLV file at its own speed, or plays a stream into one.
//!
//! ```text
//! cargo run -p weir-minimal --bin rtmp_client publish FILE URL live
//! cargo run -p weir-minimal --bin rtmp_client play URL FILE
//! ```

use std::{
    env,
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    net::TcpStream,
    thread,
    time::Instant,
};

use weir_flv::file::FileHeader;
use weir_flv::{Tag, TagKind};
use weir_minimal::{Connection, Next, feed, read_tags, seed, write_tag};
use weir_rtmp::chunk::MessageStreamId;
use weir_rtmp::message::{Data, DataAction};
use weir_rtmp::{
    ClientConfig, ClientEvent, ClientSession, ConnectOptions, MediaPacket, PlayRequest,
    PublishKind, RtmpUrl, StatusCode, UrlStyle,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["publish", file, url, "live"] => publish(file, url, PublishKind::Live),
        ["publish", file, url, "record"] => publish(file, url, PublishKind::Record),
        ["publish", file, url, "append"] => publish(file, url, PublishKind::Append),
        ["play", url, file] => play(url, file),
        _ => Err("give: publish FILE URL live|record|append, or: play URL FILE".into()),
    }
}

/// A connection whose inbox takes the tags of a file, and `None` at its end.
fn connect(url: &RtmpUrl) -> Result<Connection<ClientSession, Option<Tag>>, Box<dyn Error>> {
    let now = Instant::now();
    let mut session = ClientSession::new(ClientConfig::default(), seed()?, now);
    session.connect(ConnectOptions::new(&url.target(UrlStyle::Ffmpeg)), now)?;
    let socket = TcpStream::connect((url.host(), url.port()))?;
    Ok(Connection::new(socket, session)?)
}

fn publish(file: &str, url: &str, kind: PublishKind) -> Result<(), Box<dyn Error>> {
    let url: RtmpUrl = url.parse()?;
    let mut client = connect(&url)?;
    let mut published = MessageStreamId::CONNECTION;
    loop {
        let next = client.wait()?;
        let now = Instant::now();
        match next {
            Next::Event(ClientEvent::Connected { .. }) => {
                let name = url.target(UrlStyle::Ffmpeg).stream;
                client.session.publish(name, kind, now)?;
            }
            Next::Event(ClientEvent::PublishStarted { stream, .. }) => {
                published = stream;
                let (tags, inbox) = (read_tags(file)?, client.inbox());
                thread::spawn(move || feed(tags, &inbox));
            }
            Next::Message(Some(tag)) => send(&mut client.session, published, tag)?,
            Next::Message(None) => {
                client.session.delete_stream(published, now)?;
                client.session.close();
            }
            Next::Event(ClientEvent::Closed) => return Ok(()),
            Next::Event(event) => check(&event)?,
        }
    }
}

fn send(
    session: &mut ClientSession,
    stream: MessageStreamId,
    tag: Tag,
) -> Result<(), Box<dyn Error>> {
    let is_data = tag.kind == TagKind::SCRIPT;
    let (packet, now) = (MediaPacket::from(tag), Instant::now());
    if !is_data {
        return Ok(session.send_media(stream, &packet, packet.class(), now)?);
    }
    // Servers keep for later players only what is set.
    let data = Data::decode(&packet.payload)?;
    let data = Data::new(DataAction::Set, data.name().clone(), data.values().clone());
    Ok(session.send_data(stream, &data, packet.timestamp, now)?)
}

fn play(url: &str, file: &str) -> Result<(), Box<dyn Error>> {
    let url: RtmpUrl = url.parse()?;
    let mut client = connect(&url)?;
    let mut file = BufWriter::new(File::create(file)?);
    file.write_all(&FileHeader::new(true, true).encode())?;
    loop {
        match client.wait()? {
            Next::Event(ClientEvent::Connected { .. }) => {
                let request = PlayRequest::new(url.target(UrlStyle::Ffmpeg).stream);
                client.session.play(request, Instant::now())?;
            }
            Next::Event(ClientEvent::Media { packet, .. }) => write_tag(&mut file, &packet.into())?,
            Next::Event(ClientEvent::Status { status, .. })
                if status.code() == StatusCode::PLAY_UNPUBLISH_NOTIFY =>
            {
                client.session.close();
            }
            Next::Event(ClientEvent::Closed) => return Ok(file.flush()?),
            Next::Event(event) => check(&event)?,
            Next::Message(_) => {}
        }
    }
}

/// Fails when the server refused something.
fn check(event: &ClientEvent) -> Result<(), Box<dyn Error>> {
    match event {
        ClientEvent::ConnectRejected { status, .. } | ClientEvent::RequestFailed { status, .. } => {
            Err(format!("{}: {}", status.code(), status.description()).into())
        }
        _ => Ok(()),
    }
}
