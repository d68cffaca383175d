//! Where the bytes come from: a file, standard input, or hex on the command line.

use std::fs::File;
use std::io::{self, Read};

use bytes::{Bytes, BytesMut};
use clap::Args;

use crate::failure::Failure;

/// Where the bytes of one value come from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Input {
    /// The file; - reads standard input.
    file: Option<String>,
    /// The bytes themselves, as hex digits.
    #[arg(long, value_name = "HEX")]
    hex: Option<String>,
}

impl Input {
    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        match (&self.hex, &self.file) {
            (Some(digits), _) => hex(digits),
            (None, Some(file)) => whole(file),
            (None, None) => Err(Failure::usage("a file or --hex is needed")),
        }
    }
}

/// Reads one value whole, at most [`MAX_VALUE_LEN`] bytes of it.
fn whole(path: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    open(path)?
        .take(MAX_VALUE_LEN + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| named(path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > MAX_VALUE_LEN) {
        return Err(Failure::at(
            "limit",
            MAX_VALUE_LEN,
            format!("{path}: longer than {MAX_VALUE_LEN} bytes"),
        ));
    }
    Ok(bytes)
}

/// Reads text of at most [`MAX_VALUE_LEN`] bytes.
pub(crate) fn text(path: &str) -> Result<String, Failure> {
    String::from_utf8(whole(path)?).map_err(|error| {
        let offset = error.utf8_error().valid_up_to() as u64;
        Failure::at("malformed", offset, error)
    })
}

/// Decodes hex digits; white space between them is allowed.
pub(crate) fn hex(text: &str) -> Result<Vec<u8>, Failure> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    if !digits.len().is_multiple_of(2) {
        return Err(Failure::usage(format!(
            "{} hex digits, an even number is needed",
            digits.len()
        )));
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let byte = pair
                .iter()
                .try_fold(0, |byte, digit| Some(byte << 4 | digit.to_digit(16)?));
            byte.and_then(|byte| u8::try_from(byte).ok())
                .ok_or_else(|| Failure::usage(format!("{pair:?} are not hex digits")))
        })
        .collect()
}

/// A file read in pieces, for the incremental decoders.
#[derive(Debug)]
pub(crate) struct Pieces {
    path: String,
    input: Reading,
    piece_len: usize,
    buffer: BytesMut,
}

impl Pieces {
    /// Opens `path`; each piece has at most `cut` bytes, or 64 KiB.
    pub(crate) fn open(path: &str, cut: Option<usize>) -> Result<Self, Failure> {
        Ok(Self {
            path: path.to_owned(),
            input: open(path)?,
            piece_len: cut.unwrap_or(PIECE_LEN).clamp(1, PIECE_LEN),
            buffer: BytesMut::new(),
        })
    }

    /// Returns the next piece, or `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        if self.buffer.is_empty() {
            self.buffer.resize(PIECE_LEN, 0);
            let len = loop {
                match self.input.read(&mut self.buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read.map_err(|error| named(&self.path, &error))?,
                }
            };
            self.buffer.truncate(len);
        }
        let len = self.buffer.len().min(self.piece_len);
        Ok((len > 0).then(|| self.buffer.split_to(len).freeze()))
    }
}

/// For readers that have a buffer of their own.
impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = into.len().min(self.piece_len);
        self.input.read(into.get_mut(..len).unwrap_or_default())
    }
}

#[derive(Debug)]
enum Reading {
    File(File),
    Stdin(io::Stdin),
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(into),
            Self::Stdin(stdin) => stdin.read(into),
        }
    }
}

fn open(path: &str) -> Result<Reading, Failure> {
    if path == "-" {
        return Ok(Reading::Stdin(io::stdin()));
    }
    File::open(path)
        .map(Reading::File)
        .map_err(|error| named(path, &error))
}

fn named(path: &str, error: &io::Error) -> Failure {
    Failure::new("io", format!("{path}: {error}"))
}

const MAX_VALUE_LEN: u64 = 16 << 20;
const PIECE_LEN: usize = 64 << 10;
