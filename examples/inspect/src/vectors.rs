//! `vectors`: test vectors in, one JSON object per line; what the crates compute out.

use std::io::{BufRead, stdin};

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::amf;
use crate::auth;
use crate::codec;
use crate::failure::Failure;
use crate::rtsp;

#[derive(Debug, Args)]
pub(crate) struct VectorsArgs {
    /// Whose vectors they are.
    #[arg(value_enum)]
    family: Family,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Family {
    Amf,
    Auth,
    Codec,
    Rtsp,
}

pub(crate) fn run(args: &VectorsArgs) -> Result<Vec<Value>, Failure> {
    let mut lines = Vec::new();
    for line in stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            lines.push(answer(args.family, &line)?);
        }
    }
    Ok(lines)
}

fn answer(family: Family, line: &str) -> Result<Value, Failure> {
    let mut parser = serde_json::Deserializer::from_str(line);
    parser.disable_recursion_limit();
    let entry = Value::deserialize(&mut parser).map_err(Failure::usage)?;
    let mut answer = Map::new();
    for key in ["name", "id"] {
        if let Some(name) = entry.get(key) {
            answer.insert(key.to_owned(), name.clone());
        }
    }
    let computed = match family {
        Family::Amf => amf::vector(&entry),
        Family::Auth => auth::vector(&entry),
        Family::Codec => codec::vector(&entry),
        Family::Rtsp => rtsp::vector(&entry),
    };
    match computed {
        Ok(Value::Object(computed)) => answer.extend(computed),
        Ok(other) => {
            answer.insert("expect".to_owned(), other);
        }
        Err(failure) => {
            answer.insert("error".to_owned(), failure.to_inner_json());
        }
    }
    Ok(Value::Object(answer))
}
