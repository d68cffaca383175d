//! The grammar of `WWW-Authenticate` and `Authorization` (RFC 9110, section 11; RFC 7235).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::char;
use nom::sequence::delimited;
use nom::{IResult, Parser};
use smallvec::SmallVec;

use super::basic;
use super::digest::{DigestAlgorithm, Qop};
use crate::error::{Malformed, OrExpected};
use crate::secret::Secret;

/// The longest header value looked at, in bytes; Kerberos tickets aside, real ones have some hundred.
pub(crate) const MAX_HEADER_LEN: usize = 8192;

/// One challenge of a `WWW-Authenticate` header.
///
/// ```
/// use weir_auth::http::Challenge;
///
/// let header = r#"Basic realm="a, b", Digest realm="x", nonce="1", qop="auth""#;
/// let challenges = Challenge::parse_list(header).unwrap();
/// assert_eq!(challenges[0].param("realm"), Some("a, b"));
/// assert!(challenges[1].is("digest"));
/// assert_eq!(challenges[1].param("QOP"), Some("auth"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge<'a> {
    scheme: &'a str,
    params: Params<'a>,
}

impl<'a> Challenge<'a> {
    /// Parses a header value with one or several challenges.
    ///
    /// # Errors
    /// [`Malformed`] where the text stops being a list of challenges, and for a value of more than 8,192 bytes.
    pub fn parse_list(value: &'a str) -> Result<Vec<Self>, Malformed> {
        check_len("the WWW-Authenticate header", value)?;
        let mut challenges = Vec::new();
        let mut rest = skip_commas(value);
        while !rest.is_empty() {
            let at = |rest: &str| value.len() - rest.len();
            let (after, scheme) =
                token(rest).map_err(|_| Malformed::expected("a scheme", at(rest)))?;
            rest = after;
            let mut params = Params::default();
            loop {
                let next = skip_commas(rest);
                // A token without "=" behind it is not a parameter but the next scheme, or a token68.
                let Ok((after_name, name)) = param_name(next) else {
                    break;
                };
                let (after, parsed) = param_value(after_name)
                    .map_err(|_| Malformed::expected("a value", at(after_name)))?;
                params.0.push((name, parsed));
                rest = after;
            }
            if params.0.is_empty() && rest.starts_with(' ') {
                // Negotiate and the like: one token68, of no use to us.
                rest = rest
                    .find(',')
                    .and_then(|comma| rest.get(comma..))
                    .unwrap_or_default();
            }
            challenges.push(Self { scheme, params });
            rest = skip_commas(rest);
        }
        Ok(challenges)
    }

    /// The scheme as sent, for example `Digest`.
    pub const fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// Whether the scheme has that name, in any case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of a parameter; its name in any case, the first of several.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.find(name)
    }

    /// All parameters in order.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, &str)> {
        self.params
            .0
            .iter()
            .map(|(name, value)| (*name, value.as_ref()))
    }
}

/// What an `Authorization` header carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization<'a> {
    /// User and password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A Digest response.
    Digest(Credentials<'a>),
    /// A bearer token (RFC 6750), to be verified as a JWT or token of our own.
    Bearer(Secret),
}

impl<'a> Authorization<'a> {
    /// Parses a header value.
    ///
    /// # Errors
    /// [`Malformed`] for another scheme, a missing or repeated parameter, or text that is none of this.
    pub fn parse(value: &'a str) -> Result<Self, Malformed> {
        check_len("the Authorization header", value)?;
        let value = value.trim();
        let (scheme, rest) = value
            .split_once(' ')
            .or_expected("a scheme and credentials", 0)?;
        let offset = value.len() - rest.len();
        if scheme.eq_ignore_ascii_case("Basic") {
            let (user, password) = basic::credentials(rest).map_err(|error| error.at(offset))?;
            return Ok(Self::Basic { user, password });
        }
        if scheme.eq_ignore_ascii_case("Digest") {
            return Credentials::parse(rest)
                .map(Self::Digest)
                .map_err(|error| error.at(offset));
        }
        if scheme.eq_ignore_ascii_case("Bearer") {
            return Ok(Self::Bearer(rest.trim().into()));
        }
        Err(Malformed::expected("Basic, Digest or Bearer", 0))
    }
}

/// The parameters of a Digest response.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials<'a> {
    /// The user.
    pub username: Cow<'a, str>,
    /// The realm as the client understood it.
    pub realm: Cow<'a, str>,
    /// The nonce as the client echoes it.
    pub nonce: Cow<'a, str>,
    /// The URI the response was computed for.
    pub uri: Cow<'a, str>,
    /// The response in hex.
    pub response: Cow<'a, str>,
    /// The algorithm; MD5 when the client names none.
    pub algorithm: DigestAlgorithm,
    /// `auth`, `auth-int` or absent.
    pub qop: Option<Cow<'a, str>>,
    /// The counter as sent; there when `qop` is.
    pub nc: Cow<'a, str>,
    /// The client's nonce; there when `qop` is.
    pub cnonce: Cow<'a, str>,
}

impl<'a> Credentials<'a> {
    fn parse(text: &'a str) -> Result<Self, Malformed> {
        let mut params = Params::default();
        let mut rest = skip_commas(text);
        while !rest.is_empty() {
            let at = |rest: &str| text.len() - rest.len();
            let (after, name) =
                param_name(rest).map_err(|_| Malformed::expected("a parameter", at(rest)))?;
            let (after, value) =
                param_value(after).map_err(|_| Malformed::expected("a value", at(after)))?;
            params.0.push((name, value));
            rest = skip_commas(after);
        }
        let algorithm = match params.take("algorithm") {
            None => DigestAlgorithm::MD5,
            Some(name) => DigestAlgorithm::from_name(&name)
                .or_expected("a Digest algorithm of RFC 7616", 0)?,
        };
        let qop = params.take("qop");
        let (nc, cnonce) = (params.take("nc"), params.take("cnonce"));
        if qop.is_some() && (nc.is_none() || cnonce.is_none()) {
            return Err(Malformed::Missing {
                what: "nc or cnonce beside qop",
            });
        }
        Ok(Self {
            username: params.need("username")?,
            realm: params.need("realm")?,
            nonce: params.need("nonce")?,
            uri: params.need("uri")?,
            response: params.need("response")?,
            algorithm,
            qop,
            nc: nc.unwrap_or_default(),
            cnonce: cnonce.unwrap_or_default(),
        })
    }

    /// Quality of protection, with `body` where the client says that its response covers it.
    pub(crate) fn protection<'b>(&'b self, body: &'b [u8]) -> Result<Qop<'b>, Malformed> {
        let (nc, cnonce) = (self.nc.as_ref(), self.cnonce.as_ref());
        match self.qop.as_deref() {
            None => Ok(Qop::None),
            Some(qop) if qop.eq_ignore_ascii_case("auth") => Ok(Qop::Auth { nc, cnonce }),
            Some(qop) if qop.eq_ignore_ascii_case("auth-int") => {
                Ok(Qop::AuthInt { nc, cnonce, body })
            }
            Some(_) => Err(Malformed::expected("qop auth or auth-int", 0)),
        }
    }

    /// The counter: 8 hex digits.
    pub(crate) fn count(&self) -> Result<u32, Malformed> {
        let digits = self.nc.len() == 8 && self.nc.bytes().all(|digit| digit.is_ascii_hexdigit());
        let count = u32::from_str_radix(&self.nc, 16).ok().filter(|_| digits);
        count.or_expected("8 hex digits in nc", 0)
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("realm", &self.realm)
            .field("uri", &self.uri)
            .field("algorithm", &self.algorithm)
            .field("qop", &self.qop)
            .finish_non_exhaustive()
    }
}

/// `text` as a quoted-string.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            // A header ends at CR or LF: nothing that is configured may start another one.
            control if control.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// `name=value` in wire order; names in any case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Params<'a>(SmallVec<[(&'a str, Cow<'a, str>); 8]>);

impl<'a> Params<'a> {
    fn find(&self, name: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_ref())
    }

    fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let index = self
            .0
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(self.0.remove(index).1)
    }

    fn need(&mut self, what: &'static str) -> Result<Cow<'a, str>, Malformed> {
        self.take(what).ok_or(Malformed::Missing { what })
    }
}

fn check_len(what: &'static str, value: &str) -> Result<(), Malformed> {
    if value.len() > MAX_HEADER_LEN {
        return Err(Malformed::TooLong {
            what,
            got: value.len(),
            limit: MAX_HEADER_LEN,
        });
    }
    Ok(())
}

fn skip_commas(text: &str) -> &str {
    text.trim_start_matches([',', ' ', '\t'])
}

fn token(text: &str) -> IResult<&str, &str> {
    let tchar = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    take_while1(tchar)(text)
}

fn blank(text: &str) -> IResult<&str, &str> {
    take_while(|c| c == ' ' || c == '\t')(text)
}

/// `name =`, with blanks where RFC 9110 allows bad ones.
fn param_name(text: &str) -> IResult<&str, &str> {
    let (rest, (name, _)) = (token, delimited(blank, char('='), blank)).parse(text)?;
    Ok((rest, name))
}

/// A quoted string, or what stands there up to the next comma: cameras leave out quotes that base64 needs.
fn param_value(text: &str) -> IResult<&str, Cow<'_, str>> {
    if text.starts_with('"') {
        return quoted_string(text);
    }
    let (rest, value) = take_while(|c| c != ',' && c != ' ' && c != '\t' && c != '"')(text)?;
    Ok((rest, Cow::Borrowed(value)))
}

fn quoted_string(text: &str) -> IResult<&str, Cow<'_, str>> {
    let plain = |c| c != '"' && c != '\\';
    let (mut rest, (_, first)) = (char('"'), take_while(plain)).parse(text)?;
    let mut value = Cow::Borrowed(first);
    while let Some(escaped) = rest.strip_prefix('\\') {
        let mut characters = escaped.chars();
        value.to_mut().extend(characters.next());
        let (after, more) = take_while(plain)(characters.as_str())?;
        value.to_mut().push_str(more);
        rest = after;
    }
    let (rest, _) = char('"')(rest)?;
    Ok((rest, value))
}
