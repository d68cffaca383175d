//! What queries, descriptions, headers and lines say.

use serde_json::{Map, Value, json};
use weir_auth::http::{Authorization, Challenge};
use weir_auth::rtmp::{AppQuery, RejectDescription, RejectReason};
use weir_auth::{Secret, UsersFile, Verifier};

use super::fields::{Fields, malformed};
use crate::failure::Failure;

pub(super) fn app_query(fields: &Fields<'_>) -> Result<Value, Failure> {
    let query = AppQuery::parse(fields.text("app")?);
    Ok(json!({ "app": query.app(), "params": shown_params(query.params().iter()) }))
}

/// The first of repeated parameters counts.
fn shown_params<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut shown = Map::new();
    for (name, value) in params {
        shown.entry(name).or_insert_with(|| value.into());
    }
    Value::Object(shown)
}

pub(super) fn reject_description(fields: &Fields<'_>) -> Result<Value, Failure> {
    let text = fields.text("description")?;
    let parsed = RejectDescription::parse(text).ok_or_else(|| malformed("no authmod is named"))?;
    let authmod = parsed.authmod();
    let RejectReason::Reason { reason, params } = parsed.reason() else {
        return Ok(json!({ "kind": "need_auth", "authmod": authmod }));
    };
    let params = shown_params(params.iter().filter(|(name, _)| *name != "reason"));
    Ok(json!({ "kind": "reason", "authmod": authmod, "reason": reason, "params": params }))
}

pub(super) fn users_line(fields: &Fields<'_>) -> Result<Value, Failure> {
    let file = match UsersFile::parse(fields.text("line")?) {
        Ok(file) => file,
        Err(error) => return Ok(json!({ "error": error.problem.to_string() })),
    };
    let Some(user) = file.users().next() else {
        return Ok(json!({ "skip": true }));
    };
    let stored = user.verifiers().iter().map(|stored| match stored {
        Verifier::Plain(password) => shown(password),
        other => other.encode().into(),
    });
    let stored: Vec<Value> = stored.collect();
    let roles: Vec<&str> = user.roles().iter().map(|role| role.as_str()).collect();
    Ok(json!({
        "user": user.name(),
        "password": stored.first(),
        "roles": roles,
        "enabled": user.is_enabled(),
    }))
}

fn shown(secret: &Secret) -> Value {
    String::from_utf8_lossy(secret.expose()).into()
}

pub(super) fn authorization(fields: &Fields<'_>) -> Result<Value, Failure> {
    let parsed = Authorization::parse(fields.text("authorization")?).map_err(malformed)?;
    Ok(match &parsed {
        Authorization::Basic { user, password } => {
            json!({ "scheme": "Basic", "user": user, "password": shown(password) })
        }
        Authorization::Digest(sent) => json!({
            "scheme": "Digest",
            "user": sent.username,
            "realm": sent.realm,
            "nonce": sent.nonce,
            "uri": sent.uri,
            "response": sent.response,
            "algorithm": sent.algorithm.as_str(),
            "qop": sent.qop,
            "nc": sent.nc,
            "cnonce": sent.cnonce,
        }),
        _ => json!({ "scheme": "Bearer" }),
    })
}

pub(super) fn www_authenticate(fields: &Fields<'_>) -> Result<Value, Failure> {
    let mut shown = Vec::new();
    for header in fields.texts("www_authenticate") {
        let challenges = Challenge::parse_list(header).map_err(malformed)?;
        shown.extend(challenges.iter().map(challenge));
    }
    Ok(json!({ "challenges": shown }))
}

/// What the `WWW-Authenticate` headers of a response offer; one that cannot be read is left out.
pub(crate) fn challenges<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Value> {
    let parsed = headers.filter_map(|header| Challenge::parse_list(header).ok());
    let shown: Vec<Value> = parsed.flatten().map(|offer| challenge(&offer)).collect();
    (!shown.is_empty()).then(|| shown.into())
}

/// Names in lower case: they may come in any.
fn challenge(challenge: &Challenge<'_>) -> Value {
    let params = challenge.params();
    let params: Map<_, _> = params
        .map(|(name, value)| (name.to_ascii_lowercase(), value.into()))
        .collect();
    json!({ "scheme": challenge.scheme().to_ascii_lowercase(), "params": params })
}
