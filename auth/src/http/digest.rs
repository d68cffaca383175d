//! The arithmetic of Digest: RFC 2069, RFC 2617 and RFC 7616, with MD5, SHA-256 and SHA-512/256.

use core::fmt;

use crate::hash::{HexDigest, md5, sha256, sha512_256};

/// The hash of a Digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by RFC 7616, section 6.1")]
pub enum HashAlgorithm {
    /// MD5, the one that every client knows.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512 with its own initial value, cut to 256 bits (FIPS 180-4); not the first half of SHA-512, as
    /// the example printed in RFC 7616 has it (erratum 4897).
    Sha512_256,
}

impl HashAlgorithm {
    /// Its name in the registry of RFC 7616.
    pub const fn as_str(self) -> &'static str {
        DigestAlgorithm {
            hash: self,
            session: false,
        }
        .as_str()
    }

    /// The hash of that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        DigestAlgorithm::from_name(name)
            .filter(|found| !found.session)
            .map(|found| found.hash)
    }

    /// Bytes of a digest.
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha256 | Self::Sha512_256 => 32,
        }
    }

    pub(crate) fn hex(self, parts: &[&[u8]]) -> HexDigest {
        match self {
            Self::Md5 => HexDigest::new(&md5(parts)),
            Self::Sha256 => HexDigest::new(&sha256(parts)),
            Self::Sha512_256 => HexDigest::new(&sha512_256(parts)),
        }
    }
}

/// A Digest algorithm: a hash, and whether A1 covers the nonces too (`-sess`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct DigestAlgorithm {
    /// The hash.
    pub hash: HashAlgorithm,
    /// The `-sess` form: A1 is `HA1:nonce:cnonce` (RFC 7616, section 3.4.2).
    pub session: bool,
}

impl DigestAlgorithm {
    /// Plain MD5: what no `algorithm` parameter means.
    pub const MD5: Self = Self {
        hash: HashAlgorithm::Md5,
        session: false,
    };
    /// `MD5-sess`.
    pub const MD5_SESS: Self = Self {
        hash: HashAlgorithm::Md5,
        session: true,
    };
    /// `SHA-256`.
    pub const SHA_256: Self = Self {
        hash: HashAlgorithm::Sha256,
        session: false,
    };
    /// `SHA-256-sess`.
    pub const SHA_256_SESS: Self = Self {
        hash: HashAlgorithm::Sha256,
        session: true,
    };
    /// `SHA-512-256`.
    pub const SHA_512_256: Self = Self {
        hash: HashAlgorithm::Sha512_256,
        session: false,
    };
    /// `SHA-512-256-sess`.
    pub const SHA_512_256_SESS: Self = Self {
        hash: HashAlgorithm::Sha512_256,
        session: true,
    };

    const NAMES: [(Self, &'static str); 6] = [
        (Self::MD5, "MD5"),
        (Self::MD5_SESS, "MD5-sess"),
        (Self::SHA_256, "SHA-256"),
        (Self::SHA_256_SESS, "SHA-256-sess"),
        (Self::SHA_512_256, "SHA-512-256"),
        (Self::SHA_512_256_SESS, "SHA-512-256-sess"),
    ];

    /// The algorithm of that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = Self::NAMES
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name));
        named.map(|(algorithm, _)| *algorithm)
    }

    /// Its name in the registry of RFC 7616.
    pub const fn as_str(self) -> &'static str {
        match (self.hash, self.session) {
            (HashAlgorithm::Md5, false) => "MD5",
            (HashAlgorithm::Md5, true) => "MD5-sess",
            (HashAlgorithm::Sha256, false) => "SHA-256",
            (HashAlgorithm::Sha256, true) => "SHA-256-sess",
            (HashAlgorithm::Sha512_256, false) => "SHA-512-256",
            (HashAlgorithm::Sha512_256, true) => "SHA-512-256-sess",
        }
    }
}

impl fmt::Debug for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a response protects besides the method and URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed by RFC 7616, section 3.4")]
pub enum Qop<'a> {
    /// No `qop` parameter: RFC 2069's form, which GStreamer 1.22 and live555 answer with.
    None,
    /// `qop=auth`.
    Auth {
        /// The counter as it stands in the header: 8 hex digits.
        nc: &'a str,
        /// The client's nonce.
        cnonce: &'a str,
    },
    /// `qop=auth-int`: the body too.
    AuthInt {
        /// The counter as it stands in the header: 8 hex digits.
        nc: &'a str,
        /// The client's nonce.
        cnonce: &'a str,
        /// The request's body.
        body: &'a [u8],
    },
}

/// Everything a Digest response is computed from, besides the password.
///
/// ```
/// use weir_auth::http::{DigestAlgorithm, DigestInput, Qop};
///
/// // RFC 2617, section 3.5.
/// let input = DigestInput {
///     algorithm: DigestAlgorithm::MD5,
///     method: "GET",
///     uri: "/dir/index.html",
///     nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
///     qop: Qop::Auth { nc: "00000001", cnonce: "0a4f113b" },
/// };
/// let response = input.response("Mufasa", "testrealm@host.com", &"Circle Of Life".into());
/// assert_eq!(response, "6629fae49393a05397450978507c4ef1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "closed by RFC 7616, section 3.4.1"
)]
pub struct DigestInput<'a> {
    /// The algorithm.
    pub algorithm: DigestAlgorithm,
    /// The request's method.
    pub method: &'a str,
    /// The `uri` parameter, byte by byte as sent.
    pub uri: &'a str,
    /// The server's nonce.
    pub nonce: &'a str,
    /// Quality of protection with its nonces.
    pub qop: Qop<'a>,
}

impl DigestInput<'_> {
    /// The response in lower-case hex.
    pub fn response(
        &self,
        user: &str,
        realm: &str,
        password: &crate::Secret,
    ) -> alloc::string::String {
        self.response_to(&self.password_hash(user, realm, password))
            .as_str()
            .into()
    }

    /// HA1 in lower-case hex, for comparing with another implementation; with `-sess` the nonces are in it.
    ///
    /// It is as good as the password: not for logs. RFC 7616, section 3.4.2.
    pub fn ha1(&self, user: &str, realm: &str, password: &crate::Secret) -> alloc::string::String {
        self.session_hash(&self.password_hash(user, realm, password))
            .as_str()
            .into()
    }

    /// HA2 in lower-case hex: method, URI and for `auth-int` the body. RFC 7616, section 3.4.3.
    pub fn ha2(&self) -> alloc::string::String {
        self.request_hash().as_str().into()
    }

    fn password_hash(&self, user: &str, realm: &str, password: &crate::Secret) -> HexDigest {
        let (user, realm) = (user.as_bytes(), realm.as_bytes());
        self.algorithm
            .hash
            .hex(&[user, b":", realm, b":", password.expose()])
    }

    fn session_hash(&self, ha1: &HexDigest) -> HexDigest {
        let (nonce, cnonce) = (self.nonce.as_bytes(), self.cnonce().as_bytes());
        match self.algorithm.session {
            true => self
                .algorithm
                .hash
                .hex(&[ha1.as_bytes(), b":", nonce, b":", cnonce]),
            false => *ha1,
        }
    }

    fn request_hash(&self) -> HexDigest {
        let hash = self.algorithm.hash;
        let (method, uri) = (self.method.as_bytes(), self.uri.as_bytes());
        match self.qop {
            Qop::AuthInt { body, .. } => {
                let body = hash.hex(&[body]);
                hash.hex(&[method, b":", uri, b":", body.as_bytes()])
            }
            Qop::None | Qop::Auth { .. } => hash.hex(&[method, b":", uri]),
        }
    }

    fn cnonce(&self) -> &str {
        match self.qop {
            Qop::None => "",
            Qop::Auth { cnonce, .. } | Qop::AuthInt { cnonce, .. } => cnonce,
        }
    }

    /// The response of who knows HA1 (not yet the `-sess` one).
    pub(crate) fn response_to(&self, ha1: &HexDigest) -> HexDigest {
        let hash = self.algorithm.hash;
        let (nonce, cnonce) = (self.nonce.as_bytes(), self.cnonce().as_bytes());
        let (ha1, ha2) = (self.session_hash(ha1), self.request_hash());
        let (qop, nc) = match self.qop {
            Qop::None => return hash.hex(&[ha1.as_bytes(), b":", nonce, b":", ha2.as_bytes()]),
            Qop::Auth { nc, .. } => ("auth", nc),
            Qop::AuthInt { nc, .. } => ("auth-int", nc),
        };
        hash.hex(&[
            ha1.as_bytes(),
            b":",
            nonce,
            b":",
            nc.as_bytes(),
            b":",
            cnonce,
            b":",
            qop.as_bytes(),
            b":",
            ha2.as_bytes(),
        ])
    }
}
