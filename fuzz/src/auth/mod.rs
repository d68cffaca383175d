//! weir-auth: the layers that read what a peer, a file or a URL says.

mod exchange;
mod http;
mod rtmp;
mod users_file;

pub use exchange::auth_exchange;
pub use http::auth_http;
pub use rtmp::auth_rtmp;
pub use users_file::auth_users_file;

use std::net::{IpAddr, Ipv4Addr};

use weir_auth::{Authenticator, Config, PlaintextPolicy, Secret, ServerKeys, UnixTime, UsersFile};

const T0: UnixTime = UnixTime::from_secs(1_700_000_000);
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The first byte picks the layer, the rest is its text.
fn select(data: &[u8]) -> Option<(u8, &str)> {
    let (selector, rest) = data.split_first()?;
    Some((*selector, std::str::from_utf8(rest).ok()?))
}

/// A server with every mechanism, and one user whose password no seed has.
fn server() -> (Authenticator, UsersFile) {
    let mut config = Config::default();
    config
        .offer("adobe,llnw,red5,cram-md5,cram-sha256,scram-sha-256,digest,digest-sha-512-256,basic")
        .expect("all of them exist");
    config.plaintext = PlaintextPolicy::Always;
    config.digest_integrity = true;
    let keys = ServerKeys::new(&Secret::from_bytes(&[1; 32]));
    let users = UsersFile::parse("alice=5uv9-x0kq-w2ty,ROLE_USER").expect("a good line");
    (Authenticator::new(config, keys, [2; 32]), users)
}
