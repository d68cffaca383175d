//! A small JSON parser, so that the feature costs no dependency.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

/// Why a text is not a value in the notation of [`json`](crate::json).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("at byte {offset}: {expected} expected")]
#[non_exhaustive]
pub struct JsonError {
    /// Where in the text, in bytes; for a value that JSON allows and the notation does not, where
    /// it ends.
    pub offset: usize,
    /// What should stand there.
    pub expected: &'static str,
}

/// A JSON value, and where in the text it ends.
#[derive(Debug)]
pub(super) struct Json<'t> {
    pub(super) value: JsonValue<'t>,
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) enum JsonValue<'t> {
    Null,
    Boolean(bool),
    Number(f64),
    String(Cow<'t, str>),
    Array(Vec<Json<'t>>),
    Object(Vec<(Cow<'t, str>, Json<'t>)>),
}

impl<'t> Json<'t> {
    /// Parses a whole text.
    pub(super) fn parse(text: &'t str) -> Result<Self, JsonError> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(0)?;
        parser.space();
        if parser.at < text.len() {
            Err(parser.error("the end of the text"))
        } else {
            Ok(value)
        }
    }

    pub(super) const fn error(&self, expected: &'static str) -> JsonError {
        JsonError {
            offset: self.end,
            expected,
        }
    }

    /// Returns a member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match &self.value {
            JsonValue::Object(members) => members
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn member(&self, name: &'static str) -> Result<&Self, JsonError> {
        self.get(name).ok_or_else(|| self.error(name))
    }

    pub(super) fn str(&self) -> Result<&str, JsonError> {
        match &self.value {
            JsonValue::String(text) => Ok(text),
            _ => Err(self.error("a string")),
        }
    }

    pub(super) fn bool(&self) -> Result<bool, JsonError> {
        match self.value {
            JsonValue::Boolean(value) => Ok(value),
            _ => Err(self.error("true or false")),
        }
    }

    pub(super) fn array(&self) -> Result<&[Self], JsonError> {
        match &self.value {
            JsonValue::Array(items) => Ok(items),
            _ => Err(self.error("an array")),
        }
    }

    /// Returns a whole number of a type that `f64` holds without loss.
    pub(super) fn whole<T: TryFrom<i64>>(&self) -> Result<T, JsonError> {
        let JsonValue::Number(number) = self.value else {
            return Err(self.error("a number"));
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "compared with the original"
        )]
        let whole = number as i64;
        #[expect(clippy::cast_precision_loss, reason = "compared with the original")]
        let same = whole as f64 == number;
        T::try_from(whole)
            .ok()
            .filter(|_| same)
            .ok_or_else(|| self.error("a number that fits"))
    }

    /// Returns a number, or one given by its bits: `{"dx":"16 digits"}`.
    pub(super) fn number(&self) -> Result<f64, JsonError> {
        if let JsonValue::Number(number) = self.value {
            return Ok(number);
        }
        let bits = self.member("dx")?;
        let bits = u64::from_str_radix(bits.str()?, 16)
            .ok()
            .filter(|_| bits.str().map_or(0, str::len) == 16);
        bits.map(f64::from_bits)
            .ok_or_else(|| self.error("16 hexadecimal digits"))
    }

    /// Returns bytes given as hexadecimal digits.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, JsonError> {
        let digits = self.str()?.as_bytes();
        let digit = |digit: u8| {
            char::from(digit)
                .to_digit(16)
                .and_then(|it| u8::try_from(it).ok())
        };
        let pairs = digits.chunks(2).map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        });
        pairs
            .collect::<Option<_>>()
            .ok_or_else(|| self.error("hexadecimal digits"))
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

/// How deep arrays and objects may nest; a value of AMF takes up to three levels.
const MAX_NESTING: usize = 1024;

impl<'t> Parser<'t> {
    const fn error(&self, expected: &'static str) -> JsonError {
        JsonError {
            offset: self.at,
            expected,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Passes over `byte` if it is next, behind white space.
    fn skip(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Json<'t>, JsonError> {
        if depth > MAX_NESTING {
            return Err(self.error("no more than 1024 levels of nesting"));
        }
        self.space();
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => JsonValue::String(self.string()?),
            Some(b't') => self.word("true", JsonValue::Boolean(true))?,
            Some(b'f') => self.word("false", JsonValue::Boolean(false))?,
            Some(b'n') => self.word("null", JsonValue::Null)?,
            _ => self.number()?,
        };
        Ok(Json {
            value,
            end: self.at,
        })
    }

    fn word(
        &mut self,
        word: &'static str,
        value: JsonValue<'t>,
    ) -> Result<JsonValue<'t>, JsonError> {
        match self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word))
        {
            true => {
                self.at += word.len();
                Ok(value)
            }
            false => Err(self.error(word)),
        }
    }

    fn array(&mut self, depth: usize) -> Result<JsonValue<'t>, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        if self.skip(b']') {
            return Ok(JsonValue::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.skip(b']') {
                return Ok(JsonValue::Array(items));
            }
            if !self.skip(b',') {
                return Err(self.error("a comma or ]"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<JsonValue<'t>, JsonError> {
        self.at += 1;
        let mut members = Vec::new();
        if self.skip(b'}') {
            return Ok(JsonValue::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            if !self.skip(b':') {
                return Err(self.error("a colon"));
            }
            members.push((name, self.value(depth + 1)?));
            if self.skip(b'}') {
                return Ok(JsonValue::Object(members));
            }
            if !self.skip(b',') {
                return Err(self.error("a comma or }"));
            }
        }
    }

    fn number(&mut self) -> Result<JsonValue<'t>, JsonError> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
        ) {
            self.at += 1;
        }
        let number = self
            .text
            .get(start..self.at)
            .and_then(|digits| digits.parse::<f64>().ok());
        let number = number.filter(|number| number.is_finite());
        number.map(JsonValue::Number).ok_or(JsonError {
            offset: start,
            expected: "a value",
        })
    }

    fn string(&mut self) -> Result<Cow<'t, str>, JsonError> {
        if !self.skip(b'"') {
            return Err(self.error("a string"));
        }
        let start = self.at;
        let mut unescaped = String::new();
        let mut plain = start;
        loop {
            let here = self.at;
            let before = self.text.get(plain..here).unwrap_or_default();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    if plain == start {
                        return Ok(Cow::Borrowed(before));
                    }
                    unescaped.push_str(before);
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => {
                    unescaped.push_str(before);
                    self.at += 1;
                    unescaped.push(self.escape()?);
                    plain = self.at;
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(self.error("the end of the string")),
            }
        }
    }

    /// Reads what stands behind a backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        let escape = self.peek();
        self.at += 1;
        Ok(match escape {
            Some(plain @ (b'"' | b'\\' | b'/')) => plain.into(),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = self.unit()?;
                let character = match unit {
                    0xd800..=0xdbff
                        if self
                            .text
                            .get(self.at..)
                            .is_some_and(|it| it.starts_with("\\u")) =>
                    {
                        self.at += 2;
                        let low = self.unit()?;
                        let pair = [unit, low];
                        char::decode_utf16(pair).next().and_then(Result::ok)
                    }
                    _ => char::from_u32(unit.into()),
                };
                character.ok_or_else(|| self.error("a character, not half of one"))?
            }
            _ => return Err(self.error("an escaped character")),
        })
    }

    fn unit(&mut self) -> Result<u16, JsonError> {
        let digits = self.at..self.at.saturating_add(4);
        let unit = self
            .text
            .get(digits)
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        self.at += 4;
        unit.ok_or_else(|| self.error("four hexadecimal digits"))
    }
}
