//! An RTMP relay in memory: what one client publishes, the others play.
//!
//! Each connection has a thread with a session. A publisher's thread puts its media into the
//! inboxes of the players' threads. What a client gets for what it asks is in `src/relay.rs`, the
//! same for every runtime.
//!
//! ```text
//! cargo run -p weir-minimal --bin rtmp_server
//! ffmpeg -re -i FILE -c copy -f flv rtmp://127.0.0.1/live/test
//! ffplay rtmp://127.0.0.1/live/test
//! ```

use std::net::{TcpListener, TcpStream};
use std::{env, error::Error, io, sync::Arc, thread, time::Instant};

use weir_minimal::{Client, Connection, Listener, Next, Streams, say, seed};
use weir_rtmp::{ServerConfig, ServerEvent, ServerSession};

fn main() -> io::Result<()> {
    let address = env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:1935".into());
    let listener = TcpListener::bind(address)?;
    say(&format!("rtmp://{}/live/NAME", listener.local_addr()?));
    let streams = Arc::new(Streams::default());
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
fn serve(socket: TcpStream, streams: Arc<Streams>) -> Result<(), Box<dyn Error>> {
    let session = ServerSession::new(ServerConfig::default(), seed()?, Instant::now());
    let mut connection = Connection::new(socket, session)?;
    let mut client = Client::new(streams);
    loop {
        match connection.wait()? {
            Next::Event(ServerEvent::Closed) => return Ok(()),
            Next::Event(event) => {
                let inbox = connection.inbox();
                let listener = Listener::new(move |tag| {
                    // A player that leaves its inbox full misses what does not fit.
                    let _ = inbox.try_send(tag);
                });
                client.handle(&mut connection.session, event, listener)?;
            }
            Next::Message(tag) => client.forward(&mut connection.session, tag)?,
        }
    }
}
