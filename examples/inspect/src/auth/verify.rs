//! Whether the answer to a challenge is right.

use serde_json::{Value, json};
use weir_auth::http::{Authorization, Challenge, Credentials, DigestAlgorithm, DigestInput, Qop};

use super::fields::{Fields, malformed};
use crate::failure::Failure;

/// An `Authorization` header against the `WWW-Authenticate` headers before it.
pub(super) fn authorization(fields: &Fields<'_>) -> Result<Value, Failure> {
    let mut offers = Vec::new();
    for offer in fields.texts("www_authenticate") {
        offers.extend(Challenge::parse_list(offer).map_err(malformed)?);
    }
    let sent = Authorization::parse(fields.text("authorization")?).map_err(malformed)?;
    let accept = match &sent {
        Authorization::Basic { user, password } => {
            offers.iter().any(|offer| offer.is("Basic"))
                && user == fields.text("user")?
                && *password == fields.secret("password")?
        }
        Authorization::Digest(sent) => {
            let offered = offers.iter().any(|offer| answers(sent, offer));
            offered && response(fields, sent)? == sent.response
        }
        _ => false,
    };
    Ok(json!({ "accept": accept }))
}

fn answers(sent: &Credentials<'_>, offer: &Challenge<'_>) -> bool {
    let algorithm = offer.param("algorithm").unwrap_or("MD5");
    offer.is("Digest")
        && DigestAlgorithm::from_name(algorithm) == Some(sent.algorithm)
        && offer.param("realm") == Some(&sent.realm)
        && offer.param("nonce") == Some(&sent.nonce)
}

fn response(fields: &Fields<'_>, sent: &Credentials<'_>) -> Result<String, Failure> {
    let (nc, cnonce) = (&sent.nc, &sent.cnonce);
    let input = DigestInput {
        algorithm: sent.algorithm,
        method: fields.text("method")?,
        uri: fields.text("request_uri")?,
        nonce: &sent.nonce,
        qop: match sent.qop.as_deref() {
            None => Qop::None,
            Some("auth-int") => Qop::AuthInt {
                nc,
                cnonce,
                body: fields.maybe("body").unwrap_or_default().as_bytes(),
            },
            Some(_) => Qop::Auth { nc, cnonce },
        },
    };
    Ok(input.response(
        fields.text("user")?,
        &sent.realm,
        &fields.secret("password")?,
    ))
}
