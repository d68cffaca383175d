//! The RTMP relay of `rtmp_server.rs` on smol: a task for each connection.

use std::io::{self, IoSlice};
use std::{env, error::Error, sync::Arc, time::Instant};

use bytes::{Buf, BytesMut};
use smol::Timer;
use smol::channel::{Receiver, bounded};
use smol::future::{self, FutureExt};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};
use weir_flv::Tag;
use weir_minimal::{Client, Listener, Streams, say, seed};
use weir_rtmp::{ServerConfig, ServerEvent, ServerSession};

fn main() -> io::Result<()> {
    let address = env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:1935".into());
    smol::block_on(async {
        let listener = TcpListener::bind(address).await?;
        say(&format!("rtmp://{}/live/NAME", listener.local_addr()?));
        let streams = Arc::new(Streams::default());
        loop {
            let (socket, _) = listener.accept().await?;
            let client = Client::new(Arc::clone(&streams));
            let served = async {
                if let Err(error) = serve(socket, client).await {
                    say(&error.to_string());
                }
            };
            smol::spawn(served).detach();
        }
    })
}

/// Serves one client.
async fn serve(socket: TcpStream, mut client: Client) -> Result<(), Box<dyn Error + Send + Sync>> {
    socket.set_nodelay(true)?;
    let session = ServerSession::new(ServerConfig::default(), seed()?, Instant::now());
    let (sender, inbox) = bounded(INBOX);
    let buffer = BytesMut::new();
    let mut connection = Connection {
        socket,
        session,
        buffer,
        inbox,
    };
    loop {
        match connection.session.poll_event() {
            Ok(Some(ServerEvent::Closed)) => return Ok(connection.flush().await?),
            Ok(Some(event)) => {
                let sender = sender.clone();
                let listener = Listener::new(move |tag| {
                    // A player that leaves its inbox full misses what does not fit.
                    let _ = sender.try_send(tag);
                });
                client.handle(&mut connection.session, event, listener)?;
            }
            Ok(None) => {
                if let Some(tag) = connection.turn().await? {
                    client.forward(&mut connection.session, tag)?;
                }
            }
            Err(error) => {
                // What the client should be told is in the output.
                connection.flush().await?;
                return Err(error.into());
            }
        }
    }
}

struct Connection {
    socket: TcpStream,
    session: ServerSession,
    buffer: BytesMut,
    inbox: Receiver<Option<Tag>>,
}

/// What comes first.
enum First {
    Read(usize),
    Written(usize),
    Message(Option<Tag>),
    Timeout,
}

impl Connection {
    /// Waits until something happens, and does it; gives back a message for the client.
    async fn turn(&mut self) -> io::Result<Option<Option<Tag>>> {
        let timer = self
            .session
            .poll_timeout()
            .map_or_else(Timer::never, Timer::at);
        let wants_input = self.session.wants_input();
        let (mut reader, mut writer) = (self.socket.clone(), self.socket.clone());
        self.buffer.resize(READ_LEN, 0);
        let read = async {
            if !wants_input {
                return future::pending().await;
            }
            reader.read(&mut self.buffer).await.map(First::Read)
        };
        let write = async {
            let output = self.session.output();
            if !output.has_remaining() {
                return future::pending().await;
            }
            let mut slices = [IoSlice::new(&[]); 64];
            let filled = output.chunks_vectored(&mut slices);
            let slices = slices.get(..filled).unwrap_or_default();
            writer.write_vectored(slices).await.map(First::Written)
        };
        let message = async {
            let message = self.inbox.recv().await;
            message.map(First::Message).map_err(io::Error::other)
        };
        let timeout = async {
            timer.await;
            Ok(First::Timeout)
        };
        match write.or(message).or(read).or(timeout).await? {
            First::Read(0) => self.session.handle_eof(Instant::now()),
            First::Read(read) => {
                let input = self.buffer.split_to(read).freeze();
                self.session.handle_input(input, Instant::now());
            }
            First::Written(written) => self.session.output().advance(written),
            First::Message(message) => return Ok(Some(message)),
            First::Timeout => self.session.handle_timeout(Instant::now()),
        }
        Ok(None)
    }

    /// Writes what is left to say.
    async fn flush(&mut self) -> io::Result<()> {
        while self.session.output().has_remaining() {
            let written = self.socket.write(self.session.output().chunk()).await?;
            self.session.output().advance(written);
        }
        Ok(())
    }
}

/// How much is read at a time.
const READ_LEN: usize = 16 << 10;
/// How many messages may wait for a connection.
const INBOX: usize = 1024;
