//! Who may connect, and what they may do: weir-auth between the command line and the protocols.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use weir_auth::{
    Action, Authenticator, Config, Policy, Principal, Refusal, Secret, ServerKeys, UnixTime,
    UsersFile,
    http::{HttpAnswer, HttpRequest},
    rtmp::{RtmpAnswer, RtmpConnect},
};
use weir_rtmp::ConnectRequest;

use crate::random;

/// The door of the server. Without a users file it is open.
#[derive(Debug)]
pub(crate) struct Auth(Option<Guard>);

#[derive(Debug)]
struct Guard {
    logins: Mutex<Authenticator>,
    users: UsersFile,
    policy: Policy,
}

/// Who got in; nobody in particular where the door is open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Login {
    pub(crate) principal: Option<Principal>,
    /// For the `_result`: the server's own proof, where the mechanism has one.
    pub(crate) proof: Option<String>,
}

/// Why a `connect` is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// What the client is told.
    pub(crate) description: String,
    /// What is worth a line in the log; the ordinary steps of a login are not.
    pub(crate) cause: Option<String>,
}

/// Why a request of HTTP or RTSP is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It brought no credentials that hold: what the `WWW-Authenticate` headers say.
    Unauthorized(Vec<String>),
    /// Too many failures; the next try in so long.
    Throttled(Duration),
}

impl Auth {
    /// Reads the users file and makes keys for as long as the server runs.
    pub(crate) fn new(users: Option<&Path>, offer: &str) -> Result<Self, String> {
        let Some(path) = users else {
            return Ok(Self(None));
        };
        let told = |error: &dyn std::fmt::Display| format!("{}: {error} (--users)", path.display());
        let text = fs::read_to_string(path).map_err(|error| told(&error))?;
        let users = UsersFile::parse(&text).map_err(|error| told(&error))?;
        let mut config = Config::default();
        config
            .offer(offer)
            .map_err(|error| format!("{offer}: {error} (--auth)"))?;
        let keys = ServerKeys::new(&Secret::from_bytes(&random::bytes::<32>()));
        let logins = Mutex::new(Authenticator::new(config, keys, random::bytes()));
        Ok(Self(Some(Guard {
            logins,
            users,
            policy: Policy::standard(),
        })))
    }

    /// Answers a `connect`. A password may come in clear over TLS, or from this machine.
    pub(crate) fn connect(
        &self,
        request: &ConnectRequest,
        peer: SocketAddr,
        tls: bool,
    ) -> Result<Login, Rejection> {
        let Some(guard) = &self.0 else {
            return Ok(Login::default());
        };
        let values = request.arguments().values().skip(1);
        let args: Vec<&str> = values.filter_map(|value| value.as_str()).collect();
        let mut connect = RtmpConnect::new(request.app(), peer.ip()).with_args(&args);
        if tls || peer.ip().is_loopback() {
            connect = connect.over_tls();
        }
        let mut logins = guard.logins.lock().unwrap_or_else(PoisonError::into_inner);
        match logins.rtmp_connect(&guard.users, &connect, now()) {
            RtmpAnswer::Accept(accept) => Ok(Login {
                principal: Some(accept.principal),
                proof: accept.proof,
            }),
            RtmpAnswer::Reject(reject) => {
                let step = matches!(
                    reject.cause,
                    Refusal::NoCredentials | Refusal::ChallengeSent
                );
                let cause = (!step).then(|| reject.cause.to_string());
                Err(Rejection {
                    description: reject.description,
                    cause,
                })
            }
            RtmpAnswer::Throttle {
                description,
                retry_after,
            } => {
                let cause = Some(format!("too many failures, next try in {retry_after:?}"));
                Err(Rejection { description, cause })
            }
            RtmpAnswer::Pending(_) => unreachable!("a users file knows at once"),
        }
    }

    /// Answers a request of HTTP or RTSP for a stream: who it is, or why it is refused.
    pub(crate) fn request(
        &self,
        method: &str,
        uri: &str,
        authorization: Option<&str>,
        peer: SocketAddr,
        tls: bool,
    ) -> Result<Login, Refused> {
        let Some(guard) = &self.0 else {
            return Ok(Login::default());
        };
        let mut request = HttpRequest::new(method, uri, authorization, peer.ip());
        if tls || peer.ip().is_loopback() {
            request = request.over_tls();
        }
        let mut logins = guard.logins.lock().unwrap_or_else(PoisonError::into_inner);
        match logins.http_request(&guard.users, &request, now()) {
            HttpAnswer::Accept(principal) => Ok(Login {
                principal: Some(principal),
                proof: None,
            }),
            HttpAnswer::Unauthorized {
                www_authenticate, ..
            } => Err(Refused::Unauthorized(www_authenticate)),
            HttpAnswer::Throttle { retry_after } => Err(Refused::Throttled(retry_after)),
            HttpAnswer::Pending(_) => unreachable!("a users file knows at once"),
        }
    }

    /// Whether somebody who got in may do this.
    pub(crate) fn allows(&self, who: &Login, action: Action, app: &str, stream: &str) -> bool {
        match (&self.0, &who.principal) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(guard), Some(who)) => guard
                .policy
                .authorize(who, action, app, stream, now())
                .is_ok(),
        }
    }
}

fn now() -> UnixTime {
    SystemTime::now().into()
}
