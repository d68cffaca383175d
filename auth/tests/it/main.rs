//! Tests of the public API: the vectors, whole logins, laws, hostile input, and the bounds on memory.
#![cfg(test)]

mod encodings;
mod golden;
mod hostile;
mod http_login;
mod laws;
mod roles;
mod rtmp_golden;
mod rtmp_login;
mod secrecy;
mod throttle;
mod tokens;
mod vectors;
