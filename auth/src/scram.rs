//! SCRAM-SHA-256 (RFC 5802, RFC 7677): the server keeps no password, the client learns that the server has one.
//!
//! Channel binding is not offered (`gs2` flags `n` and `y` only) and there are no extensions. User names and
//! passwords are prepared with SASLprep (RFC 4013) as the RFC wants, with the feature `saslprep` (default);
//! without it ASCII needs no preparation and everything else is refused, never hashed as it comes.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::encoding::{base64, decode_base64, decode_digest};
use crate::error::{Malformed, Misuse, OrExpected};
use crate::hash::{hmac_sha256, pbkdf2_sha256, sha256, xor};
use crate::secret::{Secret, same};

/// The iterations that new verifiers get, RFC 7677's minimum: each login of a plain-password user pays them.
pub const DEFAULT_ITERATIONS: u32 = 4096;
/// What either side accepts. More would let the other side burn CPU: a million is about a second.
pub const ITERATIONS: core::ops::RangeInclusive<u32> = 4096..=1_000_000;

/// What a server stores: salt, iterations, and two keys that do not give the password away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramVerifier {
    iterations: u32,
    salt: Vec<u8>,
    stored_key: Secret,
    server_key: Secret,
}

impl ScramVerifier {
    /// The longest salt, in bytes: with it the server's message fits a reject description.
    pub const MAX_SALT_LEN: usize = 24;

    /// Makes the verifier of a password. The salt should be 16 random bytes.
    ///
    /// # Errors
    /// [`Misuse::NotPreparable`], [`Misuse::TooLong`] for the salt. Iterations are brought into [`ITERATIONS`].
    pub fn new(password: &Secret, salt: &[u8], iterations: u32) -> Result<Self, Misuse> {
        if salt.len() > Self::MAX_SALT_LEN {
            let (what, got, limit) = ("salt", salt.len(), Self::MAX_SALT_LEN);
            return Err(Misuse::TooLong { what, got, limit });
        }
        let iterations = iterations.clamp(*ITERATIONS.start(), *ITERATIONS.end());
        let salted = salted_password(password, salt, iterations)?;
        let client_key = hmac_sha256(&salted, &[b"Client Key"]);
        Ok(Self {
            iterations,
            salt: salt.into(),
            stored_key: Secret::from_bytes(&sha256(&[&client_key])),
            server_key: Secret::from_bytes(&hmac_sha256(&salted, &[b"Server Key"])),
        })
    }

    /// Reads RFC 5803's form: `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`, the last three in base64.
    ///
    /// # Errors
    /// [`Malformed`] where it departs from that, and for iterations outside [`ITERATIONS`].
    pub fn decode(text: &str) -> Result<Self, Malformed> {
        let mut parts = text.split('$');
        if parts.next() != Some("SCRAM-SHA-256") {
            return Err(Malformed::expected("SCRAM-SHA-256$", 0));
        }
        let form = "iterations:salt$StoredKey:ServerKey";
        let offset = "SCRAM-SHA-256$".len();
        let (Some(info), Some(keys), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Malformed::expected(form, offset));
        };
        let (iterations, salt) = info.split_once(':').or_expected(form, offset)?;
        let (stored_key, server_key) = keys.split_once(':').or_expected(form, offset)?;
        let key = |text| decode_digest::<32>(text).map(|key| Secret::from_bytes(&key));
        let salt = decode_base64(salt).filter(|salt| salt.len() <= Self::MAX_SALT_LEN);
        Ok(Self {
            iterations: parse_iterations(iterations).map_err(|error| error.at(offset))?,
            salt: salt.or_expected("a salt of at most 24 bytes in base64", offset)?,
            stored_key: key(stored_key).or_expected("StoredKey in base64", offset)?,
            server_key: key(server_key).or_expected("ServerKey in base64", offset)?,
        })
    }

    /// RFC 5803's form; `decode` gives the same verifier back.
    pub fn encode(&self) -> String {
        format!(
            "SCRAM-SHA-256${}:{}${}:{}",
            self.iterations,
            base64(&self.salt),
            base64(self.stored_key.expose()),
            base64(self.server_key.expose())
        )
    }

    /// The salt, which is no secret.
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// Keys that belong to no password, behind a salt as long as the one before.
    pub(crate) fn with_salt(mut self, salt: &[u8; 32]) -> Self {
        self.salt
            .iter_mut()
            .zip(salt)
            .for_each(|(to, from)| *to = *from);
        self
    }

    /// How often the password is hashed.
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(crate) fn check_password(&self, password: &Secret) -> bool {
        // A password that cannot be prepared is no user's, and still costs what others cost.
        let other = Self::new(password, &self.salt, self.iterations)
            .or_else(|_| Self::new(&Secret::from(""), &self.salt, self.iterations));
        let right = other.is_ok_and(|other| other.stored_key == self.stored_key);
        right && prepare_bytes(password.expose()).is_ok()
    }
}

/// The client's first message: `n,,n=user,r=nonce`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientFirst<'a> {
    /// The user, `=2C` and `=3D` decoded.
    pub user: String,
    /// The client's nonce.
    pub nonce: &'a str,
    /// The flags before it, `n,,` or `y,,`.
    pub gs2_header: &'a str,
}

impl<'a> ClientFirst<'a> {
    /// Parses the message.
    ///
    /// # Errors
    /// [`Malformed`]; among them channel binding, an authorization identity and extensions, which are not offered.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let gs2_header = ["n,,", "y,,"]
            .into_iter()
            .find(|flags| text.starts_with(flags))
            .or_expected("the flags n,, or y,,", 0)?;
        let bare = text.strip_prefix(gs2_header).unwrap_or_default();
        let name = bare.strip_prefix("n=").or_expected("n=", 3)?;
        let (name, nonce) = name.split_once(",r=").or_expected(",r=", 5)?;
        let offset = text.len() - nonce.len();
        check_nonce(nonce).map_err(|error| error.at(offset))?;
        let user = decode_name(name).or_expected("a name with =2C and =3D only", 5)?;
        Ok(Self {
            user,
            nonce,
            gs2_header: text.get(..3).unwrap_or_default(),
        })
    }
}

/// The server's first message: both nonces, salt and iterations.
pub fn server_first(
    client_nonce: &str,
    server_nonce: &str,
    salt: &[u8],
    iterations: u32,
) -> String {
    format!(
        "r={client_nonce}{server_nonce},s={},i={iterations}",
        base64(salt)
    )
}

/// The client's final message: `c=biws,r=nonces,p=proof`.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientFinal<'a> {
    nonces: &'a str,
    without_proof: &'a str,
    proof: [u8; 32],
}

impl<'a> ClientFinal<'a> {
    /// Parses the message.
    ///
    /// # Errors
    /// [`Malformed`]; among them channel binding and extensions, which are not offered.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        // base64 of "n,," and of "y,,".
        let rest = text
            .strip_prefix("c=biws,r=")
            .or_else(|| text.strip_prefix("c=eSws,r="));
        let (nonces, proof) = rest
            .or_expected("c=biws,r=", 0)?
            .split_once(",p=")
            .or_expected(",p=", 9)?;
        if nonces.contains(',') {
            return Err(Malformed::expected(",p= right after the nonce", 9));
        }
        let offset = text.len() - proof.len();
        let proof = decode_digest(proof).or_expected("32 bytes in base64", offset)?;
        Ok(Self {
            nonces,
            without_proof: text.get(..offset - 3).unwrap_or_default(),
            proof,
        })
    }

    /// Both nonces, the client's in front.
    pub const fn nonces(&self) -> &'a str {
        self.nonces
    }

    /// Checks the proof; the answer is the server's final message, which proves that it knows the user too.
    ///
    /// `user` and the nonces make the two messages before this one again, so a server has to remember
    /// neither.
    pub fn verify(
        &self,
        verifier: &ScramVerifier,
        user: &str,
        client_nonce: &str,
        server_nonce: &str,
    ) -> Option<String> {
        let first = server_first(
            client_nonce,
            server_nonce,
            &verifier.salt,
            verifier.iterations,
        );
        let bare = client_first_bare(user, client_nonce);
        let message = auth_message(&bare, &first, self.without_proof);
        let mut client_key = hmac_sha256(verifier.stored_key.expose(), &[message.as_bytes()]);
        xor(&mut client_key, &self.proof);
        let signature = hmac_sha256(verifier.server_key.expose(), &[message.as_bytes()]);
        let right = same(&sha256(&[&client_key]), verifier.stored_key.expose());
        right.then(|| format!("v={}", base64(&signature)))
    }
}

impl fmt::Debug for ClientFinal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFinal")
            .field("nonces", &self.nonces)
            .finish_non_exhaustive()
    }
}

/// The client's side of one exchange.
///
/// ```
/// use weir_auth::scram::ScramClient;
///
/// // RFC 7677, section 3.
/// let mut client = ScramClient::new("user", &"pencil".into(), "rOprNGfwEbeRWgbNEkqO").unwrap();
/// assert_eq!(client.client_first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
/// let server_first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
///     s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
/// let client_final = client.handle_server_first(server_first).unwrap();
/// assert!(client_final.ends_with(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
/// client.handle_server_final("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct ScramClient {
    user: String,
    password: Secret,
    nonce: String,
    server_signature: Option<Secret>,
}

impl ScramClient {
    /// Starts an exchange. The nonce is fresh random text of printable ASCII without commas.
    ///
    /// # Errors
    /// [`Misuse::NotPreparable`] for a user or password that SASLprep prohibits.
    pub fn new(user: &str, password: &Secret, nonce: &str) -> Result<Self, Misuse> {
        let user = prepare(user)?.into_owned();
        let password = Secret::from(prepare_bytes(password.expose())?.into_owned());
        Ok(Self {
            user,
            password,
            nonce: nonce.into(),
            server_signature: None,
        })
    }

    /// The first message.
    pub fn client_first(&self) -> String {
        format!("n,,{}", client_first_bare(&self.user, &self.nonce))
    }

    /// Answers the server's first message with the client's final one.
    ///
    /// # Errors
    /// [`ScramError`]; nothing about the password has been said then.
    pub fn handle_server_first(&mut self, text: &str) -> Result<String, ScramError> {
        let rest = text.strip_prefix("r=").or_expected("r=", 0)?;
        let (nonces, rest) = rest.split_once(",s=").or_expected(",s=", 2)?;
        let (salt, iterations) = rest.split_once(",i=").or_expected(",i=", 2)?;
        check_nonce(nonces)?;
        if !nonces.starts_with(self.nonce.as_str()) || nonces.len() == self.nonce.len() {
            return Err(ScramError::ForeignNonce);
        }
        let salt = decode_base64(salt).or_expected("a salt in base64", 2)?;
        let iterations = parse_iterations(iterations)?;
        let salted = pbkdf2_sha256(self.password.expose(), &salt, iterations);
        let client_key = hmac_sha256(&salted, &[b"Client Key"]);
        let stored_key = sha256(&[&client_key]);
        let server_key = hmac_sha256(&salted, &[b"Server Key"]);

        let without_proof = format!("c=biws,r={nonces}");
        let bare = client_first_bare(&self.user, &self.nonce);
        let message = auth_message(&bare, text, &without_proof);
        let mut proof = hmac_sha256(&stored_key, &[message.as_bytes()]);
        xor(&mut proof, &client_key);
        let signature = hmac_sha256(&server_key, &[message.as_bytes()]);
        self.server_signature = Some(Secret::from_bytes(&signature));
        Ok(format!("{without_proof},p={}", base64(&proof)))
    }

    /// Checks the server's final message: only a server that knows the user's keys can make it.
    ///
    /// # Errors
    /// [`ScramError::ForeignServer`] for a wrong or early signature, [`ScramError::Refused`] for `e=`.
    pub fn handle_server_final(&mut self, text: &str) -> Result<(), ScramError> {
        if text.starts_with("e=") {
            return Err(ScramError::Refused);
        }
        let expected = Malformed::Expected {
            what: "v= and 32 bytes in base64",
            offset: 0,
        };
        let signature = text
            .strip_prefix("v=")
            .and_then(decode_digest::<32>)
            .ok_or(expected)?;
        let mine = self
            .server_signature
            .take()
            .ok_or(ScramError::ForeignServer)?;
        if same(&signature, mine.expose()) {
            Ok(())
        } else {
            Err(ScramError::ForeignServer)
        }
    }
}

/// Why a client gave up an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScramError {
    /// The server's message does not follow its grammar, or asks for iterations outside [`ITERATIONS`].
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The server's nonce does not begin with ours.
    #[error("the server's nonce does not continue ours")]
    ForeignNonce,
    /// The server says no.
    #[error("the server refused")]
    Refused,
    /// The server accepted without knowing the user's keys.
    #[error("the server did not prove that it knows the user")]
    ForeignServer,
}

pub(crate) fn client_first_bare(user: &str, nonce: &str) -> String {
    format!(
        "n={},r={nonce}",
        user.replace('=', "=3D").replace(',', "=2C")
    )
}

fn auth_message(client_first_bare: &str, server_first: &str, without_proof: &str) -> String {
    [client_first_bare, server_first, without_proof].join(",")
}

fn salted_password(password: &Secret, salt: &[u8], iterations: u32) -> Result<[u8; 32], Misuse> {
    let password = prepare_bytes(password.expose())?;
    Ok(pbkdf2_sha256(password.as_bytes(), salt, iterations))
}

fn prepare_bytes(text: &[u8]) -> Result<Cow<'_, str>, Misuse> {
    prepare(core::str::from_utf8(text).map_err(|_| Misuse::NotPreparable)?)
}

#[cfg(feature = "saslprep")]
fn prepare(text: &str) -> Result<Cow<'_, str>, Misuse> {
    stringprep::saslprep(text).map_err(|_| Misuse::NotPreparable)
}

/// Printable ASCII is what SASLprep makes of it.
#[cfg(not(feature = "saslprep"))]
fn prepare(text: &str) -> Result<Cow<'_, str>, Misuse> {
    let unchanged = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if unchanged {
        Ok(Cow::Borrowed(text))
    } else {
        Err(Misuse::NotPreparable)
    }
}

/// Printable ASCII without commas; the length keeps messages within what can be sent.
fn check_nonce(nonce: &str) -> Result<(), Malformed> {
    if nonce.is_empty() {
        return Err(Malformed::Missing { what: "the nonce" });
    }
    if nonce.len() > MAX_NONCE_LEN {
        let (what, got, limit) = ("nonce", nonce.len(), MAX_NONCE_LEN);
        return Err(Malformed::TooLong { what, got, limit });
    }
    match nonce
        .bytes()
        .position(|byte| !byte.is_ascii_graphic() || byte == b',')
    {
        Some(offset) => Err(Malformed::Expected {
            what: "printable ASCII",
            offset,
        }),
        None => Ok(()),
    }
}

fn parse_iterations(text: &str) -> Result<u32, Malformed> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let iterations: u32 = text
        .parse()
        .ok()
        .filter(|_| digits)
        .or_expected("the number of iterations", 0)?;
    if !ITERATIONS.contains(&iterations) {
        return Err(Malformed::OutOfRange {
            what: "SCRAM iterations",
            got: iterations.into(),
            min: (*ITERATIONS.start()).into(),
            max: (*ITERATIONS.end()).into(),
        });
    }
    Ok(iterations)
}

fn decode_name(name: &str) -> Option<String> {
    let mut decoded = String::with_capacity(name.len());
    let mut parts = name.split('=');
    decoded.push_str(parts.next()?);
    for part in parts {
        let (character, rest) = match part.split_at_checked(2)? {
            ("2C", rest) => (',', rest),
            ("3D", rest) => ('=', rest),
            _ => return None,
        };
        decoded.push(character);
        decoded.push_str(rest);
    }
    // An unescaped comma would begin an attribute that is not offered.
    if decoded.is_empty() || name.contains(',') {
        None
    } else {
        Some(decoded)
    }
}

const MAX_NONCE_LEN: usize = 128;
