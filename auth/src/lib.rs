#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "argon2")]
mod argon2;
mod authenticator;
mod config;
pub mod cram;
mod encoding;
mod error;
mod hash;
pub mod http;
mod nonce;
mod prefix;
mod random;
mod role;
pub mod rtmp;
pub mod scram;
mod secret;
mod tea;
mod throttle;
mod time;
pub mod token;
mod used;
mod user;
mod users_file;
mod verifier;

#[cfg(feature = "argon2")]
pub use argon2::Argon2Hash;
pub use authenticator::{Authenticator, UserQuery};
pub use config::{Config, Limits, PlaintextPolicy, Quirks};
pub use error::{Malformed, Misuse, Refusal, TokenError};
pub use nonce::{OpenedNonce, ServerKeys};
pub use prefix::AddressPrefix;
pub use role::{Action, Denied, Pattern, Policy, Role};
pub use secret::Secret;
pub use tea::SecureToken;
pub use throttle::{Rate, Throttle, ThrottleConfig};
pub use time::UnixTime;
pub use used::{OneUse, SpendError};
pub use user::{Found, Lookup, PasswordCheck, Principal, User, UserName, UserStore};
pub use users_file::{LineProblem, UsersFile, UsersFileError};
pub use verifier::Verifier;
