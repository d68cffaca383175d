//! The server's end of one tunnel.

use alloc::format;
use alloc::vec::Vec;

use bytes::{Buf, Bytes};

use super::{TunnelId, TunnelRequest};
use crate::error::TunnelError;

/// The server's end of one tunnel; the driver finds it by its [`TunnelId`].
///
/// For each request call [`accept`](Self::accept), give what it returns to the session, and answer
/// with [`respond`](Self::respond). An id is all that a stranger needs to speak in the tunnel, so
/// make ids hard to guess.
///
/// ```
/// use weir_rtmp::tunnel::{ServerTunnel, TunnelRequest};
///
/// let (mut tunnel, body) = ServerTunnel::open("Qk3x".parse()?);
/// assert_eq!(&body[..], b"Qk3x\n");
///
/// let request: TunnelRequest = "/send/Qk3x/1".parse()?;
/// let input = tunnel.accept(&request, b"C0 and C1"[..].into())?;
/// assert_eq!(input.unwrap(), &b"C0 and C1"[..]); // session.handle_input(input, now)
/// let body = tunnel.respond(&mut &b"S0, S1, S2"[..], 64 << 10); // session.output()
/// assert_eq!(&body[..], b"\x01S0, S1, S2");
/// # Ok::<(), weir_rtmp::TunnelError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServerTunnel {
    id: TunnelId,
    /// The number of the last request.
    sequence: Option<u32>,
    /// Set while the last request is answered.
    answered: bool,
    /// The answer to the last request, in case it comes again.
    response: Bytes,
    /// Answers without bytes since the last with some.
    empty: u32,
    closed: bool,
}

impl ServerTunnel {
    /// Opens a tunnel and returns the body of the answer.
    pub fn open(id: TunnelId) -> (Self, Bytes) {
        let tunnel = Self {
            id,
            sequence: None,
            answered: true,
            response: Bytes::new(),
            empty: 0,
            closed: false,
        };
        (tunnel, format!("{id}\n").into())
    }

    /// Returns the id.
    pub const fn id(&self) -> TunnelId {
        self.id
    }

    /// Whether the client closed the tunnel: the session's end of input.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Takes a request in and returns the bytes it carries for the session.
    ///
    /// A request that comes a second time, as after a lost connection, carries none, and
    /// [`respond`](Self::respond) repeats its answer.
    ///
    /// # Errors
    ///
    /// [`TunnelError::Id`] if the request is not for this tunnel, [`TunnelError::Sequence`] if it
    /// is not the one after the last, [`TunnelError::Closed`] after the end. The tunnel stays as
    /// it was; answer with status 400 or 404.
    pub fn accept(
        &mut self,
        request: &TunnelRequest,
        body: Bytes,
    ) -> Result<Option<Bytes>, TunnelError> {
        let Some((id, sequence)) = request.id() else {
            return Err(TunnelError::Path);
        };
        if id != self.id {
            return Err(TunnelError::Id {
                len: id.as_str().len(),
            });
        }
        if self.sequence == Some(sequence) {
            return Ok(None);
        }
        if self.closed {
            return Err(TunnelError::Closed);
        }
        match self.sequence.map(|last| last.wrapping_add(1)) {
            // Clients begin at 0, 1 or 2.
            None => {}
            Some(expected) if expected == sequence => {}
            Some(expected) => {
                return Err(TunnelError::Sequence {
                    got: sequence,
                    expected,
                });
            }
        }
        self.sequence = Some(sequence);
        self.answered = false;
        match request {
            TunnelRequest::Send { .. } => return Ok((!body.is_empty()).then_some(body)),
            TunnelRequest::Close { .. } => self.closed = true,
            _ => {}
        }
        Ok(None)
    }

    /// Makes the body of the answer to the accepted request: the delay and up to `max_len` bytes
    /// taken from `output`.
    ///
    /// To a request that comes again it is the same body, and nothing is taken.
    pub fn respond(&mut self, output: &mut impl Buf, max_len: usize) -> Bytes {
        if self.answered {
            return self.response.clone();
        }
        self.answered = true;
        let mut body = Vec::with_capacity(1 + output.remaining().min(max_len));
        let len = output.remaining().min(max_len);
        self.empty = if len > 0 {
            0
        } else {
            self.empty.saturating_add(1)
        };
        body.push(if self.closed { 0 } else { delay(self.empty) });
        body.extend_from_slice(&output.copy_to_bytes(len));
        self.response = body.into();
        self.response.clone()
    }
}

/// Doubles from 1 to 32 with each ten answers that carried nothing, as Red5 does.
const fn delay(empty: u32) -> u8 {
    match empty {
        0..10 => 1,
        10..20 => 2,
        20..30 => 4,
        30..40 => 8,
        40..50 => 16,
        _ => 32,
    }
}
