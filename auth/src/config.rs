//! What a server offers, and how much it remembers.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use crate::error::{Malformed, OrExpected};
use crate::http::{DigestAlgorithm, HttpScheme};
use crate::rtmp::RtmpMechanism;
use crate::throttle::ThrottleConfig;

/// The settings of an [`Authenticator`](crate::Authenticator).
///
/// ```
/// let mut config = weir_auth::Config::default();
/// config.offer("adobe,llnw,red5,digest,basic").unwrap();
/// config.realm = "media.example".into();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Accepted RTMP mechanisms. The first with a challenge is advertised, the others serve clients that name
    /// them. Default: adobe, llnw, scram-sha-256.
    pub rtmp: Vec<RtmpMechanism>,
    /// RTSP and HTTP schemes in the order of their `WWW-Authenticate` headers. Default: Digest SHA-256, then
    /// MD5. In the other order FFmpeg 5.1 fails; with SHA-256 alone FFmpeg, GStreamer 1.22 and VLC do.
    pub http: Vec<HttpScheme>,
    /// The realm of Basic and Digest. Default: `weir`. Stored `{ha1:realm:alg}` hashes are for one realm.
    pub realm: String,
    /// Whether a password may come in clear without TLS. Default: [`PlaintextPolicy::OverTls`].
    pub plaintext: PlaintextPolicy,
    /// How long an RTMP challenge may be answered. Default: 60 s. There is no second try in FFmpeg, so not
    /// less than 30 s: it includes the time somebody takes to type a password.
    pub nonce_lifetime: Duration,
    /// How long a Digest nonce serves before the client has to take a new one (`stale=true`). Default: 5 min.
    ///
    /// Answers without `qop` can be repeated from the same address for this long.
    pub digest_nonce_lifetime: Duration,
    /// Offers `qop="auth,auth-int"` instead of `auth`. Default: off; a driver that turns it on passes bodies.
    pub digest_integrity: bool,
    /// What is tolerated of clients.
    pub quirks: Quirks,
    /// How much is remembered.
    pub limits: Limits,
    /// What guessing costs.
    pub throttle: ThrottleConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rtmp: vec![
                RtmpMechanism::Adobe,
                RtmpMechanism::Llnw,
                RtmpMechanism::ScramSha256,
            ],
            http: DIGEST.map(HttpScheme::Digest).into(),
            realm: "weir".into(),
            plaintext: PlaintextPolicy::OverTls,
            nonce_lifetime: Duration::from_secs(60),
            digest_nonce_lifetime: Duration::from_secs(300),
            digest_integrity: false,
            quirks: Quirks::tolerant(),
            limits: Limits::default(),
            throttle: ThrottleConfig::default(),
        }
    }
}

impl Config {
    /// Offers the mechanisms of a comma-separated list, for a command line or a configuration file.
    ///
    /// | name | RTMP | RTSP and HTTP |
    /// | --- | --- | --- |
    /// | `adobe` `llnw` `red5` `cram-md5` `cram-sha256` `scram-sha-256` | that `authmod` | |
    /// | `basic` | the password in connect arguments or query | Basic |
    /// | `digest` | | Digest with SHA-256 and MD5, in the order that clients survive |
    /// | `digest-md5` `digest-sha-256` `digest-sha-512-256` | | that one |
    ///
    /// # Errors
    /// [`Malformed`] at the first name that is none of these; nothing is changed then.
    pub fn offer(&mut self, list: &str) -> Result<(), Malformed> {
        let (mut rtmp, mut http) = (Vec::new(), Vec::new());
        let mut offset = 0;
        for name in list.split(',') {
            match name.trim() {
                "basic" => {
                    rtmp.push(RtmpMechanism::Plain);
                    http.push(HttpScheme::Basic);
                }
                "digest" => http.extend(DIGEST.map(HttpScheme::Digest)),
                name => match RtmpMechanism::from_authmod(name) {
                    Some(mechanism) => rtmp.push(mechanism),
                    None => http.push(
                        name.strip_prefix("digest-")
                            .and_then(DigestAlgorithm::from_name)
                            .map(HttpScheme::Digest)
                            .or_expected("a mechanism", offset)?,
                    ),
                },
            }
            offset += name.len() + 1;
        }
        (self.rtmp, self.http) = (rtmp, http);
        Ok(())
    }
}

/// Whether passwords may travel readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: with TLS, or anyhow")]
pub enum PlaintextPolicy {
    /// Only over TLS; Basic is not even offered without.
    OverTls,
    /// Anyhow: everybody on the path can read the passwords.
    Always,
}

/// What is accepted although the specifications say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// Accept a Digest answer without `qop` although `qop` was offered: GStreamer 1.22, live555 (VLC, openRTSP).
    pub digest_without_qop: bool,
    /// Accept a Digest for the stream's base URL, or for its path alone: VLC, HappyTime, Bosch BVMS.
    pub digest_for_base_uri: bool,
}

impl Quirks {
    /// Everything real clients need.
    pub const fn tolerant() -> Self {
        Self {
            digest_without_qop: true,
            digest_for_base_uri: true,
        }
    }

    /// Nothing beside RFC 7616.
    pub const fn strict() -> Self {
        Self {
            digest_without_qop: false,
            digest_for_base_uri: false,
        }
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self::tolerant()
    }
}

/// How much an [`Authenticator`](crate::Authenticator) remembers, whatever its peers do.
///
/// Worst case in bytes: `64 * max_used_nonces + 96 * max_counted_nonces + 300 * throttle.max_entries`, with the
/// defaults 30 MiB. Peers without a password can only reach the last term.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Nonces that logged somebody in over RTMP and have not expired. Default: 65,536. When as many are
    /// remembered, logins are refused until the oldest expires: 1,000 logins a second for a minute.
    pub max_used_nonces: usize,
    /// Digest nonces whose counters are remembered. Default: 65,536.
    pub max_counted_nonces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_used_nonces: 65_536,
            max_counted_nonces: 65_536,
        }
    }
}

/// FFmpeg 5.1 takes the last header it understands and understands only MD5.
const DIGEST: [DigestAlgorithm; 2] = [DigestAlgorithm::SHA_256, DigestAlgorithm::MD5];
