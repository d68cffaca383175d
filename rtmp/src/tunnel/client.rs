//! The client's end of a tunnel, over one HTTP connection.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::{Buf, Bytes};

use super::{CONTENT_TYPE, HttpReader, TunnelId};
use crate::error::TunnelError;

/// The client's end of a tunnel over one HTTP connection that stays open.
///
/// Write what [`request`](Self::request) returns to the socket, give what the socket returns to
/// [`read`](Self::read), and the session's bytes come out. One request is under way at a time.
///
/// ```
/// use weir_rtmp::tunnel::ClientTunnel;
///
/// let mut tunnel = ClientTunnel::new("media.example:80");
/// let request = tunnel.request(&mut &b"C0 and C1"[..]).unwrap();
/// assert!(request.starts_with(b"POST /open/1 HTTP/1.1\r\nHost: media.example:80\r\n"));
///
/// let mut input: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nQk3x\n";
/// assert_eq!(tunnel.read(&mut input)?, None);
/// let request = tunnel.request(&mut &b"C0 and C1"[..]).unwrap();
/// assert!(request.starts_with(b"POST /send/Qk3x/0 HTTP/1.1\r\n"));
/// assert!(request.ends_with(b"\r\n\r\nC0 and C1"));
/// # Ok::<(), weir_rtmp::TunnelError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientTunnel {
    host: String,
    http: HttpReader,
    state: State,
    /// The number of the next request; FFmpeg and librtmp begin at 0 too.
    sequence: u32,
    delay: u8,
    failed: Option<TunnelError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Opening,
    /// Open, and the server has answered.
    Ready(TunnelId),
    /// Open, and a request is under way.
    Waiting(TunnelId),
    Closing,
    Closed,
}

impl ClientTunnel {
    /// Returns a tunnel to `host`, as the `Host` header names it, that is not open yet.
    pub fn new(host: &str) -> Self {
        // A name that would end the header line early is no name.
        let host = host.chars().filter(|letter| !letter.is_control()).collect();
        Self {
            host,
            http: HttpReader::new(MAX_BODY_LEN),
            state: State::New,
            sequence: 0,
            delay: 0,
            failed: None,
        }
    }

    /// Makes the next request, unless one is under way: it opens the tunnel, carries what there is
    /// of `output`, or asks in vain.
    ///
    /// With nothing to send, wait for [`delay`](Self::delay) before the call.
    pub fn request(&mut self, output: &mut impl Buf) -> Option<Bytes> {
        match self.state {
            State::New => {
                self.state = State::Opening;
                Some(self.post("open/1", &[]))
            }
            State::Ready(id) => {
                self.state = State::Waiting(id);
                let len = output.remaining().min(MAX_BODY_LEN);
                let body = output.copy_to_bytes(len);
                Some(if body.is_empty() {
                    self.post_next("idle", id, &[0])
                } else {
                    self.post_next("send", id, &body)
                })
            }
            _ => None,
        }
    }

    /// Makes the last request; `None` while another is under way, or if there is no tunnel.
    pub fn close(&mut self) -> Option<Bytes> {
        let State::Ready(id) = self.state else {
            return None;
        };
        self.state = State::Closing;
        Some(self.post_next("close", id, &[0]))
    }

    /// How long to wait before asking in vain; it grows with the server's delay byte.
    pub fn delay(&self) -> Duration {
        DELAY_UNIT * u32::from(self.delay.clamp(1, 32))
    }

    /// Whether the tunnel was closed and the server has answered.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Takes the server's bytes off the front of `input` and returns what one answer carries for
    /// the session, if it carries anything.
    ///
    /// # Errors
    ///
    /// [`TunnelError::Status`] if the server refuses, [`TunnelError::Unasked`] if it answers what
    /// nobody asked, and what [`HttpReader`] does not understand. It stays.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Bytes>, TunnelError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.read_answers(input);
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    fn read_answers(&mut self, input: &mut &[u8]) -> Result<Option<Bytes>, TunnelError> {
        while let Some(answer) = self.http.read(input)? {
            match answer.status() {
                Some(200) => {}
                Some(got) => return Err(TunnelError::Status { got }),
                None => return Err(TunnelError::StartLine),
            }
            let mut body = answer.body;
            match self.state {
                State::Opening => {
                    let id = core::str::from_utf8(&body).unwrap_or_default().trim_ascii();
                    self.state = State::Ready(id.parse()?);
                }
                State::Waiting(id) => {
                    self.state = State::Ready(id);
                    self.delay = if body.has_remaining() {
                        body.get_u8()
                    } else {
                        0
                    };
                    if body.has_remaining() {
                        return Ok(Some(body));
                    }
                }
                State::Closing => self.state = State::Closed,
                State::New | State::Ready(_) | State::Closed => return Err(TunnelError::Unasked),
            }
        }
        Ok(None)
    }

    fn post_next(&mut self, verb: &str, id: TunnelId, body: &[u8]) -> Bytes {
        let request = self.post(&format!("{verb}/{id}/{}", self.sequence), body);
        self.sequence = self.sequence.wrapping_add(1);
        request
    }

    fn post(&self, path: &str, body: &[u8]) -> Bytes {
        let head = format!(
            "POST /{path} HTTP/1.1\r\n\
             Host: {host}\r\n\
             User-Agent: Shockwave Flash\r\n\
             Content-Type: {CONTENT_TYPE}\r\n\
             Content-Length: {len}\r\n\
             Connection: Keep-Alive\r\n\
             Cache-Control: no-cache\r\n\r\n",
            host = self.host,
            len = body.len(),
        );
        let mut request = Vec::with_capacity(head.len() + body.len());
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(body);
        request.into()
    }
}

/// Longest body either way.
const MAX_BODY_LEN: usize = 1 << 20;

/// What one unit of the delay byte is; nobody has said. With it, the waiting grows from 32 ms to
/// one second.
const DELAY_UNIT: Duration = Duration::from_millis(32);
