//! Makes the tokens of signed stream URLs.

use std::time::Duration;

use serde_json::{Value, json};
use weir_auth::UnixTime;
use weir_auth::token::{
    AuthKey, CloudToken, EdgeAuth, EdgeAuthHash, EdgeAuthToken, Jwt, LalSecret, NginxSecureLink,
    NodeMediaSign, ProtectedVod, SignedPolicy, StreamGrant, StreamTokens, TxSecret, WowzaHash,
    WowzaToken,
};

use super::fields::{Fields, malformed};
use crate::failure::Failure;

pub(super) fn nginx(fields: &Fields<'_>) -> Result<Value, Failure> {
    let link = nginx_link(fields)?;
    let expires = fields.maybe_number("expires").map(|end| end.to_string());
    let peer = fields.address("remote_addr")?;
    Ok(json!({ "md5": link.sign(fields.text("uri")?, peer, expires.as_deref()) }))
}

pub(super) fn nginx_link(fields: &Fields<'_>) -> Result<NginxSecureLink, Failure> {
    let secret = fields.secret("secret")?;
    NginxSecureLink::new(fields.text("expression")?, &secret).map_err(malformed)
}

pub(super) fn wowza(fields: &Fields<'_>) -> Result<Value, Failure> {
    let token = wowza_token(fields)?;
    Ok(json!({ "hash": token.sign(fields.text("path")?, &fields.texts("items")) }))
}

pub(super) fn wowza_token(fields: &Fields<'_>) -> Result<WowzaToken, Failure> {
    let hash = match fields.text("alg")? {
        "sha256" => WowzaHash::Sha256,
        "sha384" => WowzaHash::Sha384,
        "sha512" => WowzaHash::Sha512,
        other => return Err(Failure::usage(format!("no such algorithm: {other}"))),
    };
    let prefix = fields.maybe("prefix").unwrap_or("wowzatoken");
    WowzaToken::new(&fields.secret("secret")?, prefix, hash).map_err(malformed)
}

pub(super) fn akamai(fields: &Fields<'_>) -> Result<Value, Failure> {
    let auth = edge_auth(fields)?;
    let text = |name| fields.maybe(name).map(String::from);
    let token = EdgeAuthToken {
        ip: text("ip"),
        start: fields.maybe_number("st"),
        expires: fields.number("exp")?,
        acl: text("acl"),
        id: text("id"),
        data: text("data"),
    };
    Ok(json!({ "token": auth.sign(&token, fields.maybe("url").unwrap_or_default()) }))
}

pub(super) fn edge_auth(fields: &Fields<'_>) -> Result<EdgeAuth, Failure> {
    let hash = match fields.text("alg")? {
        "md5" => EdgeAuthHash::Md5,
        "sha1" => EdgeAuthHash::Sha1,
        "sha256" => EdgeAuthHash::Sha256,
        other => return Err(Failure::usage(format!("no such algorithm: {other}"))),
    };
    let mut auth = EdgeAuth::new(fields.text("key")?, hash).map_err(malformed)?;
    if fields.flag("escape") {
        auth = auth.escape_early();
    }
    if let Some(salt) = fields.maybe("salt") {
        auth = auth.with_salt(&salt.into());
    }
    Ok(auth)
}

pub(super) fn tencent(fields: &Fields<'_>) -> Result<Value, Failure> {
    let key = TxSecret::new(&fields.secret("key")?).map_err(malformed)?;
    Ok(json!({ "txSecret": key.sign(fields.text("stream")?, fields.text("txTime")?) }))
}

pub(super) fn aliyun(fields: &Fields<'_>) -> Result<Value, Failure> {
    // How long the server lets it live is no part of the token.
    let key = AuthKey::new(&fields.secret("key")?, Duration::ZERO).map_err(malformed)?;
    let (rand, uid) = (fields.text("rand")?, fields.text("uid")?);
    let signed = key.sign(fields.text("uri")?, fields.number("timestamp")?, rand, uid);
    Ok(json!({ "auth_key": signed }))
}

pub(super) fn node_media(fields: &Fields<'_>) -> Result<Value, Failure> {
    let secret = NodeMediaSign::new(&fields.secret("secret")?).map_err(malformed)?;
    let path = fields.text("stream_path")?;
    Ok(json!({ "sign": secret.sign(path, fields.number("expires")?) }))
}

pub(super) fn lal(fields: &Fields<'_>) -> Result<Value, Failure> {
    let key = LalSecret::new(&fields.secret("key")?).map_err(malformed)?;
    Ok(json!({ "secret": key.sign(fields.text("stream")?) }))
}

pub(super) fn ome(fields: &Fields<'_>) -> Result<Value, Failure> {
    let policy = SignedPolicy::new(&fields.secret("secret")?).map_err(malformed)?;
    Ok(json!({ "signature": policy.signature(fields.text("url_without_signature")?) }))
}

pub(super) fn red5_cloud(fields: &Fields<'_>) -> Result<Value, Failure> {
    let cloud = CloudToken::new(&fields.secret("secret")?).map_err(malformed)?;
    Ok(json!({ "token": cloud.sign(fields.text("payload")?) }))
}

pub(super) fn protected_vod(fields: &Fields<'_>) -> Result<Value, Failure> {
    let vod = vod(fields)?;
    let (path, file) = (fields.text("path")?, fields.text("file")?);
    let expires = fields.text("expires_hex")?;
    let expires = UnixTime::from_secs(u64::from_str_radix(expires, 16).map_err(Failure::usage)?);
    let segments = vod.sign(path, file, fields.address("client_ip")?, expires);
    let (signature, _) = segments.split_once('/').unwrap_or_default();
    let url = format!("{}/{path}/{segments}", fields.text("server_url")?);
    Ok(json!({ "signature": signature, "net_connection_url": url, "clip": file }))
}

/// With an address among the fields, it is signed too.
pub(super) fn vod(fields: &Fields<'_>) -> Result<ProtectedVod, Failure> {
    let vod = ProtectedVod::new(&fields.secret("secret")?).map_err(malformed)?;
    Ok(match fields.has_address("client_ip") {
        true => vod.with_address(),
        false => vod,
    })
}

pub(super) fn jwt(fields: &Fields<'_>) -> Result<Value, Failure> {
    let jwt = Jwt::new(&fields.secret("key")?).map_err(malformed)?;
    Ok(json!({ "token": jwt.sign(fields.text("claims")?) }))
}

/// The project's own form.
pub(super) fn stream(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (app, name) = (fields.text("app")?, fields.text("stream")?);
    let subject = fields.maybe("subject").unwrap_or_default();
    let expires = fields.time("expires")?;
    let mut grant = StreamGrant::new(fields.action()?, app, name, subject, expires);
    grant.not_before = fields.maybe_number("not_before").map(UnixTime::from_secs);
    grant.stream_expires = fields
        .maybe_number("stream_expires")
        .map(UnixTime::from_secs);
    if let Some(network) = fields.maybe("address") {
        grant.address = Some(network.parse().map_err(malformed)?);
    }
    let token = stream_tokens(fields)?.sign(&grant).map_err(malformed)?;
    Ok(json!({ "token": token }))
}

pub(super) fn stream_tokens(fields: &Fields<'_>) -> Result<StreamTokens, Failure> {
    let id = fields.maybe_number("key_id").unwrap_or(1);
    let id = u8::try_from(id).map_err(Failure::usage)?;
    StreamTokens::new(id, &fields.secret("key")?).map_err(malformed)
}
