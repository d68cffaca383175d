//! Logins as a server sees them: one DESCRIBE with Digest, one RTMP login, one signed URL.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use weir_auth::http::{HttpAnswer, HttpClient, HttpRequest};
use weir_auth::rtmp::{RtmpAnswer, RtmpClient, RtmpConnect, RtmpMechanism};
use weir_auth::token::{Jwt, StreamGrant, StreamRequest, StreamTokens};
use weir_auth::{Action, Authenticator, Config, OneUse, Secret, ServerKeys, UnixTime, UsersFile};

/// Where the peer is.
pub const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// When it happens.
pub const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
/// The URI of the request.
pub const URI: &str = "rtsp://media.example:8554/live/cam1";

/// A challenge with qop, as most servers send it.
pub const CHALLENGE: &str = "Digest realm=\"Streaming Server\", nonce=\"n0nce0001ab12cd34ab12cd34\", \
    opaque=\"0p4qu3\", algorithm=MD5, qop=\"auth\"";

/// One of FFmpeg 5.1's answers to `Digest qop="auth"`, from the vectors of weir-auth.
pub const FFMPEG_DIGEST: &str = "Digest username=\"alice\", realm=\"Streaming Server\", \
    nonce=\"n0nce0001ab12cd34ab12cd34\", uri=\"rtsp://127.0.0.1:33004/live/cam1\", \
    response=\"cba66cc4d39dff0d91c04b9815562f4c\", algorithm=\"MD5\", opaque=\"0p4qu3\", qop=\"auth\", \
    cnonce=\"bfa569e6d15d341c\", nc=00000001";

/// A server with one user and room for every login of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Server {
    /// It.
    pub auth: Authenticator,
    /// Its users.
    pub users: UsersFile,
}

impl Default for Server {
    fn default() -> Self {
        let mut config = Config::default();
        config
            .offer("adobe,llnw,digest")
            .expect("mechanisms that exist");
        config.limits.max_used_nonces = usize::MAX;
        let keys = ServerKeys::new(&Secret::from_bytes(&[1; 32]));
        let users = UsersFile::parse("alice=s3cr3t,ROLE_USER").expect("a good line");
        Self {
            auth: Authenticator::new(config, keys, [2; 32]),
            users,
        }
    }
}

impl Server {
    /// The challenge of an RTMP login: a sealed nonce in a description.
    pub fn challenge(&mut self) -> String {
        let connect = RtmpConnect::new("live?authmod=adobe&user=alice", PEER);
        match self.auth.rtmp_connect(&self.users, &connect, NOW) {
            RtmpAnswer::Reject(reject) => reject.description,
            other => panic!("{other:?}"),
        }
    }

    /// The `app` with which a client answers a challenge.
    pub fn answer(&mut self) -> String {
        let client = RtmpClient::new("live", "alice", &"s3cr3t".into(), [3; 32]);
        let mut client = client
            .begin_with(RtmpMechanism::Adobe)
            .expect("a name that can be said");
        client
            .handle_reject(&self.challenge())
            .expect("a challenge");
        client.app()
    }

    /// Whether the answer logs in; it does once.
    pub fn accepts(&mut self, app: &str) -> bool {
        let connect = RtmpConnect::new(app, PEER);
        matches!(
            self.auth.rtmp_connect(&self.users, &connect, NOW),
            RtmpAnswer::Accept(_)
        )
    }

    /// A client that was challenged by this server.
    pub fn digest_client(&mut self) -> HttpClient {
        let request = HttpRequest::new("DESCRIBE", URI, None, PEER);
        let answer = self.auth.http_request(&self.users, &request, NOW);
        let HttpAnswer::Unauthorized {
            www_authenticate, ..
        } = answer
        else {
            panic!("{answer:?}")
        };
        let mut client = HttpClient::new("alice", &"s3cr3t".into(), [3; 32]);
        let offers = www_authenticate.iter().map(String::as_str);
        // MD5, as FFmpeg and GStreamer take it.
        client
            .handle_unauthorized(offers.filter(|offer| offer.contains("=MD5")))
            .expect("an offer");
        client
    }

    /// Whether a request with that `Authorization` is let through.
    pub fn accepts_request(&mut self, authorization: &str) -> bool {
        let request = HttpRequest::new("DESCRIBE", URI, Some(authorization), PEER);
        matches!(
            self.auth.http_request(&self.users, &request, NOW),
            HttpAnswer::Accept(_)
        )
    }
}

/// A client that was challenged with [`CHALLENGE`].
pub fn challenged_client() -> HttpClient {
    let mut client = HttpClient::new("alice", &"s3cr3t".into(), [3; 32]);
    client.handle_unauthorized([CHALLENGE]).expect("an offer");
    client
}

/// Our own token, for one action on one stream, and what it is verified with.
pub fn stream_token() -> (StreamTokens, String) {
    let tokens = StreamTokens::new(1, &Secret::from_bytes(&[7; 32])).expect("a secret");
    let expires = NOW + Duration::from_secs(60);
    let grant = StreamGrant::new(Action::Play, "live", "cam1", "alice", expires);
    let token = tokens.sign(&grant).expect("short names");
    (tokens, token)
}

/// Whether the token permits what it was made for.
pub fn permits(tokens: &StreamTokens, token: &str) -> bool {
    let request = StreamRequest::new(Action::Play, "live", "cam1", PEER);
    tokens
        .verify(token, &request, &mut OneUse::new(1), NOW)
        .is_ok()
}

/// A JWT with the usual claims.
pub fn jwt() -> (Jwt, String) {
    let jwt = Jwt::new(&Secret::from_bytes(&[7; 32])).expect("a secret");
    let claims = r#"{"sub":"alice","aud":"live/cam1","action":"play","exp":1700000060}"#;
    let token = jwt.sign(claims);
    (jwt, token)
}
