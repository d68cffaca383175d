//! The client's side: what to append to `app`, connection after connection.

use alloc::format;
use alloc::string::String;

use super::mechanism::RtmpMechanism;
use super::query::{AppQuery, Params};
use super::reject::{RejectDescription, RejectReason};
use super::{adobe, llnw, red5};
use crate::cram::{md5_response, sha256_response};
use crate::encoding::{base64url, decode_base64, decode_base64url, hex};
use crate::error::{Malformed, Misuse};
use crate::random::Random;
use crate::scram::{ScramClient, ScramError};
use crate::secret::Secret;

/// Logs one user into one application.
///
/// Connect with [`RtmpClient::app`]. On `NetConnection.Connect.Rejected` give the description to
/// [`RtmpClient::handle_reject`]; after `Ok` open a new connection and connect again. On success give the
/// result's `authproof` to [`RtmpClient::handle_accept`]. Three connections at most.
#[derive(Debug)]
pub struct RtmpClient {
    app: String,
    user: String,
    password: Secret,
    mechanisms: &'static [RtmpMechanism],
    random: Random,
    /// What is appended to `app` and `tcUrl`, without its `?`.
    query: String,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// Nothing said yet.
    Anonymous,
    /// The mechanism and user are said.
    Named(RtmpMechanism, Option<ScramClient>),
    /// The challenge is answered; a server with more questions does not like the answer.
    Answered(Option<ScramClient>),
}

impl RtmpClient {
    /// A client for `app`, which may have a query of its own. `seed` is 32 random bytes.
    pub fn new(app: &str, user: &str, password: &Secret, seed: [u8; 32]) -> Self {
        Self {
            app: app.into(),
            user: user.into(),
            password: password.clone(),
            mechanisms: &BY_STRENGTH,
            random: Random::new(&seed),
            query: String::new(),
            step: Step::Anonymous,
        }
    }

    /// Answers only these mechanisms. By default all that have a challenge.
    #[must_use]
    pub const fn only(mut self, mechanisms: &'static [RtmpMechanism]) -> Self {
        self.mechanisms = mechanisms;
        self
    }

    /// Names a mechanism in the first connection already, where the server is known to take it: one
    /// connection less, and servers that advertise another mechanism take it too.
    ///
    /// # Errors
    /// [`RtmpClientError`] for a user that cannot be said in it.
    pub fn begin_with(mut self, mechanism: RtmpMechanism) -> Result<Self, RtmpClientError> {
        self.name(mechanism)?;
        Ok(self)
    }

    /// The `app` to connect with.
    pub fn app(&self) -> String {
        self.append_to(&self.app)
    }

    /// A URL with the same query as [`RtmpClient::app`]: servers want it in `tcUrl` too.
    pub fn append_to(&self, url: &str) -> String {
        let separator = match () {
            () if self.query.is_empty() => "",
            () if url.contains('?') => "&",
            () => "?",
        };
        format!("{url}{separator}{}", self.query)
    }

    /// Takes the description of a rejected connect; after `Ok` connect again.
    ///
    /// # Errors
    /// [`RtmpClientError`]; connecting again would not help.
    pub fn handle_reject(&mut self, description: &str) -> Result<(), RtmpClientError> {
        let parsed = RejectDescription::parse(description).ok_or(RtmpClientError::NotAboutUs)?;
        let step = core::mem::replace(&mut self.step, Step::Answered(None));
        match (step, parsed.reason()) {
            (Step::Anonymous, RejectReason::NeedAuth) => {
                let mut named = parsed.authmods().filter_map(RtmpMechanism::from_authmod);
                let known = named.find(|mechanism| self.mechanisms.contains(mechanism));
                self.name(known.ok_or(RtmpClientError::NoAcceptableMechanism)?)
            }
            (
                Step::Named(mechanism, scram),
                RejectReason::Reason {
                    reason: "needauth",
                    params,
                },
            ) => {
                if RtmpMechanism::from_authmod(parsed.authmod()) != Some(mechanism) {
                    return Err(RtmpClientError::NoAcceptableMechanism);
                }
                self.answer(mechanism, scram, params)
            }
            _ => Err(RtmpClientError::Refused),
        }
    }

    /// Takes the `authproof` of a successful connect.
    ///
    /// # Errors
    /// [`RtmpClientError::Scram`] when SCRAM was used and the server has not proved that it knows the user: it
    /// is somebody else's server, to be left.
    pub fn handle_accept(&mut self, proof: Option<&str>) -> Result<(), RtmpClientError> {
        match &mut self.step {
            Step::Answered(Some(scram)) => {
                Ok(scram.handle_server_final(proof.ok_or(ScramError::ForeignServer)?)?)
            }
            _ => Ok(()),
        }
    }

    /// Step 2: says who and how.
    fn name(&mut self, mechanism: RtmpMechanism) -> Result<(), RtmpClientError> {
        let authmod = mechanism
            .authmod()
            .ok_or(RtmpClientError::NoAcceptableMechanism)?;
        let mut scram = None;
        self.query = format!("authmod={authmod}&user={}", self.user);
        if mechanism == RtmpMechanism::ScramSha256 {
            let nonce = base64url(&self.random.bytes::<18>());
            let client = ScramClient::new(&self.user, &self.password, &nonce)?;
            let data = base64url(client.client_first().as_bytes());
            self.query.push_str(&format!("&data={data}"));
            scram = Some(client);
        }
        self.step = Step::Named(mechanism, scram);
        Ok(())
    }

    /// Step 3: answers the challenge.
    fn answer(
        &mut self,
        mechanism: RtmpMechanism,
        mut scram: Option<ScramClient>,
        params: Params<'_>,
    ) -> Result<(), RtmpClientError> {
        use RtmpMechanism::{Adobe, CramMd5, CramSha256, Llnw, Plain, Red5, ScramSha256};
        let (user, password) = (&self.user, &self.password);
        let param = |what| params.get(what).ok_or(Malformed::Missing { what });
        let own = hex(&self.random.bytes::<4>());
        let response = match mechanism {
            Adobe => {
                let (salt, server) = (param("salt")?, params.get("challenge").unwrap_or_default());
                let opaque = params.get("opaque").filter(|opaque| !opaque.is_empty());
                let response = adobe::response(user, password, salt, server, opaque, &own);
                let echo = opaque.map_or_else(String::new, |opaque| format!("&opaque={opaque}"));
                format!("&challenge={own}&response={response}{echo}")
            }
            Llnw => {
                let (nonce, nc) = (param("nonce")?, "00000001");
                let app = AppQuery::parse(&self.app).app();
                let response = llnw::response(user, password, app, nonce, nc, &own);
                format!("&nonce={nonce}&cnonce={own}&nc={nc}&response={response}")
            }
            Red5 => {
                let response = red5::response(password, param("challenge")?);
                format!("&sessionid={}&response={response}", param("sessionid")?)
            }
            CramMd5 => {
                let challenge = param("challenge")?;
                let text = decode_base64(challenge).and_then(|text| String::from_utf8(text).ok());
                let text = text.ok_or(NOT_BASE64)?;
                format!(
                    "&challenge={challenge}&response={}",
                    md5_response(user, password, &text)
                )
            }
            CramSha256 => {
                let (session, challenge) = (param("sessionid")?, param("challenge")?);
                let response = sha256_response(password, session, challenge);
                format!("&sessionid={session}&challenge={challenge}&response={response}")
            }
            ScramSha256 => {
                let data = decode_base64url(param("data")?);
                let text = data
                    .and_then(|text| String::from_utf8(text).ok())
                    .ok_or(NOT_BASE64)?;
                let client = scram.as_mut().ok_or(RtmpClientError::Refused)?;
                format!(
                    "&data={}",
                    base64url(client.handle_server_first(&text)?.as_bytes())
                )
            }
            Plain => return Err(RtmpClientError::NoAcceptableMechanism),
        };
        self.query = format!("authmod={mechanism}&user={user}{response}");
        self.step = Step::Answered(scram);
        Ok(())
    }
}

/// Why a client gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtmpClientError {
    /// The connect was rejected for a reason other than authentication.
    #[error("rejected, and not for want of a login")]
    NotAboutUs,
    /// The server asks for mechanisms that this client does not answer.
    #[error("no mechanism that may be answered")]
    NoAcceptableMechanism,
    /// The server refuses the user or the password.
    #[error("the server refused the user or password")]
    Refused,
    /// The challenge does not follow its grammar.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The user or password cannot be said in SCRAM.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// The SCRAM exchange failed.
    #[error(transparent)]
    Scram(#[from] ScramError),
}

const BY_STRENGTH: [RtmpMechanism; 6] = [
    RtmpMechanism::ScramSha256,
    RtmpMechanism::CramSha256,
    RtmpMechanism::CramMd5,
    RtmpMechanism::Red5,
    RtmpMechanism::Llnw,
    RtmpMechanism::Adobe,
];
const NOT_BASE64: Malformed = Malformed::Expected {
    what: "base64 of text",
    offset: 0,
};
