//! `auth`: what a challenge, header, query or token says, and what answers it.

mod explain;
mod fields;
mod respond;
mod rtsp;
mod sign;
mod token;
mod verify;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::source;

use fields::Fields;

pub(crate) use explain::challenges;
pub(crate) use rtsp::vector as rtsp_vector;

/// Explains, answers, signs and verifies what logins and signed URLs are made of.
#[derive(Debug, Args)]
#[command(
    after_help = "Schemes and their fields are those of auth.json of weir-auth's tests. Without a scheme \
    one JSON object {\"scheme\",\"in\"} is read from standard input.\n\n\
    Example: weir-inspect auth explain parse_app_query 'app=live?authmod=adobe&user=alice'\n\
    Example: weir-inspect auth respond cram_md5 user=tim password=x challenge='<1@h>'\n\
    Example: weir-inspect auth sign lal_secret key=secret stream=cam1\n\
    Example: weir-inspect auth verify lal_secret key=k stream=a secret=2c68e1d50809e4ae357bcffe1fc99d2a"
)]
pub(crate) struct AuthArgs {
    /// What to do.
    #[arg(value_enum)]
    verb: Verb,
    /// The mechanism, header or token.
    scheme: Option<String>,
    /// NAME=VALUE.
    fields: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Verb {
    /// Shows what a challenge, query, header or line says.
    Explain,
    /// Computes the client's answer to a challenge.
    Respond,
    /// Makes a token.
    Sign,
    /// Checks an answer or a token.
    Verify,
}

type Run = fn(&Fields<'_>) -> Result<Value, Failure>;

/// What each scheme is good for. Where one has several verbs, the vectors have the first.
const SCHEMES: [(&str, Verb, Run); 40] = [
    ("parse_app_query", Verb::Explain, explain::app_query),
    (
        "parse_reject_description",
        Verb::Explain,
        explain::reject_description,
    ),
    ("spring_users_line", Verb::Explain, explain::users_line),
    ("authorization", Verb::Explain, explain::authorization),
    ("www_authenticate", Verb::Explain, explain::www_authenticate),
    ("adobe", Verb::Respond, respond::adobe),
    ("llnw", Verb::Respond, respond::llnw),
    ("red5", Verb::Respond, respond::red5),
    ("basic", Verb::Respond, respond::basic),
    ("digest", Verb::Respond, respond::digest),
    ("www_authenticate", Verb::Respond, respond::www_authenticate),
    ("cram_md5", Verb::Respond, respond::cram_md5),
    ("scram", Verb::Respond, respond::scram),
    ("securetoken_tea", Verb::Respond, respond::secure_token),
    ("nginx_secure_link_md5", Verb::Sign, sign::nginx),
    ("wowza_token", Verb::Sign, sign::wowza),
    ("akamai_edgeauth", Verb::Sign, sign::akamai),
    ("tencent_txsecret", Verb::Sign, sign::tencent),
    ("aliyun_auth_key_a", Verb::Sign, sign::aliyun),
    ("nms_sign", Verb::Sign, sign::node_media),
    ("lal_secret", Verb::Sign, sign::lal),
    ("ome_signed_policy", Verb::Sign, sign::ome),
    ("red5_cloud_digest_token", Verb::Sign, sign::red5_cloud),
    ("protectedvod_hmac_md5", Verb::Sign, sign::protected_vod),
    ("stream_token", Verb::Sign, sign::stream),
    ("rtsp_authorization", Verb::Verify, verify::authorization),
    ("jwt_hs256", Verb::Verify, token::jwt),
    ("jwt_hs256", Verb::Sign, sign::jwt),
    ("nginx_secure_link_md5", Verb::Verify, token::nginx),
    (
        "nginx_secure_link_secret",
        Verb::Verify,
        token::nginx_secret,
    ),
    ("wowza_token", Verb::Verify, token::wowza),
    ("akamai_edgeauth", Verb::Verify, token::akamai),
    ("tencent_txsecret", Verb::Verify, token::tencent),
    ("aliyun_auth_key_a", Verb::Verify, token::aliyun),
    ("nms_sign", Verb::Verify, token::node_media),
    ("lal_secret", Verb::Verify, token::lal),
    ("ome_signed_policy", Verb::Verify, token::ome),
    ("red5_cloud_digest_token", Verb::Verify, token::red5_cloud),
    ("protectedvod_hmac_md5", Verb::Verify, token::protected_vod),
    ("stream_token", Verb::Verify, token::stream),
];

pub(crate) fn run(args: &AuthArgs) -> Result<Value, Failure> {
    if let Some(scheme) = &args.scheme {
        let mut input = Map::new();
        for field in &args.fields {
            let (name, value) = field
                .split_once('=')
                .ok_or_else(|| Failure::usage(format!("{field:?} is not NAME=VALUE")))?;
            input.insert(name.to_owned(), value.into());
        }
        return answer(Some(args.verb), scheme, &Value::Object(input));
    }
    let text = source::text("-")?;
    let entry: &Value = &serde_json::from_str(&text).map_err(Failure::usage)?;
    let scheme = entry["scheme"].as_str().unwrap_or_default();
    let expect = answer(Some(args.verb), scheme, &entry["in"])?;
    Ok(json!({ "expect": expect }))
}

/// One line of the vectors: what `expect` should be.
pub(crate) fn vector(entry: &Value) -> Result<Value, Failure> {
    let scheme = entry["scheme"].as_str().unwrap_or_default();
    Ok(json!({ "expect": answer(None, scheme, &entry["in"])? }))
}

fn answer(verb: Option<Verb>, scheme: &str, input: &Value) -> Result<Value, Failure> {
    let mut found = SCHEMES.iter().filter(|(name, ..)| *name == scheme);
    let known = found.find(|(_, does, _)| verb.is_none_or(|verb| verb == *does));
    let (.., run) =
        known.ok_or_else(|| Failure::usage(format!("no such scheme here: {scheme:?}")))?;
    run(&Fields(input))
}
