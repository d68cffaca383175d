//! What a client answers.

use serde_json::{Value, json};
use weir_auth::http::{DigestAlgorithm, DigestInput, HashAlgorithm, HttpClient, Qop};
use weir_auth::rtmp::{
    AppQuery, RtmpMechanism, adobe_response, challenge_description, llnw_response, red5_challenge,
    red5_response,
};
use weir_auth::scram::{ClientFinal, ScramClient, ScramVerifier, server_first};
use weir_auth::{SecureToken, Verifier, cram};

use super::fields::{Fields, malformed};
use crate::failure::Failure;

pub(super) fn adobe(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (user, password) = (fields.text("user")?, fields.secret("password")?);
    let (salt, opaque) = (fields.text("salt")?, fields.maybe("opaque"));
    let challenge = fields.text("server_challenge")?;
    let client = fields.text("client_challenge")?;
    let response = adobe_response(user, &password, salt, challenge, opaque, client);
    let mut params = format!("user={user}&salt={salt}&challenge={challenge}");
    if let Some(opaque) = opaque {
        params = format!("{params}&opaque={opaque}");
    }
    let mut answer = json!({
        "hash1": digest_of(&Verifier::adobe(user, salt, &password)),
        "response": response,
        "needauth_description": challenge_description(RtmpMechanism::Adobe, params),
    });
    judge(fields, &response, &mut answer);
    Ok(answer)
}

pub(super) fn llnw(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (user, password) = (fields.text("user")?, fields.secret("password")?);
    let (app, nonce) = (fields.text("app")?, fields.text("nonce")?);
    let (nc, cnonce) = (fields.text("nc")?, fields.text("cnonce")?);
    let response = llnw_response(user, &password, app, nonce, nc, cnonce);
    let params = format!("user={user}&nonce={nonce}");
    let mut answer = json!({
        "ha1": digest_of(&Verifier::ha1(HashAlgorithm::Md5, user, "live", &password)),
        "response": response,
        "needauth_description": challenge_description(RtmpMechanism::Llnw, params),
    });
    judge(fields, &response, &mut answer);
    Ok(answer)
}

/// Compares with what a client sent, if that is given.
fn judge(fields: &Fields<'_>, response: &str, answer: &mut Value) {
    if let Some(sent) = fields.maybe("app_sent").map(AppQuery::parse) {
        answer["accept"] = (sent.params().get("response") == Some(response)).into();
        answer["app"] = sent.app().into();
    }
}

/// The digest behind the braces of a stored form.
fn digest_of(verifier: &Verifier) -> String {
    let stored = verifier.encode();
    let (_, digest) = stored.rsplit_once('}').unwrap_or_default();
    digest.to_owned()
}

pub(super) fn red5(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (user, password) = (fields.text("user")?, fields.secret("password")?);
    let session = fields.text("sessionid")?;
    let challenge = red5_challenge(&fields.secret("server_salt")?, session);
    let response = red5_response(&password, &challenge);
    let params = format!("user={user}&sessionid={session}&challenge={challenge}");
    let query = format!("?authmod=red5&user={user}&sessionid={session}&response={response}");
    Ok(json!({
        "challenge": challenge,
        "needauth_description": challenge_description(RtmpMechanism::Red5, params),
        "response": response,
        "connect_query": query,
    }))
}

pub(super) fn basic(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (user, password) = (fields.text("user")?, fields.secret("password")?);
    let mut client = HttpClient::new(user, &password, [0; 32]).allow_basic();
    client
        .handle_unauthorized([r#"Basic realm="""#])
        .map_err(malformed)?;
    Ok(json!({ "authorization": client.authorization("GET", "/", b"") }))
}

/// The strongest of what a server offers.
pub(super) fn www_authenticate(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (user, password) = (fields.text("user")?, fields.secret("password")?);
    // The client's nonce is the same each time, so that an answer can be compared.
    let mut client = HttpClient::new(user, &password, [0; 32]).allow_basic();
    client
        .handle_unauthorized(fields.texts("www_authenticate"))
        .map_err(malformed)?;
    let (method, uri) = (fields.text("method")?, fields.text("uri")?);
    Ok(json!({ "authorization": client.authorization(method, uri, b"") }))
}

pub(super) fn digest(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (user, realm) = (fields.text("user")?, fields.text("realm")?);
    let password = fields.secret("password")?;
    let name = fields.maybe("alg").unwrap_or("MD5");
    let algorithm = DigestAlgorithm::from_name(name)
        .ok_or_else(|| Failure::usage(format!("no such algorithm: {name}")))?;
    let qop = match fields.maybe("qop") {
        None => Qop::None,
        Some("auth") => Qop::Auth {
            nc: fields.text("nc")?,
            cnonce: fields.text("cnonce")?,
        },
        Some("auth-int") => Qop::AuthInt {
            nc: fields.text("nc")?,
            cnonce: fields.text("cnonce")?,
            body: fields.text("body")?.as_bytes(),
        },
        Some(other) => return Err(Failure::usage(format!("no such qop: {other}"))),
    };
    let input = DigestInput {
        algorithm,
        method: fields.text("method")?,
        uri: fields.text("uri")?,
        nonce: fields.text("nonce")?,
        qop,
    };
    Ok(json!({
        "ha1": input.ha1(user, realm, &password),
        "ha2": input.ha2(),
        "response": input.response(user, realm, &password),
    }))
}

pub(super) fn cram_md5(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (user, password) = (fields.text("user")?, fields.secret("password")?);
    let response = cram::md5_response(user, &password, fields.text("challenge")?);
    let (_, digest) = cram::parse_md5_response(&response).map_err(malformed)?;
    Ok(json!({ "digest_hex": digest, "response_b64": response }))
}

/// A whole exchange, both sides.
pub(super) fn scram(fields: &Fields<'_>) -> Result<Value, Failure> {
    let (user, password) = (fields.text("user")?, fields.secret("password")?);
    let client_nonce = fields.text("client_nonce")?;
    let server_nonce = fields.text("server_nonce")?;
    let iterations = u32::try_from(fields.number("iterations")?).map_err(Failure::usage)?;
    // The stored form carries the salt in base64; any keys do for reading it.
    let zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let salt = fields.text("salt_b64")?;
    let stored = format!("SCRAM-SHA-256${iterations}:{salt}${zero}:{zero}");
    let stored = ScramVerifier::decode(&stored).map_err(malformed)?;
    let verifier = ScramVerifier::new(&password, stored.salt(), iterations).map_err(malformed)?;
    let encoded = verifier.encode();
    let (_, keys) = encoded.rsplit_once('$').unwrap_or_default();
    let (stored_key, server_key) = keys.split_once(':').unwrap_or_default();

    let mut client = ScramClient::new(user, &password, client_nonce).map_err(malformed)?;
    let client_first = client.client_first();
    let server_first = server_first(client_nonce, server_nonce, verifier.salt(), iterations);
    let client_final = client
        .handle_server_first(&server_first)
        .map_err(malformed)?;
    let parsed = ClientFinal::parse(&client_final).map_err(malformed)?;
    let server_final = parsed.verify(&verifier, user, client_nonce, server_nonce);
    Ok(json!({
        "client_first": client_first,
        "server_first": server_first,
        "client_final": client_final,
        "server_final": server_final,
        "stored_key_b64": stored_key,
        "server_key_b64": server_key,
    }))
}

pub(super) fn secure_token(fields: &Fields<'_>) -> Result<Value, Failure> {
    let key = SecureToken::new(&fields.secret("key")?).map_err(malformed)?;
    let plain = key
        .answer(fields.text("secure_token_hex")?)
        .map_err(malformed)?;
    Ok(json!({ "plaintext": plain, "response_arg": plain }))
}
