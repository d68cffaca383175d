//! The one object a server holds: configuration, keys, and the little that has to be remembered.

use alloc::string::String;
use core::net::IpAddr;
use core::time::Duration;

use crate::config::{Config, PlaintextPolicy};
use crate::error::Refusal;
use crate::nonce::ServerKeys;
use crate::random::Random;
use crate::rtmp::RtmpMechanism;
use crate::secret::Secret;
use crate::throttle::Throttle;
use crate::time::UnixTime;
use crate::used::{NonceCounts, OneUse, SpendError};
use crate::user::{Lookup, PasswordCheck, Principal, User, UserName, UserStore};
use crate::verifier::Verifier;

/// Answers logins. One for the whole server: connections come and go, and it remembers none of them.
///
/// A server that runs its connections on several threads puts it behind a mutex; each call is some
/// microseconds (milliseconds where SCRAM or Argon2 hash passwords).
///
/// ```
/// use weir_auth::rtmp::{RtmpAnswer, RtmpClient, RtmpConnect};
/// use weir_auth::{Authenticator, Config, Secret, ServerKeys, UnixTime, UsersFile};
///
/// let users = UsersFile::parse("alice=s3cr3t,ROLE_USER").unwrap();
/// let keys = ServerKeys::new(&Secret::from_bytes(&[1; 32])); // from the operating system's randomness
/// let mut auth = Authenticator::new(Config::default(), keys, [2; 32]);
///
/// // A client that only knows its password, and the connections it makes.
/// let mut client = RtmpClient::new("live", "alice", &"s3cr3t".into(), [3; 32]);
/// let (peer, now) = ("203.0.113.7".parse().unwrap(), UnixTime::from_secs(1_700_000_000));
/// let mut connections = 0;
/// let principal = loop {
///     connections += 1;
///     let app = client.app();
///     match auth.rtmp_connect(&users, &RtmpConnect::new(&app, peer), now) {
///         RtmpAnswer::Accept(accept) => break accept.principal,
///         RtmpAnswer::Reject(reject) => client.handle_reject(&reject.description).unwrap(),
///         RtmpAnswer::Pending(_) | RtmpAnswer::Throttle { .. } => unreachable!(),
///     }
/// };
/// assert_eq!((principal.name(), connections), ("alice", 3));
/// ```
#[derive(Debug)]
pub struct Authenticator {
    pub(crate) config: Config,
    pub(crate) keys: ServerKeys,
    pub(crate) random: Random,
    pub(crate) used: OneUse,
    pub(crate) counts: NonceCounts,
    pub(crate) throttle: Throttle,
}

/// What a driver has to find out before a login can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserQuery {
    /// The user to look up.
    pub name: String,
    /// The password to judge, when the store said that it hands passwords on.
    pub password: Option<Secret>,
}

/// The outcome of a plain login, before it is put into a protocol's words.
pub(crate) enum Login {
    Accept(Principal),
    Refuse(Refusal),
    Pending(UserQuery),
    Throttle(Duration),
}

/// A user, or what stands in for one that does not exist.
pub(crate) struct FoundUser {
    pub(crate) user: Option<User>,
    decoy: Verifier,
}

impl FoundUser {
    pub(crate) fn verifiers(&self) -> &[Verifier] {
        let decoy = core::slice::from_ref(&self.decoy);
        self.user.as_ref().map_or(decoy, |user| user.verifiers())
    }

    /// The form that suits the mechanism best: its own before the plain password.
    pub(crate) fn verifier_for(&self, mechanism: RtmpMechanism) -> Verifier {
        use RtmpMechanism::{Adobe, CramSha256, Llnw, ScramSha256};
        let own = |verifier: &&Verifier| match (mechanism, verifier) {
            (Adobe, Verifier::Adobe { .. })
            | (ScramSha256, Verifier::Scram(_))
            | (CramSha256, Verifier::Sha256(_)) => true,
            (Llnw, Verifier::Ha1 { realm, .. }) => realm == "live",
            _ => false,
        };
        let stored = self.verifiers();
        let plain = || stored.iter().find(|verifier| verifier.plain().is_some());
        let any = stored
            .iter()
            .find(own)
            .or_else(plain)
            .or_else(|| stored.first());
        any.unwrap_or(&self.decoy).clone()
    }
}

impl Authenticator {
    /// An authenticator without a past.
    ///
    /// `seed` is 32 random bytes, different for every start of the process: challenges are made from it.
    pub fn new(config: Config, keys: ServerKeys, seed: [u8; 32]) -> Self {
        Self {
            keys,
            random: Random::new(&seed),
            used: OneUse::new(config.limits.max_used_nonces),
            counts: NonceCounts::new(config.limits.max_counted_nonces),
            throttle: Throttle::new(config.throttle.clone()),
            config,
        }
    }

    /// The keys, to rotate them.
    pub const fn keys_mut(&mut self) -> &mut ServerKeys {
        &mut self.keys
    }

    /// The failures counted so far, for servers with logins of their own beside these.
    pub const fn throttle_mut(&mut self) -> &mut Throttle {
        &mut self.throttle
    }

    /// Judges a password that came in clear.
    pub(crate) fn plain_login(
        &mut self,
        store: &(impl UserStore + ?Sized),
        name: &str,
        password: &Secret,
        peer: IpAddr,
        tls: bool,
        now: UnixTime,
    ) -> Login {
        if self.config.plaintext == PlaintextPolicy::OverTls && !tls {
            return Login::Refuse(Refusal::PlaintextWithoutTls);
        }
        if UserName::check(name).is_err() {
            return Login::Refuse(Refusal::UnusableUserName);
        }
        if let Some(retry_after) = self.throttle.check(peer, name, now) {
            return Login::Throttle(retry_after);
        }
        match store.check_password(name, password) {
            PasswordCheck::Accepted(principal) => return Login::Accept(principal),
            PasswordCheck::Refused => {
                self.throttle.fail(peer, name, now);
                return Login::Refuse(Refusal::WrongPassword);
            }
            PasswordCheck::Pending => {
                let (name, password) = (name.into(), Some(password.clone()));
                return Login::Pending(UserQuery { name, password });
            }
            PasswordCheck::Local => {}
        }
        let found = match self.find(store, name) {
            Ok(found) => found,
            Err(query) => return Login::Pending(query),
        };
        let right = found
            .verifiers()
            .first()
            .is_some_and(|verifier| verifier.check_password(name, password));
        match found.user {
            Some(user) if right && user.is_enabled() => Login::Accept(Principal::from(&user)),
            Some(_) if right => Login::Refuse(Refusal::Disabled),
            user => {
                self.throttle.fail(peer, name, now);
                let known = user.is_some();
                Login::Refuse(if known {
                    Refusal::WrongPassword
                } else {
                    Refusal::UnknownUser
                })
            }
        }
    }

    /// Looks a user up; one that does not exist becomes the store's decoy.
    pub(crate) fn find(
        &self,
        store: &(impl UserStore + ?Sized),
        name: &str,
    ) -> Result<FoundUser, UserQuery> {
        let user = match store.lookup(name) {
            // A store that answers about somebody else has not found this user.
            Lookup::Found(user) => Some(user).filter(|user| user.name() == name),
            Lookup::Unknown => None,
            Lookup::Pending => {
                return Err(UserQuery {
                    name: name.into(),
                    password: None,
                });
            }
        };
        Ok(FoundUser {
            user,
            decoy: self.decoy(store.decoy(), name),
        })
    }

    /// The store's decoy with salts that are always the same for a name and different between names.
    fn decoy(&self, decoy: Verifier, name: &str) -> Verifier {
        let derived = self.keys.derive("decoy salt", name.as_bytes());
        decoy.with_salt_from(&derived)
    }
}

impl From<SpendError> for Refusal {
    fn from(error: SpendError) -> Self {
        match error {
            SpendError::Spent => Self::ReplayedNonce,
            SpendError::Full => Self::ReplayMemoryFull,
        }
    }
}
