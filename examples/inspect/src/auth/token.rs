//! Whether the token of a signed stream URL is right.

use std::time::Duration;

use serde_json::{Value, json};
use weir_auth::rtmp::Params;
use weir_auth::token::{
    AuthKey, CloudToken, Jwt, LalSecret, NodeMediaSign, SignedPolicy, StreamPath, StreamRequest,
    TxSecret, secure_link_secret,
};
use weir_auth::{OneUse, TokenError};

use super::fields::{Fields, malformed};
use super::sign;
use crate::failure::Failure;

pub(super) fn nginx(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (md5, expires) = (fields.text("md5")?, fields.maybe_number("expires"));
    let expires = expires.map(|end| end.to_string());
    let (uri, peer) = (fields.text("uri")?, fields.address("remote_addr")?);
    let link = sign::nginx_link(fields)?;
    judge(link.verify(md5, expires.as_deref(), uri, peer, fields.now()?))
}

pub(super) fn nginx_secret(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (hash, link) = (fields.text("hash")?, fields.text("link")?);
    judge(secure_link_secret(hash, link, &fields.secret("secret")?))
}

/// With an address among the fields, it must be hashed too.
pub(super) fn wowza(fields: &Fields<'_>) -> Result<Value, Failure> {
    let mut token = sign::wowza_token(fields)?;
    if fields.has_address("client_ip") {
        token = token.with_address();
    }
    let (path, query) = (fields.text("path")?, Params::parse(fields.text("query")?));
    judge(token.verify(path, query, fields.address("client_ip")?, fields.now()?))
}

pub(super) fn akamai(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (token, url) = (fields.text("token")?, fields.text("url")?);
    let auth = sign::edge_auth(fields)?;
    let verified = auth.verify(token, url, fields.address("ip")?, fields.now()?);
    judge(verified.map(drop))
}

pub(super) fn tencent(fields: &Fields<'_>) -> Result<Value, Failure> {
    let key = TxSecret::new(&fields.secret("key")?).map_err(malformed)?;
    let (secret, time) = (fields.text("txSecret")?, fields.text("txTime")?);
    judge(key.verify(fields.text("stream")?, secret, time, fields.now()?))
}

/// `lifetime` is in seconds; without it the timestamp is the expiry.
pub(super) fn aliyun(fields: &Fields<'_>) -> Result<Value, Failure> {
    let lifetime = Duration::from_secs(fields.maybe_number("lifetime").unwrap_or(0));
    let key = AuthKey::new(&fields.secret("key")?, lifetime).map_err(malformed)?;
    judge(key.verify(fields.text("uri")?, fields.text("auth_key")?, fields.now()?))
}

pub(super) fn node_media(fields: &Fields<'_>) -> Result<Value, Failure> {
    let secret = NodeMediaSign::new(&fields.secret("secret")?).map_err(malformed)?;
    let (path, sign) = (fields.text("stream_path")?, fields.text("sign")?);
    judge(secret.verify(path, sign, fields.now()?))
}

pub(super) fn lal(fields: &Fields<'_>) -> Result<Value, Failure> {
    let key = LalSecret::new(&fields.secret("key")?).map_err(malformed)?;
    judge(key.verify(fields.text("stream")?, fields.text("secret")?))
}

pub(super) fn ome(fields: &Fields<'_>) -> Result<Value, Failure> {
    let policy = SignedPolicy::new(&fields.secret("secret")?).map_err(malformed)?;
    let peer = fields.address("client_ip")?;
    judge_and(
        policy.verify(fields.text("url")?, peer, fields.now()?),
        |grant| {
            let expires = grant.stream_expires.map(|end| end.as_secs());
            ("stream_expires", json!(expires))
        },
    )
}

pub(super) fn red5_cloud(fields: &Fields<'_>) -> Result<Value, Failure> {
    let cloud = CloudToken::new(&fields.secret("secret")?).map_err(malformed)?;
    judge_and(
        cloud.verify(fields.text("token")?, fields.now()?),
        |grant| {
            let shown = json!({
                "stream": grant.stream,
                "user": grant.user,
                "role": grant.role,
                "params": grant.params,
                "app": grant.app,
                "expires": grant.expires.as_secs(),
            });
            ("grant", shown)
        },
    )
}

/// `app` is all of the connection's path, `root` the application that it begins with.
pub(super) fn protected_vod(fields: &Fields<'_>) -> Result<Value, Failure> {
    let path = StreamPath::new(fields.text("app")?, fields.text("clip")?);
    let vod = sign::vod(fields)?;
    let (root, peer) = (fields.text("root")?, fields.address("client_ip")?);
    let verified = vod.verify(&path, root, &["flv", "mp4"], peer, fields.now()?);
    judge_and(verified, |file| ("file", json!(file)))
}

pub(super) fn stream(fields: &Fields<'_>) -> Result<Value, Failure> {
    let tokens = sign::stream_tokens(fields)?;
    let (app, name) = (fields.text("app")?, fields.text("stream")?);
    let request = StreamRequest::new(fields.action()?, app, name, fields.address("client_ip")?);
    let mut used = OneUse::new(1);
    let verified = tokens.verify(fields.text("token")?, &request, &mut used, fields.now()?);
    judge_and(verified, |grant| {
        let shown = json!({
            "app": grant.app,
            "stream": grant.stream,
            "subject": grant.subject,
            "expires": grant.expires.as_secs(),
            "not_before": grant.not_before.map(|time| time.as_secs()),
            "stream_expires": grant.stream_expires.map(|time| time.as_secs()),
            "one_use": grant.one_use.is_some(),
        });
        ("grant", shown)
    })
}

pub(super) fn jwt(fields: &Fields<'_>) -> Result<Value, Failure> {
    let jwt = Jwt::new(&fields.secret("key")?).map_err(malformed)?;
    let verified = jwt.verify(fields.text("token")?, fields.now()?);
    judge_and(verified, |claims| {
        let shown = serde_json::from_str(&claims.to_json());
        ("claims", shown.unwrap_or_default())
    })
}

fn judge(verified: Result<(), TokenError>) -> Result<Value, Failure> {
    let why = match verified {
        Ok(()) => return Ok(json!({ "accept": true })),
        Err(TokenError::Expired(_)) => "expired".to_owned(),
        Err(TokenError::AlgorithmNotAllowed) => "alg".to_owned(),
        Err(error) => error.to_string(),
    };
    Ok(json!({ "accept": false, "why": why }))
}

/// Adds what a token says, when it is right.
fn judge_and<T>(
    verified: Result<T, TokenError>,
    show: impl FnOnce(&T) -> (&'static str, Value),
) -> Result<Value, Failure> {
    let shown = verified.as_ref().ok().map(show);
    let mut judged = judge(verified.map(drop))?;
    if let (Some((key, value)), Value::Object(judged)) = (shown, &mut judged) {
        judged.insert(key.to_owned(), value);
    }
    Ok(judged)
}
