//! The errors, one type for each party that can be at fault.

use core::time::Duration;

use thiserror::Error;

/// Text from a peer or a file that does not follow its grammar. Offsets are bytes into the parsed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Something else stands where the grammar wants `what`.
    #[error("{what} expected at byte {offset}")]
    Expected {
        /// What the grammar wants.
        what: &'static str,
        /// Where it should stand.
        offset: usize,
    },
    /// A part that must be there is not.
    #[error("{what} is missing")]
    Missing {
        /// The absent part.
        what: &'static str,
    },
    /// A part is longer than anything a real peer sends.
    #[error("{what} of {got} bytes, the limit is {limit}")]
    TooLong {
        /// The long part.
        what: &'static str,
        /// Its length in bytes.
        got: usize,
        /// The longest accepted.
        limit: usize,
    },
    /// A number is outside the range that makes sense for it.
    #[error("{what} of {got}, allowed are {min} to {max}")]
    OutOfRange {
        /// The number.
        what: &'static str,
        /// Its value.
        got: u64,
        /// The smallest accepted.
        min: u64,
        /// The biggest accepted.
        max: u64,
    },
}

impl Malformed {
    pub(crate) const fn expected(what: &'static str, offset: usize) -> Self {
        Self::Expected { what, offset }
    }

    /// The same, for a text that begins at `start` of a bigger one.
    pub(crate) const fn at(self, start: usize) -> Self {
        match self {
            Self::Expected { what, offset } => Self::Expected {
                what,
                offset: start + offset,
            },
            other => other,
        }
    }
}

/// `None` where the grammar wants something.
pub(crate) trait OrExpected<T> {
    fn or_expected(self, what: &'static str, offset: usize) -> Result<T, Malformed>;
}

impl<T> OrExpected<T> for Option<T> {
    fn or_expected(self, what: &'static str, offset: usize) -> Result<T, Malformed> {
        self.ok_or_else(|| Malformed::expected(what, offset))
    }
}

/// Why a peer was not let in. For the log: the peer is told less, and the same for several of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request carries no credentials; every client begins like this.
    #[error("no credentials yet")]
    NoCredentials,
    /// The peer named itself and was sent a challenge; this is the ordinary second step.
    #[error("challenge sent")]
    ChallengeSent,
    /// The store knows no user of that name.
    #[error("unknown user")]
    UnknownUser,
    /// The response or password does not belong to the user.
    #[error("wrong password")]
    WrongPassword,
    /// The password is right, the account is switched off.
    #[error("the account is disabled")]
    Disabled,
    /// What is stored for the user cannot answer this mechanism (a hash made for another one).
    #[error("the stored credential does not serve this mechanism")]
    UnsuitableVerifier,
    /// The nonce was not made with our keys for this user, purpose and peer.
    #[error("the nonce is not ours, or not for this user and peer")]
    ForeignNonce,
    /// The nonce is ours and too old.
    #[error("the nonce expired")]
    ExpiredNonce,
    /// The nonce, or its counter value, has logged somebody in before.
    #[error("the nonce was used before")]
    ReplayedNonce,
    /// As many used nonces as allowed are remembered; nobody is let in until the oldest expires.
    #[error("the memory of used nonces is full")]
    ReplayMemoryFull,
    /// The peer chose a mechanism or algorithm that this server does not offer.
    #[error("the mechanism is not offered")]
    MechanismNotOffered,
    /// A plain password came over a connection without TLS.
    #[error("a plain password without TLS")]
    PlaintextWithoutTls,
    /// The user name cannot be that of any user (see [`UserName`](crate::UserName)).
    #[error("the user name has characters or a length that no user has")]
    UnusableUserName,
    /// A Digest response was computed for another URI than the one requested.
    #[error("the digest is for another URI")]
    OtherUri,
    /// The credentials do not follow their grammar.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Why a signed URL or token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The secret is empty, so nothing can be verified (and everything would pass).
    #[error("the secret is empty")]
    EmptySecret,
    /// The token does not follow its grammar.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The signature belongs to other content or another secret.
    #[error("the signature does not match")]
    BadSignature,
    /// No key of that id is known.
    #[error("the key id is unknown")]
    UnknownKey,
    /// A JWT names an algorithm other than the one configured.
    #[error("the algorithm is not the configured one")]
    AlgorithmNotAllowed,
    /// The token expired.
    #[error("expired {0:?} ago")]
    Expired(Duration),
    /// The token is not valid yet.
    #[error("valid in {0:?}")]
    NotYetValid(Duration),
    /// The token is bound to another client address.
    #[error("bound to another address")]
    OtherAddress,
    /// The token is for another action, application or stream.
    #[error("for another action, application or stream")]
    OtherResource,
    /// A one-use token came a second time.
    #[error("used before")]
    Replayed,
    /// A one-use token lives longer than used ones are remembered.
    #[error("a one-use token that lives {got:?}, the limit is {limit:?}")]
    LivesTooLong {
        /// The time until its expiry.
        got: Duration,
        /// How long used tokens are remembered.
        limit: Duration,
    },
    /// As many used tokens as allowed are remembered.
    #[error("the memory of used tokens is full")]
    ReplayMemoryFull,
}

/// A mistake in local configuration or in a local call; never caused by a peer's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Misuse {
    /// A user name that cannot travel in every mechanism; see [`UserName`](crate::UserName).
    #[error("user name with the character {character:?} at byte {offset}")]
    UserNameCharacter {
        /// The first character that is not allowed.
        character: char,
        /// Where it stands.
        offset: usize,
    },
    /// A user name that is empty or too long.
    #[error("user name of {got} bytes, allowed are 1 to {limit}")]
    UserNameLength {
        /// Its length in bytes.
        got: usize,
        /// The longest allowed.
        limit: usize,
    },
    /// A field is longer than the token format can carry.
    #[error("{what} of {got} bytes, the limit is {limit}")]
    TooLong {
        /// The field.
        what: &'static str,
        /// Its length in bytes.
        got: usize,
        /// The longest allowed.
        limit: usize,
    },
    /// A password or user name that SASLprep prohibits (RFC 4013), or that needs the feature `saslprep`.
    #[error("text that SASLprep does not allow")]
    NotPreparable,
    /// The secret is empty.
    #[error("the secret is empty")]
    EmptySecret,
}
