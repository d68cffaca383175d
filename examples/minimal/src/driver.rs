//! One driver for every session: they all have the same verbs.

use std::{
    error::Error,
    io::{IoSlice, Read, Write},
    net::{IpAddr, Shutdown, TcpStream},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Instant,
};

use bytes::{Buf, Bytes, BytesMut};

/// The shape of a session, see "One shape for every session" in weir's design.
pub trait Session {
    /// What a session reports.
    type Event;
    /// What a peer did that ends the session.
    type Error: Error + 'static;
    /// The queue of bytes to be written.
    type Output: Buf;

    /// Takes bytes that were read.
    fn handle_input(&mut self, input: Bytes, now: Instant);
    /// Takes the end of the peer's bytes.
    fn handle_eof(&mut self, now: Instant);
    /// Takes the passing of time.
    fn handle_timeout(&mut self, now: Instant);
    /// Parses up to the next event.
    fn poll_event(&mut self) -> Result<Option<Self::Event>, Self::Error>;
    /// When `handle_timeout` wants to be called.
    fn poll_timeout(&self) -> Option<Instant>;
    /// Whether input is of any use now.
    fn wants_input(&self) -> bool;
    /// The bytes to be written.
    fn output(&mut self) -> &mut Self::Output;
}

/// The methods are there already, under the same names.
macro_rules! sessions {
    ($($session:path => $event:path, $error:path, $output:path;)+) => {
        $(impl Session for $session {
            type Event = $event;
            type Error = $error;
            type Output = $output;

            fn handle_input(&mut self, input: Bytes, now: Instant) {
                self.handle_input(input, now);
            }
            fn handle_eof(&mut self, now: Instant) {
                self.handle_eof(now);
            }
            fn handle_timeout(&mut self, now: Instant) {
                self.handle_timeout(now);
            }
            fn poll_event(&mut self) -> Result<Option<$event>, $error> {
                self.poll_event()
            }
            fn poll_timeout(&self) -> Option<Instant> {
                self.poll_timeout()
            }
            fn wants_input(&self) -> bool {
                self.wants_input()
            }
            fn output(&mut self) -> &mut $output {
                self.output()
            }
        })+
    };
}

sessions! {
    weir_rtmp::ClientSession => weir_rtmp::ClientEvent, weir_rtmp::Error, weir_rtmp::SendQueue;
    weir_rtmp::ServerSession => weir_rtmp::ServerEvent, weir_rtmp::Error, weir_rtmp::SendQueue;
    weir_rtsp::ClientSession => weir_rtsp::ClientEvent, weir_rtsp::Error, weir_rtsp::SendQueue;
    weir_rtsp::ServerSession => weir_rtsp::ServerEvent, weir_rtsp::Error, weir_rtsp::SendQueue;
}

/// A session on a socket, with an inbox for what other threads want of it.
///
/// One thread waits at the socket, so that the thread which owns the session can wait at the inbox.
#[derive(Debug)]
pub struct Connection<S, M> {
    /// The session; what it wants to write is written by [`wait`](Self::wait).
    pub session: S,
    socket: TcpStream,
    inbox: Receiver<Wake<M>>,
    sender: SyncSender<Wake<M>>,
}

/// What happened.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a connection hears of nothing else"
)]
pub enum Next<E, M> {
    /// An event of the session.
    Event(E),
    /// A message of another thread.
    Message(M),
}

/// Where other threads put messages for a connection.
#[derive(Debug)]
pub struct Inbox<M>(SyncSender<Wake<M>>);

enum Wake<M> {
    Input(Bytes),
    Eof,
    Message(M),
}

impl<S: Session, M: Send + 'static> Connection<S, M> {
    /// Starts to read the socket.
    ///
    /// # Errors
    /// If the socket cannot be used by two threads.
    pub fn new(socket: TcpStream, session: S) -> std::io::Result<Self> {
        socket.set_nodelay(true)?;
        let (sender, inbox) = sync_channel(INBOX);
        let reader = socket.try_clone()?;
        let wakes = sender.clone();
        thread::spawn(move || read(reader, &wakes));
        Ok(Self {
            session,
            socket,
            inbox,
            sender,
        })
    }

    /// Where other threads put messages.
    pub fn inbox(&self) -> Inbox<M> {
        Inbox(self.sender.clone())
    }

    /// The address of this side.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn local_ip(&self) -> std::io::Result<IpAddr> {
        Ok(self.socket.local_addr()?.ip())
    }

    /// Writes what the session wants to say, and waits until something happens.
    ///
    /// # Errors
    /// If the peer misbehaves or the socket fails.
    pub fn wait(&mut self) -> Result<Next<S::Event, M>, Box<dyn Error>> {
        loop {
            let event = self.session.poll_event();
            self.write()?;
            if let Some(event) = event? {
                return Ok(Next::Event(event));
            }
            // The application answers each request before it comes here, so input is welcome.
            debug_assert!(self.session.wants_input(), "a request has no answer");
            match self.wake() {
                Some(Wake::Input(input)) => self.session.handle_input(input, Instant::now()),
                Some(Wake::Eof) => self.session.handle_eof(Instant::now()),
                Some(Wake::Message(message)) => return Ok(Next::Message(message)),
                None => self.session.handle_timeout(Instant::now()),
            }
        }
    }

    /// Writes everything the session has to say.
    ///
    /// # Errors
    /// If the socket fails.
    pub fn write(&mut self) -> std::io::Result<()> {
        while self.session.output().has_remaining() {
            let output = self.session.output();
            let mut slices = [IoSlice::new(&[]); 64];
            let filled = output.chunks_vectored(&mut slices);
            let written = self
                .socket
                .write_vectored(slices.get(..filled).unwrap_or_default())?;
            output.advance(written);
        }
        Ok(())
    }

    /// `None` when the session's time has come.
    fn wake(&self) -> Option<Wake<M>> {
        let Some(deadline) = self.session.poll_timeout() else {
            return self.inbox.recv().ok();
        };
        let left = deadline.saturating_duration_since(Instant::now());
        self.inbox.recv_timeout(left).ok()
    }
}

impl<S, M> Drop for Connection<S, M> {
    fn drop(&mut self) {
        // This ends the reading thread too. An error means that the peer was faster.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

impl<M> Inbox<M> {
    /// Puts a message in; waits while the connection has too many.
    pub fn send(&self, message: M) {
        // An error means that the connection is gone.
        let _ = self.0.send(Wake::Message(message));
    }

    /// Puts a message in; false if the connection has too many already, or is gone.
    #[must_use]
    pub fn try_send(&self, message: M) -> bool {
        self.0.try_send(Wake::Message(message)).is_ok()
    }
}

/// What a session makes its handshake of, different for each.
///
/// # Errors
/// If the system has no random numbers.
pub fn seed() -> std::io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(seed)
}

fn read<M>(mut socket: TcpStream, wakes: &SyncSender<Wake<M>>) {
    let mut buffer = BytesMut::new();
    loop {
        buffer.resize(READ_LEN, 0);
        let wake = match socket.read(&mut buffer) {
            Ok(0) | Err(_) => Wake::Eof,
            Ok(read) => Wake::Input(buffer.split_to(read).freeze()),
        };
        let is_last = matches!(wake, Wake::Eof);
        // A full inbox stops the reading, and so the peer; one without an owner ends it.
        if wakes.send(wake).is_err() || is_last {
            return;
        }
    }
}

/// How much is read at a time.
const READ_LEN: usize = 16 << 10;
/// How many messages may wait for a connection.
const INBOX: usize = 1024;
