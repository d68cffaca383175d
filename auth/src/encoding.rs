//! Hex and the three dialects of base64 that appear on the wire.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD_PADDED.encode(bytes)
}

/// URL-safe base64 without padding: nothing in it changes meaning in a query.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_UNPADDED.encode(bytes)
}

/// URL-safe base64 with padding (Wowza).
pub(crate) fn base64url_padded(bytes: &[u8]) -> String {
    URL_PADDED.encode(bytes)
}

/// Decodes standard base64; padding may be missing.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD_PADDED.decode(text).ok()
}

/// Decodes URL-safe base64; padding may be there.
pub(crate) fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    URL_UNPADDED.decode(text).ok()
}

/// Decodes a standard base64 digest of exactly `N` bytes; padding may be missing.
pub(crate) fn decode_digest<const N: usize>(text: &str) -> Option<[u8; N]> {
    // 4 characters carry 3 bytes: longer text cannot be a digest and is not worth a decoder run.
    if text.len() > N.div_ceil(3) * 4 {
        return None;
    }
    decode_base64(text)?.try_into().ok()
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(hex_digit(byte >> 4)));
        text.push(char::from(hex_digit(byte & 15)));
    }
    text
}

/// Decodes hex of either case; `None` for an odd length or another character.
pub(crate) fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| match *pair {
        [high, low] => Some((nibble(high)? << 4) | nibble(low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

/// The ASCII character of the low four bits.
pub(crate) const fn hex_digit(nibble: u8) -> u8 {
    match nibble & 15 {
        digit @ 0..=9 => b'0' + digit,
        letter => b'a' + letter - 10,
    }
}

fn nibble(character: u8) -> Option<u8> {
    char::from(character)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_PADDED: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const URL_PADDED: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
const URL_UNPADDED: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, LENIENT.with_encode_padding(false));
