//! An RTSP relay in memory: what one client announces and records, the others play.
//!
//! Each connection has a thread with a session. What a client gets for what it asks is in
//! `src/rtsp_relay.rs`. Packets go on as they are, with the reports of their sender, interleaved on
//! the connection.
//!
//! ```text
//! cargo run -p weir-minimal --bin rtsp_server
//! ffmpeg -re -i FILE -c copy -f rtsp -rtsp_transport tcp rtsp://127.0.0.1:8554/live/test
//! ffplay -rtsp_transport tcp rtsp://127.0.0.1:8554/live/test
//! ```

use std::net::{TcpListener, TcpStream};
use std::time::{Instant, SystemTime};
use std::{env, error::Error, io, sync::Arc, thread};

use weir_minimal::{Connection, Next, RtspClient, RtspStreams, say, seed};
use weir_rtsp::{ServerConfig, ServerEvent, ServerSession, rtp::ClockAnchor};

fn main() -> io::Result<()> {
    let address = env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8554".into());
    let listener = TcpListener::bind(address)?;
    say(&format!("rtsp://{}/live/NAME", listener.local_addr()?));
    let streams = Arc::new(RtspStreams::default());
    for socket in listener.incoming() {
        let (socket, streams) = (socket?, Arc::clone(&streams));
        thread::spawn(move || {
            if let Err(error) = serve(socket, streams) {
                say(&error.to_string());
            }
        });
    }
    Ok(())
}

/// Serves one client.
fn serve(socket: TcpStream, streams: Arc<RtspStreams>) -> Result<(), Box<dyn Error>> {
    let (now, peer) = (Instant::now(), socket.peer_addr()?);
    let clock = ClockAnchor::new(now, SystemTime::now());
    let mut config = ServerConfig::default();
    config.allow_udp = false;
    let session = ServerSession::new(config, peer, clock, seed()?, now);
    let mut connection = Connection::new(socket, session)?;
    let mut client = RtspClient::new(streams);
    loop {
        match connection.wait()? {
            Next::Event(ServerEvent::Closed) => return Ok(()),
            Next::Event(event) => {
                let inbox = connection.inbox();
                client.handle(&mut connection.session, event, inbox)?;
            }
            Next::Message(message) => client.forward(&mut connection.session, message),
        }
    }
}
