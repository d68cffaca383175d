//! What is stored of a password, and which mechanism each form can answer.

use alloc::format;
use alloc::string::{String, ToString};

use crate::encoding::{base64, decode_digest, decode_hex, hex};
use crate::error::{Malformed, OrExpected};
use crate::hash::{HexDigest, sha256};
use crate::http::HashAlgorithm;
use crate::rtmp::adobe;
use crate::scram::ScramVerifier;
use crate::secret::{Secret, same};

/// One stored form of a password.
///
/// A mechanism that never sends the password needs either the password or a form made for it:
///
/// | stored as | Basic, connect args | adobe | llnw | red5 | Digest | CRAM-MD5 | CRAM-SHA256 | SCRAM |
/// | --- | --- | --- | --- | --- | --- | --- | --- | --- |
/// | plain | x | x | x | x | x | x | x | x |
/// | `{argon2}` | x | | | | | | | |
/// | `{sha256}` | x | | | | | | x | |
/// | `{ha1:realm:alg}` | x | | realm `live`, MD5 | | this realm and hash | | | |
/// | `{adobe:salt}` | x | x | | | | | | |
/// | `{scram}` | x | | | | | | | x |
///
/// A form made for one mechanism is as good as the password there: who steals `{ha1:..}` can answer Digest.
/// Only `{argon2}` and `{scram}` have to be guessed through first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verifier {
    /// The password itself; answers every mechanism.
    Plain(Secret),
    /// An Argon2 hash.
    #[cfg(feature = "argon2")]
    Argon2(crate::argon2::Argon2Hash),
    /// SHA-256 of the password, the key of CRAM-SHA256. Not salted: as guessable as it is fast.
    Sha256(Secret),
    /// HA1 of HTTP Digest: the hash of `user:realm:password`, as lower-case hex.
    Ha1 {
        /// The realm it is for; `live` for `authmod=llnw`.
        realm: String,
        /// The hash it was made with.
        algorithm: HashAlgorithm,
        /// The hash in lower-case hex.
        hash: Secret,
    },
    /// base64 of MD5 of user, salt and password: what `authmod=adobe` starts from.
    Adobe {
        /// Sent to the client at each login.
        salt: String,
        /// The hash in base64.
        h1: Secret,
    },
    /// The keys of SCRAM-SHA-256.
    Scram(ScramVerifier),
}

impl Verifier {
    /// The `{ha1:realm:alg}` form of a password.
    pub fn ha1(algorithm: HashAlgorithm, user: &str, realm: &str, password: &Secret) -> Self {
        let hash = algorithm.hex(&[
            user.as_bytes(),
            b":",
            realm.as_bytes(),
            b":",
            password.expose(),
        ]);
        Self::Ha1 {
            realm: realm.into(),
            algorithm,
            hash: hash.as_str().into(),
        }
    }

    /// The `{adobe:salt}` form of a password. Salts of other users are 8 characters long; so should this be.
    pub fn adobe(user: &str, salt: &str, password: &Secret) -> Self {
        Self::Adobe {
            salt: salt.into(),
            h1: adobe::h1(user, salt, password.expose()).into(),
        }
    }

    /// The `{sha256}` form of a password.
    pub fn sha256(password: &Secret) -> Self {
        Self::Sha256(Secret::from_bytes(&sha256(&[password.expose()])))
    }

    /// The form of a store that has no costlier one, for [`UserStore::decoy`](crate::UserStore::decoy).
    pub(crate) fn nobody() -> Self {
        Self::Plain(Secret::from("no user has this password"))
    }

    /// Reads a users file's password field: no prefix is a plain password, `{plain}` is one that may begin with `{`.
    ///
    /// # Errors
    /// [`Malformed`] for a prefix that is unknown and for content that does not fit its prefix.
    pub fn decode(text: &str) -> Result<Self, Malformed> {
        let Some((head, body)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}'))
        else {
            return match text {
                "" => Err(Malformed::Missing {
                    what: "the password",
                }),
                text if text.starts_with('{') => Err(UNKNOWN_ENCODING),
                text => Ok(Self::Plain(text.into())),
            };
        };
        let offset = head.len() + 2;
        match head {
            "plain" if body.is_empty() => Err(Malformed::Missing {
                what: "the password",
            }),
            "plain" => Ok(Self::Plain(body.into())),
            "sha256" => {
                let digest = decode_hex(body).filter(|digest| digest.len() == 32);
                Ok(Self::Sha256(
                    digest.or_expected("SHA-256 in hex", offset)?.into(),
                ))
            }
            "scram" => Ok(Self::Scram(
                ScramVerifier::decode(body).map_err(|error| error.at(offset))?,
            )),
            "argon2" => Self::decode_argon2(body).map_err(|error| error.at(offset)),
            head => match head.split_once(':') {
                Some(("ha1", rest)) => Self::decode_ha1(rest, body, offset),
                Some(("adobe", salt)) if is_salt(salt) => {
                    let h1 = decode_digest::<16>(body).or_expected("MD5 in base64", offset)?;
                    Ok(Self::Adobe {
                        salt: salt.into(),
                        h1: base64(&h1).into(),
                    })
                }
                _ => Err(UNKNOWN_ENCODING),
            },
        }
    }

    fn decode_ha1(head: &str, body: &str, offset: usize) -> Result<Self, Malformed> {
        // The realm may hold colons, the algorithm cannot.
        let (realm, name) = head.rsplit_once(':').ok_or(UNKNOWN_ENCODING)?;
        let algorithm =
            HashAlgorithm::from_name(name).or_expected("MD5, SHA-256 or SHA-512-256", offset)?;
        let digest = decode_hex(body).filter(|digest| digest.len() == algorithm.digest_len());
        let digest = digest.or_expected("HA1 in hex", offset)?;
        Ok(Self::Ha1 {
            realm: realm.into(),
            algorithm,
            hash: hex(&digest).into(),
        })
    }

    #[cfg(feature = "argon2")]
    fn decode_argon2(body: &str) -> Result<Self, Malformed> {
        crate::argon2::Argon2Hash::decode(body).map(Self::Argon2)
    }

    #[cfg(not(feature = "argon2"))]
    const fn decode_argon2(_: &str) -> Result<Self, Malformed> {
        Err(Malformed::Expected {
            what: "an encoding built in (feature argon2 is off)",
            offset: 0,
        })
    }

    /// The password field for a users file: `decode` gives the same verifier back. Not `Display`, because
    /// most forms are as good as the password.
    pub fn encode(&self) -> String {
        match self {
            Self::Plain(password) => format!("{{plain}}{}", text(password)),
            #[cfg(feature = "argon2")]
            Self::Argon2(hash) => format!("{{argon2}}{}", hash.as_str()),
            Self::Sha256(digest) => format!("{{sha256}}{}", hex(digest.expose())),
            Self::Ha1 {
                realm,
                algorithm,
                hash,
            } => {
                format!("{{ha1:{realm}:{}}}{}", algorithm.as_str(), text(hash))
            }
            Self::Adobe { salt, h1 } => format!("{{adobe:{salt}}}{}", text(h1)),
            Self::Scram(scram) => format!("{{scram}}{}", scram.encode()),
        }
    }

    /// Whether `password` is the one this was made of.
    pub fn check_password(&self, user: &str, password: &Secret) -> bool {
        match self {
            Self::Plain(stored) => stored == password,
            #[cfg(feature = "argon2")]
            Self::Argon2(hash) => hash.check(password),
            Self::Sha256(digest) => same(digest.expose(), &sha256(&[password.expose()])),
            Self::Ha1 {
                realm,
                algorithm,
                hash,
            } => {
                let parts = [
                    user.as_bytes(),
                    b":",
                    realm.as_bytes(),
                    b":",
                    password.expose(),
                ];
                same(hash.expose(), algorithm.hex(&parts).as_bytes())
            }
            Self::Adobe { salt, h1 } => same(
                h1.expose(),
                adobe::h1(user, salt, password.expose()).as_bytes(),
            ),
            Self::Scram(scram) => scram.check_password(password),
        }
    }

    /// HA1 for that realm and hash, if this form has it.
    pub(crate) fn digest_ha1(
        &self,
        algorithm: HashAlgorithm,
        user: &str,
        realm: &str,
    ) -> Option<HexDigest> {
        match self {
            Self::Plain(password) => Some(algorithm.hex(&[
                user.as_bytes(),
                b":",
                realm.as_bytes(),
                b":",
                password.expose(),
            ])),
            Self::Ha1 {
                realm: stored,
                algorithm: made_with,
                hash,
            } if stored == realm && *made_with == algorithm => HexDigest::from_text(hash.expose()),
            _ => None,
        }
    }

    /// The same form with another salt, for a user that does not exist: what a client sees of it must differ
    /// between names, and stay the same for one.
    pub(crate) fn with_salt_from(self, derived: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, ..] = *derived;
        match self {
            Self::Adobe { h1, .. } => Self::Adobe {
                salt: base64(&[a, b, c, d, e, f]),
                h1,
            },
            Self::Scram(scram) => Self::Scram(scram.with_salt(derived)),
            other => other,
        }
    }

    /// The password, if it is kept.
    pub(crate) const fn plain(&self) -> Option<&Secret> {
        match self {
            Self::Plain(password) => Some(password),
            _ => None,
        }
    }

    /// SHA-256 of the password, if this form has it.
    pub(crate) fn password_sha256(&self) -> Option<[u8; 32]> {
        match self {
            Self::Plain(password) => Some(sha256(&[password.expose()])),
            Self::Sha256(digest) => digest.expose().try_into().ok(),
            _ => None,
        }
    }
}

/// What FMS sends, 4 random bytes in base64, has 8 characters; more than 32 might not fit a description.
fn is_salt(salt: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
    (1..=32).contains(&salt.len()) && salt.bytes().all(letter)
}

/// Every secret here was made from text.
fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).to_string()
}

const UNKNOWN_ENCODING: Malformed = Malformed::Expected {
    what: "a known password encoding",
    offset: 0,
};
