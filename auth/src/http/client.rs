//! The client's side: the strongest challenge, answered once per nonce.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use super::basic;
use super::digest::{DigestAlgorithm, DigestInput, Qop};
use super::header::{Challenge, quoted};
use crate::encoding::hex;
use crate::random::Random;
use crate::secret::Secret;

/// Answers the challenges of one server for one user.
///
/// Hand it every 401 ([`HttpClient::handle_unauthorized`]) and every other response
/// ([`HttpClient::handle_accepted`]), and put [`HttpClient::authorization`] into every request.
#[derive(Debug)]
pub struct HttpClient {
    user: String,
    password: Secret,
    basic_allowed: bool,
    random: Random,
    answer: Option<Answer>,
    /// 401 in a row, `stale=true` apart.
    refusals: u8,
    /// `stale=true` in a row.
    stale: u8,
}

/// The challenge being answered.
#[derive(Debug)]
enum Answer {
    Basic,
    Digest {
        realm: String,
        nonce: String,
        opaque: Option<String>,
        algorithm: DigestAlgorithm,
        /// As the server spelled it, to be echoed; `None` when it named none.
        algorithm_name: Option<String>,
        qop: OfferedQop,
        /// Requests answered with this nonce.
        count: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OfferedQop {
    None,
    Auth,
    AuthInt,
}

impl HttpClient {
    /// A client that has not been challenged. `seed` is 32 random bytes, its own for every client.
    pub fn new(user: &str, password: &Secret, seed: [u8; 32]) -> Self {
        Self {
            user: user.into(),
            password: password.clone(),
            basic_allowed: false,
            random: Random::new(&seed),
            answer: None,
            refusals: 0,
            stale: 0,
        }
    }

    /// Answers Basic too: over TLS, or where the password is no secret.
    #[must_use]
    pub const fn allow_basic(mut self) -> Self {
        self.basic_allowed = true;
        self
    }

    /// Takes the `WWW-Authenticate` values of a 401; after `Ok` the request is worth repeating.
    ///
    /// The strongest algorithm wins, whatever the order. A server may refuse a right answer once because its
    /// nonce went out of date, with `stale=true` or (GStreamer's server) without saying so; a second refusal of the
    /// same password is final.
    ///
    /// # Errors
    /// [`HttpClientError`]; nothing more is to be gained by repeating the request.
    pub fn handle_unauthorized<'a>(
        &mut self,
        www_authenticate: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), HttpClientError> {
        let mut best: Option<(u8, Answer)> = None;
        let (mut stale, mut seen) = (false, false);
        for value in www_authenticate {
            // A header that cannot be read costs that header.
            for challenge in Challenge::parse_list(value).unwrap_or_default() {
                seen = true;
                let Some((rank, answer)) = self.rank(&challenge) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                    let flag = challenge.param("stale").unwrap_or_default();
                    stale = flag.eq_ignore_ascii_case("true");
                    best = Some((rank, answer));
                }
            }
        }
        let Some((_, answer)) = best else {
            return Err(if seen {
                HttpClientError::NoAcceptableChallenge
            } else {
                HttpClientError::NoChallenge
            });
        };
        if matches!(
            (&self.answer, &answer),
            (Some(Answer::Digest { .. }), Answer::Basic)
        ) {
            return Err(HttpClientError::Downgrade);
        }
        let counter = if stale {
            &mut self.stale
        } else {
            &mut self.refusals
        };
        *counter = counter.saturating_add(1);
        let same_nonce = self
            .answer
            .as_ref()
            .is_some_and(|old| old.nonce() == answer.nonce());
        if self.refusals > 2 || self.stale > 2 || (same_nonce && !stale) {
            return Err(HttpClientError::Refused);
        }
        self.answer = Some(answer);
        Ok(())
    }

    /// Notes that a request was let through, so that a later 401 is looked at afresh.
    pub const fn handle_accepted(&mut self) {
        self.refusals = 0;
        self.stale = 0;
    }

    /// The value of `Authorization` for a request; `None` while nothing has been asked for.
    ///
    /// `uri` has to be byte by byte that of the request line, without user and password. `body` counts
    /// only where the server wants it covered (`qop=auth-int`).
    pub fn authorization(&mut self, method: &str, uri: &str, body: &[u8]) -> Option<String> {
        let Answer::Digest {
            realm,
            nonce,
            opaque,
            algorithm,
            algorithm_name,
            qop,
            count,
        } = self.answer.as_mut()?
        else {
            return Some(basic::authorization(&self.user, &self.password));
        };
        *count = count.wrapping_add(1);
        let nc = format!("{count:08x}");
        let cnonce = hex(&self.random.bytes::<8>());
        let protection = match qop {
            OfferedQop::None => Qop::None,
            OfferedQop::Auth => Qop::Auth {
                nc: &nc,
                cnonce: &cnonce,
            },
            OfferedQop::AuthInt => Qop::AuthInt {
                nc: &nc,
                cnonce: &cnonce,
                body,
            },
        };
        let input = DigestInput {
            algorithm: *algorithm,
            method,
            uri,
            nonce,
            qop: protection,
        };
        let response = input.response(&self.user, realm, &self.password);
        let mut header = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quoted(&self.user),
            quoted(realm),
            quoted(nonce),
            quoted(uri)
        );
        if let Some(name) = algorithm_name {
            header.push_str(&format!(", algorithm={name}"));
        }
        if let Some(opaque) = opaque {
            header.push_str(&format!(", opaque={}", quoted(opaque)));
        }
        let name = match qop {
            OfferedQop::None => return Some(header),
            OfferedQop::Auth => "auth",
            OfferedQop::AuthInt => "auth-int",
        };
        header.push_str(&format!(", qop={name}, nc={nc}, cnonce=\"{cnonce}\""));
        Some(header)
    }

    /// How good a challenge is, and the answer to it; `None` for one that is not answered.
    fn rank(&self, challenge: &Challenge<'_>) -> Option<(u8, Answer)> {
        if challenge.is("Basic") {
            return self.basic_allowed.then_some((0, Answer::Basic));
        }
        if !challenge.is("Digest") {
            return None;
        }
        let algorithm_name = challenge.param("algorithm");
        let algorithm = match algorithm_name {
            Some(name) => DigestAlgorithm::from_name(name)?,
            None => DigestAlgorithm::MD5,
        };
        let offers =
            |name: &str, qop: &str| qop.split(',').any(|q| q.trim().eq_ignore_ascii_case(name));
        let qop = match challenge.param("qop") {
            None | Some("") => OfferedQop::None,
            Some(qop) if offers("auth", qop) => OfferedQop::Auth,
            Some(qop) if offers("auth-int", qop) => OfferedQop::AuthInt,
            // Unknown protections only: the answer without one is all that is left.
            Some(_) => OfferedQop::None,
        };
        if algorithm.session && qop == OfferedQop::None {
            return None;
        }
        let rank = match algorithm.hash {
            super::HashAlgorithm::Md5 => 1,
            super::HashAlgorithm::Sha256 => 2,
            super::HashAlgorithm::Sha512_256 => 3,
        };
        let answer = Answer::Digest {
            realm: challenge.param("realm").unwrap_or_default().to_owned(),
            nonce: challenge.param("nonce")?.to_owned(),
            opaque: challenge.param("opaque").map(str::to_owned),
            algorithm,
            algorithm_name: algorithm_name.map(str::to_owned),
            qop,
            count: 0,
        };
        Some((rank, answer))
    }
}

impl Answer {
    fn nonce(&self) -> Option<&str> {
        match self {
            Self::Basic => None,
            Self::Digest { nonce, .. } => Some(nonce),
        }
    }
}

/// Why a client gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpClientError {
    /// The 401 has no challenge that can be read.
    #[error("a 401 without a challenge")]
    NoChallenge,
    /// No challenge is one that this client answers; Basic only with [`HttpClient::allow_basic`].
    #[error("no challenge that may be answered")]
    NoAcceptableChallenge,
    /// The server asks for the password after it had asked for a digest.
    #[error("a downgrade from Digest to Basic")]
    Downgrade,
    /// The server refuses the user or the password.
    #[error("the server refused the user or password")]
    Refused,
}
