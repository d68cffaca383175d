//! Tokens of signed stream URLs.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::{Value, json};
use weir_auth::UnixTime;
use weir_auth::token::{
    AuthKey, CloudToken, EdgeAuth, EdgeAuthHash, EdgeAuthToken, LalSecret, NginxSecureLink,
    NodeMediaSign, ProtectedVod, SignedPolicy, TxSecret, WowzaHash, WowzaToken,
};

use super::fields::{Fields, malformed};
use crate::failure::Failure;

pub(super) fn nginx(fields: &Fields<'_>) -> Result<Value, Failure> {
    let secret = fields.secret("secret")?;
    let link = NginxSecureLink::new(fields.text("expression")?, &secret).map_err(malformed)?;
    let expires = fields.maybe_number("expires").map(|end| end.to_string());
    let peer = address(fields, "remote_addr")?.unwrap_or(NOBODY);
    Ok(json!({ "md5": link.sign(fields.text("uri")?, peer, expires.as_deref()) }))
}

pub(super) fn wowza(fields: &Fields<'_>) -> Result<Value, Failure> {
    let hash = match fields.text("alg")? {
        "sha256" => WowzaHash::Sha256,
        "sha384" => WowzaHash::Sha384,
        "sha512" => WowzaHash::Sha512,
        other => return Err(Failure::usage(format!("no such algorithm: {other}"))),
    };
    let prefix = fields.maybe("prefix").unwrap_or("wowzatoken");
    let token = WowzaToken::new(&fields.secret("secret")?, prefix, hash).map_err(malformed)?;
    Ok(json!({ "hash": token.sign(fields.text("path")?, &fields.texts("items")) }))
}

pub(super) fn akamai(fields: &Fields<'_>) -> Result<Value, Failure> {
    let hash = match fields.text("alg")? {
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
    let mut vod = ProtectedVod::new(&fields.secret("secret")?).map_err(malformed)?;
    let peer = address(fields, "client_ip")?;
    if peer.is_some() {
        vod = vod.with_address();
    }
    let (path, file) = (fields.text("path")?, fields.text("file")?);
    let expires = fields.text("expires_hex")?;
    let expires = UnixTime::from_secs(u64::from_str_radix(expires, 16).map_err(Failure::usage)?);
    let segments = vod.sign(path, file, peer.unwrap_or(NOBODY), expires);
    let (signature, _) = segments.split_once('/').unwrap_or_default();
    let url = format!("{}/{path}/{segments}", fields.text("server_url")?);
    Ok(json!({ "signature": signature, "net_connection_url": url, "clip": file }))
}

/// An address that may be absent or empty.
fn address(fields: &Fields<'_>, name: &str) -> Result<Option<IpAddr>, Failure> {
    let text = fields.maybe(name).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(Failure::usage))
        .transpose()
}

const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
