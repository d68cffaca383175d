//! SCRAM-SHA-256 in the connect's query, as an `authmod` value of our own: each message is base64url in `data`.

use alloc::format;
use alloc::string::String;

use super::query::Params;
use super::server::Verdict;
use crate::encoding::{base64url, decode_base64url};
use crate::error::{Malformed, OrExpected};
use crate::nonce::{SEALED_TEXT_LEN, ServerKeys};
use crate::scram::{ClientFinal, ClientFirst, DEFAULT_ITERATIONS, ScramVerifier, server_first};
use crate::verifier::Verifier;

/// The longest client nonce with which the server's message fits a reject description.
pub(crate) const MAX_CLIENT_NONCE_LEN: usize = 32;

/// What the client's `data` is: SCRAM's first message, or its last.
pub(crate) enum Message {
    First {
        client_nonce: String,
    },
    Final {
        text: String,
        client_nonce: String,
        server_nonce: String,
    },
}

/// Reads `data`. The first message must name the same user as the query does.
pub(crate) fn message(params: Params<'_>, user: &str) -> Result<Message, Malformed> {
    let data = params
        .get("data")
        .ok_or(Malformed::Missing { what: "data" })?;
    if data.len() > MAX_DATA_LEN {
        let (what, got, limit) = ("data", data.len(), MAX_DATA_LEN);
        return Err(Malformed::TooLong { what, got, limit });
    }
    let text = decode_base64url(data).and_then(|text| String::from_utf8(text).ok());
    let text = text.or_expected("base64url of a SCRAM message", 0)?;
    if text.starts_with("c=") {
        let nonces = ClientFinal::parse(&text)?.nonces();
        // Ours is the end of it and has a fixed length.
        let split = nonces.len().saturating_sub(SEALED_TEXT_LEN);
        let (client, server) = nonces
            .split_at_checked(split)
            .or_expected("a nonce of ASCII", 0)?;
        let (client_nonce, server_nonce) = (client.into(), server.into());
        return Ok(Message::Final {
            text,
            client_nonce,
            server_nonce,
        });
    }
    let first = ClientFirst::parse(&text)?;
    if first.user != user {
        return Err(Malformed::expected("the same user in query and message", 0));
    }
    if first.nonce.len() > MAX_CLIENT_NONCE_LEN {
        let (what, got, limit) = ("client nonce", first.nonce.len(), MAX_CLIENT_NONCE_LEN);
        return Err(Malformed::TooLong { what, got, limit });
    }
    Ok(Message::First {
        client_nonce: first.nonce.into(),
    })
}

/// The parameters of step 2. No user among them: the message would not fit beside a long name.
pub(crate) fn challenge(
    user: &str,
    verifier: &Verifier,
    keys: &ServerKeys,
    client_nonce: &str,
    nonce: &str,
) -> String {
    let first = match verifier {
        Verifier::Scram(scram) => {
            server_first(client_nonce, nonce, scram.salt(), scram.iterations())
        }
        _ => server_first(client_nonce, nonce, &salt(user, keys), DEFAULT_ITERATIONS),
    };
    format!("data={}", base64url(first.as_bytes()))
}

/// Whether the proof is that of the password; if so, with the server's own.
pub(crate) fn verify(
    user: &str,
    verifier: &Verifier,
    keys: &ServerKeys,
    text: &str,
    client_nonce: &str,
    nonce: &str,
) -> Verdict {
    let stored = match verifier {
        Verifier::Scram(scram) => Some(scram.clone()),
        Verifier::Plain(password) => {
            ScramVerifier::new(password, &salt(user, keys), DEFAULT_ITERATIONS).ok()
        }
        _ => None,
    };
    let Some(stored) = stored else {
        return Verdict::Unsuitable;
    };
    let proof = ClientFinal::parse(text)
        .ok()
        .and_then(|message| message.verify(&stored, user, client_nonce, nonce));
    match proof {
        Some(proof) => Verdict::Right { proof: Some(proof) },
        None => Verdict::Wrong,
    }
}

/// A salt for who has none stored: always the same for a name.
fn salt(user: &str, keys: &ServerKeys) -> [u8; 16] {
    let mut salt = [0; 16];
    let derived = keys.derive("scram salt", user.as_bytes());
    salt.iter_mut()
        .zip(derived)
        .for_each(|(to, from)| *to = from);
    salt
}

const MAX_DATA_LEN: usize = 512;
