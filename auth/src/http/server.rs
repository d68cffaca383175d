//! The server's side: one call per request.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use super::digest::{DigestAlgorithm, DigestInput, Qop};
use super::header::{Authorization, Credentials, quoted};
use super::uri;
use crate::authenticator::{Authenticator, FoundUser, Login, UserQuery};
use crate::config::PlaintextPolicy;
use crate::error::{Malformed, Refusal};
use crate::hash::HexDigest;
use crate::nonce::OpenedNonce;
use crate::secret::same;
use crate::time::UnixTime;
use crate::user::{Principal, User, UserName, UserStore};

/// A scheme that a server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HttpScheme {
    /// The password in clear.
    Basic,
    /// Digest with that algorithm.
    Digest(DigestAlgorithm),
}

/// What a server knows of an RTSP or HTTP request.
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    method: &'a str,
    uri: &'a str,
    authorization: Option<&'a str>,
    body: &'a [u8],
    peer: IpAddr,
    tls: bool,
}

impl<'a> HttpRequest<'a> {
    /// Method and URI of the request line as they stand there, the value of `Authorization`, and the peer's address
    /// as the driver sees it.
    pub const fn new(
        method: &'a str,
        uri: &'a str,
        authorization: Option<&'a str>,
        peer: IpAddr,
    ) -> Self {
        Self {
            method,
            uri,
            authorization,
            body: &[],
            peer,
            tls: false,
        }
    }

    /// The request's body, which `qop=auth-int` covers.
    #[must_use]
    pub const fn with_body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }

    /// Says that the connection is RTSPS or HTTPS, so that Basic is no secret lost.
    #[must_use]
    pub const fn over_tls(mut self) -> Self {
        self.tls = true;
        self
    }
}

impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("uri", &self.uri)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: a driver must know what to do with each"
)]
pub enum HttpAnswer {
    /// Go on; the same user may be taken for granted on this connection from now on.
    Accept(Principal),
    /// Answer 401 with one `WWW-Authenticate` header for each of these, in this order.
    Unauthorized {
        /// The values of the headers.
        www_authenticate: Vec<String>,
        /// What to log. [`Refusal::NoCredentials`] is the ordinary first step of a login, and
        /// [`Refusal::ExpiredNonce`] an ordinary later one.
        cause: Refusal,
    },
    /// Find the user out, then ask the same question with a store that knows.
    Pending(UserQuery),
    /// Answer 503 (RTSP) or 429 (HTTP) with `Retry-After`: guesses before that are not looked at.
    Throttle {
        /// When the next guess counts.
        retry_after: Duration,
    },
}

/// Why a digest is not accepted, and whether a new nonce alone would cure it.
struct Denial {
    cause: Refusal,
    stale: bool,
}

impl From<Refusal> for Denial {
    fn from(cause: Refusal) -> Self {
        Self {
            cause,
            stale: false,
        }
    }
}

impl From<Malformed> for Denial {
    fn from(error: Malformed) -> Self {
        Refusal::from(error).into()
    }
}

impl Authenticator {
    /// Answers an RTSP or HTTP request that needs a user.
    ///
    /// Ask for every request until one is accepted; then the connection has its user. Asking for each one is fine
    /// too, as long as clients get their 401 with `stale=true` delivered: FFmpeg does not read the answer to
    /// its keep-alives.
    ///
    /// ```
    /// use weir_auth::http::{HttpAnswer, HttpClient, HttpRequest};
    /// use weir_auth::{Authenticator, Config, Secret, ServerKeys, UnixTime, UsersFile};
    ///
    /// let users = UsersFile::parse("alice=s3cr3t,ROLE_USER").unwrap();
    /// let keys = ServerKeys::new(&Secret::from_bytes(&[1; 32]));
    /// let mut auth = Authenticator::new(Config::default(), keys, [2; 32]);
    /// let (peer, now) = ("203.0.113.7".parse().unwrap(), UnixTime::from_secs(1_700_000_000));
    /// let (method, uri) = ("DESCRIBE", "rtsp://media.example/live/cam1");
    ///
    /// let first = auth.http_request(&users, &HttpRequest::new(method, uri, None, peer), now);
    /// let HttpAnswer::Unauthorized { www_authenticate, .. } = first else { panic!() };
    ///
    /// let mut client = HttpClient::new("alice", &"s3cr3t".into(), [3; 32]);
    /// client.handle_unauthorized(www_authenticate.iter().map(String::as_str)).unwrap();
    /// let header = client.authorization(method, uri, b"").unwrap();
    /// let second = HttpRequest::new(method, uri, Some(&header), peer);
    /// let HttpAnswer::Accept(alice) = auth.http_request(&users, &second, now) else { panic!() };
    /// assert_eq!(alice.name(), "alice");
    /// ```
    pub fn http_request(
        &mut self,
        store: &(impl UserStore + ?Sized),
        request: &HttpRequest<'_>,
        now: UnixTime,
    ) -> HttpAnswer {
        let answer = match request.authorization.map(Authorization::parse) {
            None => Err(Refusal::NoCredentials.into()),
            Some(Err(malformed)) => Err(malformed.into()),
            Some(Ok(Authorization::Bearer(_))) => Err(Refusal::MechanismNotOffered.into()),
            Some(Ok(Authorization::Basic { user, password })) => {
                if self.config.http.contains(&HttpScheme::Basic) {
                    Ok(self.plain_login(store, &user, &password, request.peer, request.tls, now))
                } else {
                    Err(Refusal::MechanismNotOffered.into())
                }
            }
            Some(Ok(Authorization::Digest(credentials))) => {
                self.digest_login(store, request, &credentials, now)
            }
        };
        match answer {
            Ok(Login::Accept(principal)) => HttpAnswer::Accept(principal),
            Ok(Login::Pending(query)) => HttpAnswer::Pending(query),
            Ok(Login::Throttle(retry_after)) => HttpAnswer::Throttle { retry_after },
            Ok(Login::Refuse(cause)) => self.unauthorized(request, cause.into(), now),
            Err(denial) => self.unauthorized(request, denial, now),
        }
    }

    fn digest_login(
        &mut self,
        store: &(impl UserStore + ?Sized),
        request: &HttpRequest<'_>,
        credentials: &Credentials<'_>,
        now: UnixTime,
    ) -> Result<Login, Denial> {
        // GStreamer answers a SHA-256 challenge with MD5; what was not offered is not accepted.
        if !self
            .config
            .http
            .contains(&HttpScheme::Digest(credentials.algorithm))
        {
            return Err(Refusal::MechanismNotOffered.into());
        }
        let qop = credentials.protection(request.body)?;
        match qop {
            Qop::None if !self.config.quirks.digest_without_qop => {
                return Err(Malformed::Missing { what: "qop" }.into());
            }
            Qop::AuthInt { .. } if !self.config.digest_integrity => {
                return Err(Refusal::MechanismNotOffered.into());
            }
            _ => {}
        }
        let count = if qop == Qop::None {
            None
        } else {
            Some(credentials.count()?)
        };
        let name = credentials.username.as_ref();
        UserName::check(name).map_err(|_| Refusal::UnusableUserName)?;
        if let Some(retry_after) = self.throttle.check(request.peer, name, now) {
            return Ok(Login::Throttle(retry_after));
        }
        let found = match self.find(store, name) {
            Ok(found) => found,
            Err(query) => return Ok(Login::Pending(query)),
        };
        let input = DigestInput {
            algorithm: credentials.algorithm,
            method: request.method,
            uri: &credentials.uri,
            nonce: &credentials.nonce,
            qop,
        };
        let right = self.digest_is_right(&found, name, &input, &credentials.response);
        let user = match self.judge(found, right) {
            Ok(user) => user,
            Err(cause) => {
                if matches!(cause, Refusal::WrongPassword | Refusal::UnknownUser) {
                    self.throttle.fail(request.peer, name, now);
                }
                return Err(cause.into());
            }
        };
        let tolerant = self.config.quirks.digest_for_base_uri;
        if !uri::matches(request.uri, &credentials.uri, tolerant) {
            return Err(Refusal::OtherUri.into());
        }
        // From here on the peer knows the password: a nonce that does not serve is merely stale.
        let stale = |cause| Denial {
            cause,
            stale: cause != Refusal::ReplayMemoryFull,
        };
        let nonce = self
            .open_digest_nonce(&credentials.nonce, request.peer, now)
            .map_err(stale)?;
        if let Some(count) = count {
            let taken = self.counts.take(nonce.id, nonce.expires, count, now);
            taken.map_err(|error| stale(error.into()))?;
        }
        Ok(Login::Accept(Principal::from(&user)))
    }

    /// `None` when nothing stored for the user fits realm and hash.
    fn digest_is_right(
        &self,
        found: &FoundUser,
        name: &str,
        input: &DigestInput<'_>,
        response: &str,
    ) -> Option<bool> {
        let (hash, realm) = (input.algorithm.hash, self.config.realm.as_str());
        let mut stored = found.verifiers().iter();
        let ha1 = stored.find_map(|verifier| verifier.digest_ha1(hash, name, realm));
        let stand_in = HexDigest::new(&[0; 16]);
        let expected = input.response_to(ha1.as_ref().unwrap_or(&stand_in));
        // Digests are lower case by the RFC; some clients shout.
        let right = same(
            response.to_ascii_lowercase().as_bytes(),
            expected.as_bytes(),
        );
        ha1.map(|_| right)
    }

    fn judge(&self, found: FoundUser, right: Option<bool>) -> Result<User, Refusal> {
        match (found.user, right) {
            (None, _) => Err(Refusal::UnknownUser),
            (Some(_), None) => Err(Refusal::UnsuitableVerifier),
            (Some(_), Some(false)) => Err(Refusal::WrongPassword),
            (Some(user), Some(true)) if user.is_enabled() => Ok(user),
            (Some(_), Some(true)) => Err(Refusal::Disabled),
        }
    }

    /// One nonce for all challenges of an answer, so that a client which mixes them up still succeeds.
    fn unauthorized(
        &mut self,
        request: &HttpRequest<'_>,
        denial: Denial,
        now: UnixTime,
    ) -> HttpAnswer {
        let expires = now + self.config.digest_nonce_lifetime;
        let bound_to = peer_octets(request.peer);
        let nonce = self
            .keys
            .seal(DIGEST, &[&bound_to], expires, self.random.bytes());
        let basic_allowed = request.tls || self.config.plaintext == PlaintextPolicy::Always;
        let realm = quoted(&self.config.realm);
        let qop = if self.config.digest_integrity {
            "auth,auth-int"
        } else {
            "auth"
        };
        let stale = if denial.stale { ", stale=true" } else { "" };
        let header = |scheme: &HttpScheme| match scheme {
            HttpScheme::Basic => basic_allowed.then(|| format!("Basic realm={realm}")),
            HttpScheme::Digest(algorithm) => {
                let algorithm = algorithm.as_str();
                Some(format!(
                    "Digest realm={realm}, nonce=\"{nonce}\", qop=\"{qop}\", algorithm={algorithm}{stale}"
                ))
            }
        };
        let www_authenticate = self.config.http.iter().filter_map(header).collect();
        HttpAnswer::Unauthorized {
            www_authenticate,
            cause: denial.cause,
        }
    }

    fn open_digest_nonce(
        &self,
        nonce: &str,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<OpenedNonce, Refusal> {
        self.keys.open(nonce, DIGEST, &[&peer_octets(peer)], now)
    }
}

/// A Digest nonce serves many requests, so it is bound to the address it was given to.
fn peer_octets(peer: IpAddr) -> [u8; 16] {
    match peer.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

const DIGEST: &str = "digest";
