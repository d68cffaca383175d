//! The RTMP relay of `rtmp_server.rs` on mio: one thread, one poll loop.

use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{env, error::Error, sync::Arc, time::Instant};

use bytes::{Buf, BytesMut};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use weir_flv::Tag;
use weir_minimal::{Client, Listener, Streams, say, seed};
use weir_rtmp::{ServerConfig, ServerEvent, ServerSession};

fn main() -> io::Result<()> {
    let address = env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:1935".into());
    let mut listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    say(&format!("rtmp://{}/live/NAME", listener.local_addr()?));
    let poll = Poll::new()?;
    let registry = poll.registry();
    registry.register(&mut listener, LISTENER, Interest::READABLE)?;
    let (sender, messages) = channel();
    let streams = Arc::new(Streams::default());
    Server {
        poll,
        listener,
        streams,
        connections: HashMap::new(),
        sender,
        messages,
    }
    .run()
}

/// A tag for the client of another connection.
struct Message(Token, Option<Tag>);

struct Server {
    poll: Poll,
    listener: TcpListener,
    streams: Arc<Streams>,
    connections: HashMap<Token, Connection>,
    sender: Sender<Message>,
    messages: Receiver<Message>,
}

impl Server {
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        let mut next_token = LISTENER.0;
        loop {
            // With many connections the deadlines belong into a heap.
            let deadlines = self
                .connections
                .values()
                .filter_map(|it| it.session.poll_timeout());
            let wait = deadlines
                .min()
                .map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let now = Instant::now();
            let mut awake: HashSet<Token> = events.iter().map(|event| event.token()).collect();
            if awake.remove(&LISTENER) {
                while let Some(socket) = would_block(self.listener.accept())? {
                    next_token += 1;
                    self.open(Token(next_token), socket.0)?;
                    awake.insert(Token(next_token));
                }
            }
            for (token, connection) in &mut self.connections {
                let due = connection.session.poll_timeout();
                if due.is_some_and(|due| due <= now) {
                    connection.session.handle_timeout(now);
                    awake.insert(*token);
                }
            }
            self.turn(awake);
        }
    }

    fn open(&mut self, token: Token, mut socket: TcpStream) -> io::Result<()> {
        let registry = self.poll.registry();
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        let connection = Connection {
            socket,
            session: ServerSession::new(ServerConfig::default(), seed()?, Instant::now()),
            client: Client::new(Arc::clone(&self.streams)),
            buffer: BytesMut::new(),
        };
        self.connections.insert(token, connection);
        Ok(())
    }

    /// Lets connections do what they can, and then those for which there are messages.
    fn turn(&mut self, mut awake: HashSet<Token>) {
        while !awake.is_empty() {
            for token in awake.drain() {
                let Some(connection) = self.connections.get_mut(&token) else {
                    continue;
                };
                let goes_on = connection
                    .turn(token, &self.sender)
                    .unwrap_or_else(|error| {
                        say(&error.to_string());
                        false
                    });
                if !goes_on {
                    // This closes its socket and frees its name.
                    self.connections.remove(&token);
                }
            }
            while let Ok(Message(token, tag)) = self.messages.try_recv() {
                if let Some(it) = self.connections.get_mut(&token) {
                    // A player that stopped to play has no use for it.
                    let _ = it.client.forward(&mut it.session, tag);
                    awake.insert(token);
                }
            }
        }
    }
}

struct Connection {
    socket: TcpStream,
    session: ServerSession,
    client: Client,
    buffer: BytesMut,
}

impl Connection {
    /// Reads, answers and writes until the socket blocks; false when the session is over.
    fn turn(&mut self, token: Token, sender: &Sender<Message>) -> Result<bool, Box<dyn Error>> {
        loop {
            let goes_on = self.answer(token, sender);
            self.write()?;
            // A player that does not read must not fill the memory.
            if !goes_on? || self.session.output().backlog(Instant::now()).bytes > MAX_BACKLOG {
                return Ok(false);
            }
            self.buffer.resize(READ_LEN, 0);
            match would_block(self.socket.read(&mut self.buffer))? {
                None => return Ok(true),
                Some(0) => self.session.handle_eof(Instant::now()),
                Some(read) => {
                    let input = self.buffer.split_to(read).freeze();
                    self.session.handle_input(input, Instant::now());
                }
            }
        }
    }

    fn answer(&mut self, token: Token, sender: &Sender<Message>) -> Result<bool, Box<dyn Error>> {
        while let Some(event) = self.session.poll_event()? {
            if event == ServerEvent::Closed {
                return Ok(false);
            }
            let sender = sender.clone();
            let listener = Listener::new(move |tag| {
                let _ = sender.send(Message(token, tag));
            });
            self.client.handle(&mut self.session, event, listener)?;
        }
        Ok(true)
    }

    fn write(&mut self) -> io::Result<()> {
        while self.session.output().has_remaining() {
            let output = self.session.output();
            let mut slices = [IoSlice::new(&[]); 64];
            let filled = output.chunks_vectored(&mut slices);
            let slices = slices.get(..filled).unwrap_or_default();
            match would_block(self.socket.write_vectored(slices))? {
                Some(written) => output.advance(written),
                None => break,
            }
        }
        Ok(())
    }
}

/// `None` when the socket has nothing, or takes nothing, for now.
fn would_block<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

const LISTENER: Token = Token(0);
/// How much is read at a time.
const READ_LEN: usize = 16 << 10;
/// How far a player may be behind, in bytes.
const MAX_BACKLOG: usize = 64 << 20;
