//! Sealed nonces: the server's challenge carries its own proof, so nothing is remembered until it is used.
//!
//! ```text
//!  0        1              5                 13                              29
//! +--------+--------------+-----------------+-------------------------------+
//! | key id | expiry (s)   | random          | HMAC-SHA256, first 16 bytes   |
//! +--------+--------------+-----------------+-------------------------------+
//! ```
//! The MAC covers the purpose (`"adobe"`, `"digest"`, ...), what the nonce is bound to (user, peer address)
//! and the 13 bytes before it. On the wire it is 39 characters of URL-safe base64 without padding, which
//! fits the 255 bytes that FFmpeg keeps of a reject description, with every user name allowed here.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::encoding::{base64url, decode_base64url};
use crate::error::Refusal;
use crate::hash::KeyedSha256;
use crate::secret::{Secret, same};
use crate::time::UnixTime;

/// The keys a server seals its nonces with. Processes that share them accept each other's nonces.
///
/// ```
/// use weir_auth::{Secret, ServerKeys};
///
/// let mut keys = ServerKeys::new(&Secret::from_bytes(&[7; 32]));
/// // A new key every day; nonces made with the one before stay valid until they expire.
/// keys.rotate(&Secret::from_bytes(&[8; 32]));
/// ```
#[derive(Clone)]
pub struct ServerKeys {
    current: Key,
    previous: Option<Key>,
    /// Answers for users that do not exist derive from this one; it stays when the others rotate.
    decoy: KeyedSha256,
}

#[derive(Clone)]
struct Key {
    id: u8,
    mac: KeyedSha256,
}

impl ServerKeys {
    /// Keys from one secret of at least 32 random bytes.
    pub fn new(secret: &Secret) -> Self {
        let root = KeyedSha256::new(secret.expose());
        let decoy = KeyedSha256::new(&root.mac(&[b"weir decoy"]));
        Self {
            current: Key::new(secret),
            previous: None,
            decoy,
        }
    }

    /// Makes `secret` the key of new nonces. Those of the key before are still accepted, older ones not.
    ///
    /// Rotate no faster than nonces live ([`Config::nonce_lifetime`](crate::Config::nonce_lifetime)).
    pub fn rotate(&mut self, secret: &Secret) {
        self.previous = Some(core::mem::replace(&mut self.current, Key::new(secret)));
    }

    /// Makes a nonce: `purpose` and `bound_to` have to be the same when it comes back.
    ///
    /// An expiry after 2106 is kept as 2106-02-07, the last second that 32 bits can say.
    pub fn seal(
        &self,
        purpose: &str,
        bound_to: &[&[u8]],
        expires: UnixTime,
        random: [u8; 8],
    ) -> String {
        let mut sealed = Vec::with_capacity(SEALED_LEN);
        sealed.push(self.current.id);
        let expires = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
        sealed.extend_from_slice(&expires.to_be_bytes());
        sealed.extend_from_slice(&random);
        let tag = self.current.tag(purpose, bound_to, &sealed);
        sealed.extend_from_slice(&tag);
        base64url(&sealed)
    }

    /// Checks that `text` is a nonce of these keys for `purpose` and `bound_to` that has not expired.
    ///
    /// # Errors
    /// [`Refusal::ForeignNonce`] and [`Refusal::ExpiredNonce`]. Whether it was used before only
    /// [`OneUse`](crate::OneUse) knows.
    pub fn open(
        &self,
        text: &str,
        purpose: &str,
        bound_to: &[&[u8]],
        now: UnixTime,
    ) -> Result<OpenedNonce, Refusal> {
        let nonce = self.read(text, purpose, bound_to)?;
        if nonce.expires <= now {
            Err(Refusal::ExpiredNonce)
        } else {
            Ok(nonce)
        }
    }

    /// As [`ServerKeys::open`], but an expired nonce is fine.
    pub(crate) fn read(
        &self,
        text: &str,
        purpose: &str,
        bound_to: &[&[u8]],
    ) -> Result<OpenedNonce, Refusal> {
        if text.len() > SEALED_TEXT_LEN + 1 {
            return Err(Refusal::ForeignNonce);
        }
        let sealed = decode_base64url(text).ok_or(Refusal::ForeignNonce)?;
        let (body, tag) = sealed
            .split_at_checked(BODY_LEN)
            .ok_or(Refusal::ForeignNonce)?;
        let &[id, e0, e1, e2, e3, ref random @ ..] = body else {
            return Err(Refusal::ForeignNonce);
        };
        let keys = core::iter::once(&self.current).chain(&self.previous);
        let ours = |key: &Key| key.id == id && same(&key.tag(purpose, bound_to, body), tag);
        if !keys.into_iter().any(ours) {
            return Err(Refusal::ForeignNonce);
        }
        Ok(OpenedNonce {
            id: tag.try_into().map_err(|_| Refusal::ForeignNonce)?,
            random: random.try_into().map_err(|_| Refusal::ForeignNonce)?,
            expires: UnixTime::from_secs(u32::from_be_bytes([e0, e1, e2, e3]).into()),
        })
    }

    /// Bytes that only this server can make, the same for the same label: salts of users that do not
    /// exist, challenges derived from a nonce.
    pub(crate) fn derive(&self, label: &str, from: &[u8]) -> [u8; 32] {
        self.decoy.mac_fields(&[label.as_bytes(), from])
    }
}

impl fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKeys")
    }
}

impl Key {
    fn new(secret: &Secret) -> Self {
        let root = KeyedSha256::new(secret.expose());
        // The id only saves a MAC when there are two keys; equal ids cost that MAC and nothing else.
        let [id, ..] = root.mac(&[b"weir key id"]);
        Self {
            id,
            mac: KeyedSha256::new(&root.mac(&[b"weir nonce"])),
        }
    }

    fn tag(&self, purpose: &str, bound_to: &[&[u8]], body: &[u8]) -> [u8; TAG_LEN] {
        let bound = bound_to.iter().copied();
        let fields: smallvec::SmallVec<[&[u8]; 4]> = [purpose.as_bytes(), body]
            .into_iter()
            .chain(bound)
            .collect();
        let mut tag = [0; TAG_LEN];
        tag.iter_mut()
            .zip(self.mac.mac_fields(&fields))
            .for_each(|(to, from)| *to = from);
        tag
    }
}

/// What a sealed nonce said about itself, after its MAC was found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenedNonce {
    /// Names this nonce among all others, for [`OneUse`](crate::OneUse).
    pub id: [u8; 16],
    /// The random bytes given to [`ServerKeys::seal`].
    pub random: [u8; 8],
    /// When it stops being valid.
    pub expires: UnixTime,
}

const BODY_LEN: usize = 13;
const TAG_LEN: usize = 16;
const SEALED_LEN: usize = BODY_LEN + TAG_LEN;
/// 29 bytes in base64 without padding.
pub(crate) const SEALED_TEXT_LEN: usize = 39;
