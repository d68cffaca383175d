//! RTSP and HTTP authentication: Basic and Digest, both sides.

pub(crate) mod basic;
mod client;
mod digest;
mod header;
mod server;
mod uri;

pub use client::{HttpClient, HttpClientError};
pub use digest::{DigestAlgorithm, DigestInput, HashAlgorithm, Qop};
pub use header::{Authorization, Challenge, Credentials};
pub use server::{HttpAnswer, HttpRequest, HttpScheme};
