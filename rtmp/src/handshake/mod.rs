//! The handshake: 3,073 bytes in each direction before the first chunk.
//!
//! ```text
//! client                                  server
//! C0 version, C1 1536 bytes        ---->
//!                                  <----  S0 version, S1 1536 bytes, S2 1536 bytes
//! C2 1536 bytes                    ---->
//! ```
//!
//! C1 and S1 are a greeting: a time, a version and random bytes. C2 and S2 answer the other's
//! greeting. In the plain handshake the answer is an echo; with digests, which Flash Player needs
//! before it plays H.264, greeting and answer are signed with keys that everybody knows. Neither
//! proves who the peer is.
//!
//! # RTMPE and SWF verification
//!
//! Feature `rtmpe` adds the handshake of RTMPE, which encrypts all that follows, and the answer to
//! SWF verification. Both were sold as access control. They give no security: RTMPE knows no
//! authentication, so whoever sits in the middle reads along, RC4 is broken, and the hash of a
//! file proves nothing about who sends it. They are here, off by default, for old peers that
//! cannot do without. In some countries circumventing such a control is restricted by law; to use
//! the feature with somebody else's content is a decision of yours. For secrecy, use TLS.
//!
//! RTMP 1.0, section 5.2. The digests are described by no specification.

mod digest;
#[cfg(feature = "rtmpe")]
mod encrypted;
mod plain;
#[cfg(feature = "rtmpe")]
mod swf;

use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;

use crate::chunk::Timestamp;
use crate::config::{Quirks, Tolerance};
use crate::cursor::{self, Cursor};
use crate::error::{Error, Malformed, PeerMisbehaved};
use crate::warning::{Warning, WarningCode, Warnings};

pub use digest::DigestLayout;
#[cfg(feature = "rtmpe")]
pub use encrypted::{Cipher, Ciphers};
#[cfg(feature = "rtmpe")]
pub use swf::SwfIdentity;

/// Bytes of C1, S1, C2 and S2 each.
pub const PART_LEN: usize = 1536;

/// Which end of a connection somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed by the protocol: a connection has two ends"
)]
pub enum Role {
    /// The end that connected.
    Client,
    /// The end that listened.
    Server,
}

/// Which handshake a client begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum HandshakeKind {
    /// As the specification has it.
    Plain,
    /// Signed, and plain if the server does not sign. What FFmpeg does, and the default.
    #[default]
    Digest,
    /// RTMPE, see the [module's](self) warning.
    #[cfg(feature = "rtmpe")]
    Encrypted,
}

/// What C1 or S1 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Greeting {
    /// The sender's time.
    pub time: Timestamp,
    /// The version of the sender's software; zero in the plain handshake.
    pub version: [u8; 4],
    /// Where the digest was found, if there is a valid one.
    pub digest: Option<DigestLayout>,
    signature: Option<[u8; 32]>,
    sender: Role,
}

/// How a handshake ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshaken {
    /// The version that the peer's first byte named; 3 is RTMP.
    pub version: u8,
    /// The peer's C1 or S1.
    pub greeting: Greeting,
    /// Whether the peer's C2 or S2 echoes or signs ours. FFmpeg's does not, see [`Quirks`].
    pub answered: bool,
    /// The last 32 bytes of S1, the key of SWF verification.
    pub swf_key: [u8; 32],
}

/// One side of a handshake.
///
/// ```
/// use weir_rtmp::Quirks;
/// use weir_rtmp::handshake::{Handshake, HandshakeKind};
///
/// let quirks = Quirks::default();
/// let mut client = Handshake::client(HandshakeKind::Digest, &quirks, [1; 32]);
/// let mut server = Handshake::server(&quirks, [2; 32]);
///
/// let c0_c1 = client.poll_output().unwrap();
/// assert_eq!(server.read(&mut &c0_c1[..])?, None);
/// let s0_s1_s2 = server.poll_output().unwrap();
/// let server_seen = client.read(&mut &s0_s1_s2[..])?.unwrap();
/// let c2 = client.poll_output().unwrap();
/// let client_seen = server.read(&mut &c2[..])?.unwrap();
/// assert!(server_seen.answered && client_seen.answered);
/// # Ok::<(), weir_rtmp::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Handshake {
    role: Role,
    kind: HandshakeKind,
    quirks: Quirks,
    random: Random,
    state: State,
    /// C1 or S1 as sent.
    own: Bytes,
    /// Its digest, if it has one.
    digest: Option<[u8; digest::DIGEST_LEN]>,
    /// Bytes of a part that is not complete.
    buffer: Vec<u8>,
    output: Option<Bytes>,
    warnings: Warnings,
    failed: Option<Error>,
    /// Whether version 6 means encryption to this side.
    rtmpe: bool,
    #[cfg(feature = "rtmpe")]
    keys: Option<encrypted::KeyPair>,
    #[cfg(feature = "rtmpe")]
    agreement: Option<encrypted::Agreement>,
}

type Part = [u8; PART_LEN];

#[derive(Clone, Debug)]
enum State {
    /// Waiting for C0 or S0.
    Version,
    /// Waiting for C1 or S1.
    Greeting {
        version: u8,
    },
    /// Waiting for C2 or S2, which becomes `answered`.
    Answer {
        handshaken: Handshaken,
    },
    Done,
}

impl Greeting {
    /// Reads C1 or S1, without taking part; `None` if it is not [`PART_LEN`] bytes.
    pub fn read(bytes: &[u8], sender: Role) -> Option<Self> {
        Self::find(bytes.try_into().ok()?, sender)
    }

    /// Whether `answer`, the other side's C2 or S2, is signed and belongs to this greeting.
    pub fn is_signed_answer(&self, answer: &[u8]) -> bool {
        match (answer.try_into(), &self.signature) {
            (Ok(answer), Some(digest)) => digest::is_answer(answer, self.sender.peer(), digest),
            _ => false,
        }
    }

    fn find(part: &Part, sender: Role) -> Option<Self> {
        let mut cursor = Cursor::new(part);
        let time = Timestamp::from_millis(cursor.u32()?);
        let version = cursor.bytes(4)?.try_into().ok()?;
        // Without a version there is no digest.
        let found = if version == [0; 4] {
            None
        } else {
            digest::find(part, sender)
        };
        let (digest, signature) = found.unzip();
        Some(Self {
            time,
            version,
            digest,
            signature,
            sender,
        })
    }
}

impl Handshake {
    /// Returns a server's side. It waits for the client and answers as the client began.
    ///
    /// `seed` is where all random bytes come from; use another one for each connection.
    pub fn server(quirks: &Quirks, seed: [u8; 32]) -> Self {
        Self::new(Role::Server, HandshakeKind::Digest, quirks, seed)
    }

    /// Makes a server answer those who ask for RTMPE as if it did not know it: in clear.
    #[cfg(feature = "rtmpe")]
    #[must_use]
    pub const fn without_rtmpe(mut self) -> Self {
        self.rtmpe = false;
        self
    }

    /// Returns a client's side, whose output is ready.
    ///
    /// `seed` is where all random bytes come from; use another one for each connection.
    pub fn client(kind: HandshakeKind, quirks: &Quirks, seed: [u8; 32]) -> Self {
        let mut client = Self::new(Role::Client, kind, quirks, seed);
        let (version, layout) = match kind {
            HandshakeKind::Plain => (RTMP, None),
            HandshakeKind::Digest => (RTMP, Some(DigestLayout::DigestFirst)),
            // librtmp and Flash Player 10 have this layout with RTMPE.
            #[cfg(feature = "rtmpe")]
            HandshakeKind::Encrypted => (RTMPE, Some(DigestLayout::KeyFirst)),
        };
        let mut output = Vec::with_capacity(1 + PART_LEN);
        client.greet(version, layout, &mut output);
        client.finish_output(output);
        client
    }

    fn new(role: Role, kind: HandshakeKind, quirks: &Quirks, seed: [u8; 32]) -> Self {
        Self {
            role,
            kind,
            quirks: quirks.clone(),
            random: Random { seed, block: 0 },
            state: State::Version,
            own: Bytes::new(),
            digest: None,
            buffer: Vec::new(),
            output: None,
            warnings: Warnings::default(),
            failed: None,
            rtmpe: cfg!(feature = "rtmpe"),
            #[cfg(feature = "rtmpe")]
            keys: None,
            #[cfg(feature = "rtmpe")]
            agreement: None,
        }
    }

    /// Takes the peer's bytes off the front of `input`, up to the first chunk.
    ///
    /// After `None` the input is empty and more is needed, and there may be output.
    ///
    /// # Errors
    ///
    /// [`Malformed::Tls`] and [`Malformed::Http`] if the peer speaks something else,
    /// [`PeerMisbehaved::HandshakeVersion`] for a version above 31, and what [`Quirks`] refuses.
    /// An error stays, each later call returns it again.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Handshaken>, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.read_parts(input);
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    /// Returns the next bytes to send.
    pub const fn poll_output(&mut self) -> Option<Bytes> {
        self.output.take()
    }

    /// Returns the next tolerance taken, each code once.
    pub fn poll_warning(&mut self) -> Option<Warning> {
        self.warnings.poll()
    }

    /// Returns the ciphers of a connection that is encrypted from here on, once after the
    /// handshake.
    #[cfg(feature = "rtmpe")]
    pub fn take_ciphers(&mut self) -> Option<Ciphers> {
        match self.state {
            State::Done => self.agreement.take().map(|agreement| agreement.ciphers()),
            _ => None,
        }
    }

    fn read_parts(&mut self, input: &mut &[u8]) -> Result<Option<Handshaken>, Error> {
        loop {
            match &self.state {
                State::Version => {
                    let Some(version) = cursor::take(input, 1).first() else {
                        return Ok(None);
                    };
                    let version = self.checked_version(*version)?;
                    self.state = State::Greeting { version };
                }
                State::Greeting { version } => {
                    let version = *version;
                    let mut joined = Vec::new();
                    let Some(part) = self.take_part(input, &mut joined) else {
                        return Ok(None);
                    };
                    self.state = self.answer(version, part)?;
                }
                State::Answer { handshaken } => {
                    let mut handshaken = handshaken.clone();
                    let mut joined = Vec::new();
                    let Some(part) = self.take_part(input, &mut joined) else {
                        return Ok(None);
                    };
                    self.state = State::Done;
                    handshaken.answered = self.is_answered_by(part, &handshaken.greeting);
                    if !handshaken.answered {
                        self.accept_mismatch()?;
                    }
                    return Ok(Some(handshaken));
                }
                State::Done => return Ok(None),
            }
        }
    }

    fn checked_version(&mut self, version: u8) -> Result<u8, Error> {
        match version {
            RTMP => return Ok(version),
            #[cfg(feature = "rtmpe")]
            RTMPE if self.role == Role::Server && self.rtmpe => return Ok(version),
            #[cfg(feature = "rtmpe")]
            RTMPE if self.kind == HandshakeKind::Encrypted => return Ok(version),
            0x16 => return Err(Malformed::Tls.into()),
            // GET, HEAD, OPTIONS, POST.
            b'G' | b'H' | b'O' | b'P' => return Err(Malformed::Http { first: version }.into()),
            _ => {}
        }
        // Versions up to 31 are reserved; what is above lets RTMP be told from text protocols.
        if version > 31 || self.quirks.handshake_version == Tolerance::Refuse {
            return Err(PeerMisbehaved::HandshakeVersion { got: version }.into());
        }
        self.warnings.report(WarningCode::HandshakeVersion, 0);
        Ok(version)
    }

    /// Answers the peer's greeting: S0, S1 and S2, or C2.
    fn answer(&mut self, version: u8, part: &Part) -> Result<State, Error> {
        let Some(mut greeting) = Greeting::find(part, self.role.peer()) else {
            return Ok(State::Done); // unreachable: a part is long enough for time and version
        };
        if self.kind == HandshakeKind::Plain {
            (greeting.digest, greeting.signature) = (None, None);
        }
        let mut output = Vec::with_capacity(1 + 2 * PART_LEN);
        if self.role == Role::Server {
            let own_version = match self.is_encrypted(version) {
                true => version,
                false => RTMP,
            };
            self.greet(own_version, greeting.digest, &mut output);
        }
        #[cfg(feature = "rtmpe")]
        self.agree(version, part, greeting.digest)?;
        match greeting.signature {
            None => output.extend_from_slice(part),
            Some(digest) => {
                if let Some(answer) = self.append_padding(0, &mut output) {
                    digest::sign_answer(answer, self.role, &digest);
                }
            }
        }
        self.finish_output(output);
        let server_part = match self.role {
            Role::Server => &self.own[..],
            Role::Client => part,
        };
        let swf_key = server_part.last_chunk().copied().unwrap_or_default();
        let handshaken = Handshaken {
            version,
            greeting,
            answered: false,
            swf_key,
        };
        Ok(State::Answer { handshaken })
    }

    /// Appends our C0 and C1 or S0 and S1.
    fn greet(&mut self, version: u8, layout: Option<DigestLayout>, output: &mut Vec<u8>) {
        let encrypted = self.is_encrypted(version);
        output.push(version);
        // The time and, in the plain handshake, the version are zero.
        let Some(part) = self.append_padding(8, output) else {
            return; // unreachable: a part was appended
        };
        let Some(layout) = layout else { return };
        if encrypted {
            #[cfg(feature = "rtmpe")]
            self.put_key(part, layout);
        }
        self.digest = digest::sign(part, self.role, layout);
    }

    /// Appends a part of random bytes behind `zeros` zeros.
    fn append_padding<'a>(
        &mut self,
        zeros: usize,
        output: &'a mut Vec<u8>,
    ) -> Option<&'a mut Part> {
        output.resize(output.len() + PART_LEN, 0);
        let part: &mut Part = output.last_chunk_mut()?;
        self.random.pad(part.get_mut(zeros..)?);
        Some(part)
    }

    /// Sends `output`, which begins with our version and C1 or S1 if that was not sent before.
    fn finish_output(&mut self, output: Vec<u8>) {
        let output = Bytes::from(output);
        if self.own.is_empty() {
            self.own = output.slice(1..1 + PART_LEN);
        }
        self.output = Some(match self.output.take() {
            // The client's first bytes were not fetched yet.
            Some(waiting) => [&waiting[..], &output].concat().into(),
            None => output,
        });
    }

    /// Whether a version that was accepted means encryption.
    const fn is_encrypted(&self, version: u8) -> bool {
        self.rtmpe && version == RTMPE
    }

    #[cfg(feature = "rtmpe")]
    fn put_key(&mut self, part: &mut Part, layout: DigestLayout) {
        let mut secret = [0; encrypted::KEY_LEN];
        self.random.fill(&mut secret);
        let keys = encrypted::KeyPair::new(secret);
        keys.put(part, layout);
        self.keys = Some(keys);
    }

    /// Finishes the key agreement of RTMPE.
    #[cfg(feature = "rtmpe")]
    fn agree(
        &mut self,
        version: u8,
        part: &Part,
        layout: Option<DigestLayout>,
    ) -> Result<(), Error> {
        if self.is_encrypted(version) {
            let agreement = self.keys.as_ref().zip(layout);
            let agreement = agreement.and_then(|(keys, layout)| keys.agree(part, layout));
            if agreement.is_none() {
                return Err(PeerMisbehaved::NoKey { offset: 1 }.into());
            }
            self.agreement = agreement;
        } else if self.kind == HandshakeKind::Encrypted {
            return Err(PeerMisbehaved::HandshakeVersion { got: version }.into());
        }
        Ok(())
    }

    /// Whether C2 or S2 belongs to our greeting; only who signs its own part signs the answer.
    fn is_answered_by(&self, answer: &Part, greeting: &Greeting) -> bool {
        let signed = |digest| digest::is_answer(answer, self.role.peer(), digest);
        plain::is_echo(answer, &self.own)
            || greeting.digest.is_some() && self.digest.as_ref().is_some_and(signed)
    }

    fn accept_mismatch(&mut self) -> Result<(), Error> {
        let offset = 1 + PART_LEN as u64;
        if self.quirks.handshake_mismatch == Tolerance::Refuse {
            return Err(PeerMisbehaved::HandshakeMismatch { offset }.into());
        }
        self.warnings.report(WarningCode::HandshakeMismatch, offset);
        Ok(())
    }

    /// Returns the next 1,536 bytes once they are all there, in `joined` if they came in pieces.
    fn take_part<'a: 'b, 'b>(
        &mut self,
        input: &mut &'a [u8],
        joined: &'b mut Vec<u8>,
    ) -> Option<&'b Part> {
        let missing = PART_LEN - self.buffer.len();
        let piece = cursor::take(input, missing);
        if piece.len() == PART_LEN {
            return piece.try_into().ok();
        }
        self.buffer.extend_from_slice(piece);
        if piece.len() == missing {
            *joined = mem::take(&mut self.buffer);
        }
        joined.as_slice().try_into().ok()
    }
}

impl Role {
    const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// Random bytes made of the seed.
#[derive(Clone)]
struct Random {
    seed: [u8; 32],
    block: u64,
}

impl Random {
    /// Bytes that nobody can guess: SHA-256 over the seed and a counter.
    #[cfg(feature = "rtmpe")]
    fn fill(&mut self, bytes: &mut [u8]) {
        use sha2::{Digest, Sha256};
        for block in bytes.chunks_mut(32) {
            let hash = Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.block.to_be_bytes());
            self.block += 1;
            for (to, from) in block.iter_mut().zip(hash.finalize()) {
                *to = from;
            }
        }
    }

    /// Bytes that differ from those of other connections, and need not be secret: wyrand, a
    /// multiplication for eight bytes. They tell 64 bits' worth of the seed, which leaves 192 for
    /// what is secret.
    fn pad(&mut self, bytes: &mut [u8]) {
        let mut state = self.block;
        self.block += 1;
        for word in self.seed.chunks_exact(8) {
            let word = word.try_into().map_or(0, u64::from_be_bytes);
            state = (state ^ word).wrapping_mul(WYRAND_STEP);
        }
        for block in bytes.chunks_exact_mut(8) {
            state = state.wrapping_add(WYRAND_STEP);
            let product = u128::from(state) * u128::from(state ^ WYRAND_MASK);
            let mixed = (product ^ (product >> 64)).to_le_bytes();
            block.copy_from_slice(mixed.split_at(8).0);
        }
    }
}

impl core::fmt::Debug for Random {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Random")
    }
}

/// The numbers of wyrand, from wyhash.
const WYRAND_STEP: u64 = 0xa076_1d64_78bd_642f;
const WYRAND_MASK: u64 = 0xe703_7ed1_a0b4_28db;
/// The version of RTMP without encryption.
const RTMP: u8 = 3;
/// The version of RTMPE.
const RTMPE: u8 = 6;
