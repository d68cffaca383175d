//! The server's side: one call per connect.

use alloc::string::String;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use super::mechanism::RtmpMechanism;
use super::query::{AppQuery, Params};
use super::{adobe, cram, llnw, red5, reject, scram};
use crate::authenticator::{Authenticator, Login, UserQuery};
use crate::error::{Malformed, Refusal};
use crate::nonce::OpenedNonce;
use crate::secret::Secret;
use crate::time::UnixTime;
use crate::user::{Principal, UserName, UserStore};
use crate::verifier::Verifier;

/// What a server knows of a peer that sent `connect`.
#[derive(Clone, Copy)]
pub struct RtmpConnect<'a> {
    app: AppQuery<'a>,
    args: &'a [&'a str],
    peer: IpAddr,
    tls: bool,
}

impl<'a> RtmpConnect<'a> {
    /// `app` of the command object, its query included, and the peer's address as the driver sees it.
    pub fn new(app: &'a str, peer: IpAddr) -> Self {
        Self {
            app: AppQuery::parse(app),
            args: &[],
            peer,
            tls: false,
        }
    }

    /// The strings behind the command object: user and password, for [`RtmpMechanism::Plain`].
    #[must_use]
    pub const fn with_args(mut self, args: &'a [&'a str]) -> Self {
        self.args = args;
        self
    }

    /// Says that the connection is RTMPS, so that a plain password is no secret lost.
    #[must_use]
    pub const fn over_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// User and password from the arguments or the query, where clients put them.
    fn plain(&self) -> Option<(&'a str, Secret)> {
        let params = self.app.params();
        let first = |names: [&str; 2]| names.into_iter().find_map(|name| params.get(name));
        let pair = match self.args {
            [user, password, ..] => (*user, *password),
            _ => (first(["user", "username"])?, first(["pass", "password"])?),
        };
        Some((pair.0, pair.1.into()))
    }
}

impl fmt::Debug for RtmpConnect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtmpConnect")
            .field("app", &self.app)
            .field("peer", &self.peer)
            .finish()
    }
}

/// What to do with a `connect`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: a driver must know what to do with each"
)]
pub enum RtmpAnswer {
    /// Accept it.
    Accept(RtmpAccept),
    /// Answer `_error` for the connect's transaction with `NetConnection.Connect.Rejected` and this
    /// description, then close the connection.
    Reject(RtmpReject),
    /// Find the user out, then ask the same question with a store that knows. If that takes longer than the
    /// peer will wait (10 s), reject.
    Pending(UserQuery),
    /// As [`RtmpAnswer::Reject`], after `retry_after` or at once: guesses before that are not looked at.
    Throttle {
        /// The description to send.
        description: String,
        /// When the next guess counts.
        retry_after: Duration,
    },
}

/// An accepted `connect`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RtmpAccept {
    /// Who it is.
    pub principal: Principal,
    /// The application without its query.
    pub app: String,
    /// Goes into the `_result`'s information object as `authproof` (SCRAM: the server's own proof).
    pub proof: Option<String>,
}

/// A rejected `connect`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RtmpReject {
    /// What the peer is told; at most 255 bytes.
    pub description: String,
    /// What to log. [`Refusal::NoCredentials`] and [`Refusal::ChallengeSent`] are ordinary steps of a login.
    pub cause: Refusal,
}

/// What a mechanism says about a response.
pub(super) enum Verdict {
    Right {
        proof: Option<String>,
    },
    Wrong,
    /// What is stored cannot tell.
    Unsuitable,
}

impl From<Option<bool>> for Verdict {
    fn from(right: Option<bool>) -> Self {
        match right {
            Some(true) => Self::Right { proof: None },
            Some(false) => Self::Wrong,
            None => Self::Unsuitable,
        }
    }
}

/// A response, taken apart as far as to know its nonce.
struct Response<'a> {
    mechanism: RtmpMechanism,
    user: &'a str,
    app: &'a str,
    params: Params<'a>,
    nonce: String,
    /// SCRAM's message and the client's part of its nonce.
    scram: Option<(String, String)>,
}

impl Authenticator {
    /// Answers a `connect`.
    ///
    /// Call it once per connect, and a second time with another store after [`RtmpAnswer::Pending`]. Nothing is
    /// remembered but what [`Limits`](crate::Limits) bounds: nonces that logged somebody in, and failures.
    pub fn rtmp_connect(
        &mut self,
        store: &(impl UserStore + ?Sized),
        connect: &RtmpConnect<'_>,
        now: UnixTime,
    ) -> RtmpAnswer {
        let Some(authmod) = connect.app.params().get("authmod") else {
            return self.plain_connect(store, connect, now);
        };
        let offered = RtmpMechanism::from_authmod(authmod)
            .filter(|mechanism| self.config.rtmp.contains(mechanism));
        let Some(mechanism) = offered else {
            // Never the words of step 1: FFmpeg would answer them for ever.
            return self.refuse(self.advertised(), Refusal::MechanismNotOffered);
        };
        self.mechanism_step(mechanism, store, connect, now)
            .unwrap_or_else(|refusal| self.refuse(Some(mechanism), refusal))
    }

    /// No `authmod`: step 1, or a plain password.
    fn plain_connect(
        &mut self,
        store: &(impl UserStore + ?Sized),
        connect: &RtmpConnect<'_>,
        now: UnixTime,
    ) -> RtmpAnswer {
        let plain = connect
            .plain()
            .filter(|_| self.config.rtmp.contains(&RtmpMechanism::Plain));
        let Some((user, password)) = plain else {
            let description = self
                .advertised()
                .map_or_else(String::new, reject::need_auth);
            return RtmpAnswer::Reject(RtmpReject {
                description,
                cause: Refusal::NoCredentials,
            });
        };
        match self.plain_login(store, user, &password, connect.peer, connect.tls, now) {
            Login::Accept(principal) => accept(principal, connect, None),
            Login::Refuse(refusal) => self.refuse(self.advertised(), refusal),
            Login::Pending(query) => RtmpAnswer::Pending(query),
            Login::Throttle(retry_after) => self.throttle(self.advertised(), retry_after),
        }
    }

    fn mechanism_step(
        &mut self,
        mechanism: RtmpMechanism,
        store: &(impl UserStore + ?Sized),
        connect: &RtmpConnect<'_>,
        now: UnixTime,
    ) -> Result<RtmpAnswer, Refusal> {
        let params = connect.app.params();
        let user = params
            .get("user")
            .ok_or(Malformed::Missing { what: "user" })?;
        UserName::check(user).map_err(|_| Refusal::UnusableUserName)?;
        let mut client_nonce = String::new();
        let mut scram = None;
        let nonce = match mechanism {
            RtmpMechanism::ScramSha256 => match scram::message(params, user)? {
                scram::Message::First {
                    client_nonce: first,
                } => {
                    client_nonce = first;
                    None
                }
                scram::Message::Final {
                    text,
                    client_nonce,
                    server_nonce,
                } => {
                    scram = Some((text, client_nonce));
                    Some(server_nonce)
                }
            },
            _ if params.get("response").is_none() => None,
            mechanism => Some(echoed_nonce(mechanism, params).ok_or(Refusal::ForeignNonce)?),
        };
        let Some(nonce) = nonce else {
            return self.challenge(mechanism, store, user, &client_nonce, now);
        };
        let app = connect.app.app();
        let response = Response {
            mechanism,
            user,
            app,
            params,
            nonce,
            scram,
        };
        self.response(store, &response, connect, now)
    }

    /// Step 2. Nothing is kept, nothing is counted.
    fn challenge(
        &mut self,
        mechanism: RtmpMechanism,
        store: &(impl UserStore + ?Sized),
        user: &str,
        client_nonce: &str,
        now: UnixTime,
    ) -> Result<RtmpAnswer, Refusal> {
        use RtmpMechanism::{Adobe, CramMd5, CramSha256, Llnw, Plain, Red5, ScramSha256};
        // Only where the user's own salt is part of the challenge.
        let verifier = match mechanism {
            Adobe | ScramSha256 => match self.find(store, user) {
                Ok(found) => found.verifier_for(mechanism),
                Err(query) => return Ok(RtmpAnswer::Pending(query)),
            },
            _ => Verifier::Plain(Secret::from("")),
        };
        let expires = now + self.config.nonce_lifetime;
        let random = self.random.bytes();
        let nonce = self
            .keys
            .seal(purpose(mechanism), &[user.as_bytes()], expires, random);
        let (keys, nonce) = (&self.keys, nonce.as_str());
        let params = match mechanism {
            Adobe => adobe::challenge(user, &verifier, keys, nonce),
            Llnw => llnw::challenge(user, nonce),
            Red5 => red5::challenge_params(user, keys, nonce),
            CramMd5 => cram::md5_challenge(user, nonce),
            CramSha256 => cram::sha256_challenge(user, keys, nonce),
            ScramSha256 => scram::challenge(user, &verifier, keys, client_nonce, nonce),
            Plain => return Err(Refusal::MechanismNotOffered),
        };
        let description = reject::challenge(mechanism, params);
        if description.len() > reject::MAX_DESCRIPTION_LEN {
            // Only a stored salt of more than 50 bytes gets here.
            return Err(Refusal::UnsuitableVerifier);
        }
        Ok(RtmpAnswer::Reject(RtmpReject {
            description,
            cause: Refusal::ChallengeSent,
        }))
    }

    /// Step 3.
    fn response(
        &mut self,
        store: &(impl UserStore + ?Sized),
        response: &Response<'_>,
        connect: &RtmpConnect<'_>,
        now: UnixTime,
    ) -> Result<RtmpAnswer, Refusal> {
        let Response {
            mechanism,
            user,
            ref nonce,
            ..
        } = *response;
        let opened = self
            .keys
            .open(nonce, purpose(mechanism), &[user.as_bytes()], now)?;
        if let Some(retry_after) = self.throttle.check(connect.peer, user, now) {
            return Ok(self.throttle(Some(mechanism), retry_after));
        }
        let found = match self.find(store, user) {
            Ok(found) => found,
            Err(query) => return Ok(RtmpAnswer::Pending(query)),
        };
        let verdict = self.verdict(response, &found.verifier_for(mechanism));
        match (verdict, found.user) {
            (Verdict::Right { proof }, Some(user)) if user.is_enabled() => {
                self.spend(&opened, now)?;
                Ok(accept(Principal::from(&user), connect, proof))
            }
            (Verdict::Right { .. }, Some(_)) => Err(Refusal::Disabled),
            (Verdict::Unsuitable, Some(_)) => Err(Refusal::UnsuitableVerifier),
            (Verdict::Wrong, Some(_)) => {
                self.throttle.fail(connect.peer, user, now);
                Err(Refusal::WrongPassword)
            }
            (_, None) => {
                self.throttle.fail(connect.peer, user, now);
                Err(Refusal::UnknownUser)
            }
        }
    }

    fn verdict(&self, response: &Response<'_>, verifier: &Verifier) -> Verdict {
        use RtmpMechanism::{Adobe, CramMd5, CramSha256, Llnw, Plain, Red5, ScramSha256};
        let Response {
            mechanism,
            user,
            app,
            params,
            ref nonce,
            ref scram,
        } = *response;
        let keys = &self.keys;
        match mechanism {
            Adobe => adobe::verify(user, verifier, keys, params, nonce).into(),
            Llnw => llnw::verify(user, verifier, app, params, nonce).into(),
            Red5 => red5::verify(verifier, keys, params, nonce).into(),
            CramMd5 => cram::md5_verify(user, verifier, params, nonce).into(),
            CramSha256 => cram::sha256_verify(verifier, keys, params, nonce).into(),
            ScramSha256 => match scram {
                Some((text, client)) => scram::verify(user, verifier, keys, text, client, nonce),
                None => Verdict::Wrong,
            },
            Plain => Verdict::Unsuitable,
        }
    }

    /// A nonce is spent by the login it made. Wrong answers spend nothing, or everybody could fill the memory.
    fn spend(&mut self, nonce: &OpenedNonce, now: UnixTime) -> Result<(), Refusal> {
        self.used
            .spend(nonce.id, nonce.expires, now)
            .map_err(Refusal::from)
    }

    fn refuse(&self, mechanism: Option<RtmpMechanism>, cause: Refusal) -> RtmpAnswer {
        let description = mechanism.map_or_else(String::new, reject::refused);
        RtmpAnswer::Reject(RtmpReject { description, cause })
    }

    fn throttle(&self, mechanism: Option<RtmpMechanism>, retry_after: Duration) -> RtmpAnswer {
        let description = mechanism.map_or_else(String::new, reject::refused);
        RtmpAnswer::Throttle {
            description,
            retry_after,
        }
    }

    /// The first mechanism that has a challenge. FFmpeg and librtmp understand one name per description.
    fn advertised(&self) -> Option<RtmpMechanism> {
        self.config
            .rtmp
            .iter()
            .copied()
            .find(|mechanism| mechanism.authmod().is_some())
    }
}

fn accept(principal: Principal, connect: &RtmpConnect<'_>, proof: Option<String>) -> RtmpAnswer {
    RtmpAnswer::Accept(RtmpAccept {
        principal,
        app: connect.app.app().into(),
        proof,
    })
}

/// Where each mechanism's clients bring the nonce back.
fn echoed_nonce(mechanism: RtmpMechanism, params: Params<'_>) -> Option<String> {
    match mechanism {
        RtmpMechanism::Adobe => adobe::nonce(params).map(String::from),
        RtmpMechanism::Llnw => llnw::nonce(params).map(String::from),
        RtmpMechanism::Red5 => red5::nonce(params).map(String::from),
        RtmpMechanism::CramMd5 => cram::md5_nonce(params),
        RtmpMechanism::CramSha256 => cram::sha256_nonce(params).map(String::from),
        RtmpMechanism::ScramSha256 | RtmpMechanism::Plain => None,
    }
}

/// A nonce of one mechanism is foreign to the others.
fn purpose(mechanism: RtmpMechanism) -> &'static str {
    mechanism.authmod().unwrap_or_default()
}
