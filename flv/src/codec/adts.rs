//! ADTS: AAC frames that carry their configuration, as in MPEG-TS and `.aac` files.

use super::aac::{AacConfig, rate_index, rate_of};
use super::bits::{BitWriter, Bits};
use crate::cursor::Cursor;
use crate::{EncodeError, Malformed};

/// One ADTS frame.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdtsFrame<'a> {
    /// The configuration, which an FLV stream carries once instead.
    pub config: AacConfig,
    /// The raw frame, as FLV carries it.
    pub payload: &'a [u8],
}

/// Walks the frames of an ADTS stream. Ends after an error.
///
/// ISO/IEC 14496-3, section 1.A.2.2.
pub fn frames(stream: &[u8]) -> impl Iterator<Item = Result<AdtsFrame<'_>, Malformed>> {
    let mut cursor = Cursor::new(stream);
    let mut failed = false;
    core::iter::from_fn(move || {
        if failed || cursor.is_empty() {
            return None;
        }
        let frame = frame(&mut cursor);
        failed = frame.is_err();
        Some(frame)
    })
}

/// The 7 bytes of ADTS in front of a raw frame of `payload_len` bytes.
///
/// # Errors
/// [`EncodeError`] when ADTS cannot say the configuration (object types above 4, rates without
/// a number, channel configurations above 7) or the frame has more than 8,184 bytes.
pub fn header(config: &AacConfig, payload_len: usize) -> Result<[u8; 7], EncodeError> {
    let place = |what, fits| match fits {
        true => Ok(()),
        false => Err(EncodeError::NoPlace { form: "ADTS", what }),
    };
    place("this object type", matches!(config.object_type, 1..=4))?;
    place("this channel configuration", config.channel_config < 8)?;
    let no_rate = EncodeError::NoPlace {
        form: "ADTS",
        what: "this sample rate",
    };
    let rate = rate_index(config.sample_rate).ok_or(no_rate)?;
    let len = u32::try_from(payload_len)
        .ok()
        .and_then(|len| len.checked_add(7));
    let len = len
        .filter(|len| *len < 1 << 13)
        .ok_or_else(|| EncodeError::Range {
            what: "AAC frame length",
            got: i64::try_from(payload_len).unwrap_or(i64::MAX),
            allowed: "0 to 8184",
        })?;
    let mut bits = BitWriter::default();
    bits.write(0xfff1, 16);
    bits.write(u32::from(config.object_type) - 1, 2);
    bits.write(rate.into(), 4);
    bits.write(0, 1);
    bits.write(config.channel_config.into(), 3);
    bits.write(0, 4);
    bits.write(len, 13);
    bits.write(0x7ff, 11);
    bits.write(0, 2);
    let mut out = [0; 7];
    out.iter_mut()
        .zip(bits.into_bytes())
        .for_each(|(to, from)| *to = from);
    Ok(out)
}

/// ```text
///  syncword(12) ID(1) layer(2) protection_absent(1) profile(2) rate(4) private(1) channels(3)
///  original, home, copyright(4) frame length(13) fullness(11) blocks(2)  [CRC(16)]
/// ```
fn frame<'a>(cursor: &mut Cursor<'a>) -> Result<AdtsFrame<'a>, Malformed> {
    let offset = cursor.offset();
    let header = cursor.array::<7>("adts_header")?;
    let mut bits = Bits::new(&header);
    let sync = bits.read(12, "syncword")?;
    if sync != 0xfff {
        let got = sync.into();
        return Err(Malformed::Value {
            what: "syncword",
            offset,
            got,
            allowed: "0xfff",
        });
    }
    bits.skip(3, "layer")?;
    let protected = !bits.flag("protection_absent")?;
    let object_type = bits.read_u8(2, "profile")? + 1;
    let sample_rate = rate_of(bits.read(4, "sampling_frequency_index")?, offset + 2)?;
    bits.skip(1, "private_bit")?;
    let channel_config = bits.read_u8(3, "channel_configuration")?;
    bits.skip(4, "original_copy")?;
    let len = bits.read(13, "aac_frame_length")?;
    bits.skip(11, "adts_buffer_fullness")?;
    let blocks = bits.read(2, "number_of_raw_data_blocks_in_frame")?;
    if blocks != 0 {
        return Err(Malformed::Value {
            what: "number_of_raw_data_blocks_in_frame",
            offset: offset + 6,
            got: blocks.into(),
            allowed: "0",
        });
    }
    let mut head = 7;
    if protected {
        cursor.u16("crc_check")?;
        head += 2;
    }
    let Some(payload_len) = len.checked_sub(head) else {
        let got = len.into();
        let allowed = "at least its header";
        return Err(Malformed::Value {
            what: "aac_frame_length",
            offset: offset + 3,
            got,
            allowed,
        });
    };
    Ok(AdtsFrame {
        config: AacConfig {
            object_type,
            ..AacConfig::lc(sample_rate, channel_config)
        },
        payload: cursor.take(payload_len as usize, "raw_data_block")?,
    })
}
