//! The externalizable classes of Flex and BlazeDS.

use crate::external::{ExternalFormat, Piece};

pub(crate) const FORMATS: &[&dyn ExternalFormat] = &[
    &Wrapper("flex.messaging.io.ArrayCollection"),
    &Wrapper("flex.messaging.io.ArrayList"),
    &Wrapper("flex.messaging.io.ObjectProxy"),
    &ManagedObjectProxy,
    &SmallMessage {
        class: "DSA",
        levels: 2,
    },
    &SmallMessage {
        class: "DSC",
        levels: 3,
    },
    &SmallMessage {
        class: "DSK",
        levels: 3,
    },
];

/// A class whose body is the one value that it wraps.
#[derive(Debug)]
struct Wrapper(&'static str);

impl ExternalFormat for Wrapper {
    fn class(&self) -> &str {
        self.0
    }

    fn next(&self, state: &mut u64, _raw: &[u8]) -> Piece {
        match core::mem::replace(state, 1) {
            0 => Piece::Value,
            _ => Piece::End,
        }
    }
}

/// An S32 count of pairs, and so many keys and values.
#[derive(Debug)]
struct ManagedObjectProxy;

impl ExternalFormat for ManagedObjectProxy {
    fn class(&self) -> &str {
        "flex.messaging.io.ManagedObjectProxy"
    }

    /// The state is 0 before the count, and then 1 more than the values still to come.
    fn next(&self, state: &mut u64, raw: &[u8]) -> Piece {
        if *state == 0 {
            let Ok(count) = raw.try_into().map(i32::from_be_bytes) else {
                return Piece::Bytes(4);
            };
            *state = u64::try_from(count).unwrap_or(0) * 2 + 1;
        }
        *state -= 1;
        if *state == 0 {
            return Piece::End;
        }
        Piece::Value
    }
}

/// A message of the "small" kind: for each class in its line of inheritance, flag bytes and one
/// value for each flag set.
///
/// The high bit of a flag byte says that another follows. The flags have names (body, client id,
/// destination, ...), but a peer may set others, and BlazeDS reads a value for those too.
#[derive(Debug)]
struct SmallMessage {
    class: &'static str,
    /// How many classes: `AbstractMessage`, `AsyncMessage` and the last for all but `DSA`.
    levels: u8,
}

impl ExternalFormat for SmallMessage {
    fn class(&self) -> &str {
        self.class
    }

    /// The state is the level in the low 8 bits, whether its flags are being read in bit 8, and
    /// how many values are still to come above.
    fn next(&self, state: &mut u64, raw: &[u8]) -> Piece {
        if let (Some(flags), true) = (raw.first(), *state & READING_FLAGS != 0) {
            *state += u64::from((flags & 0x7f).count_ones()) * ONE_VALUE;
            if flags & 0x80 != 0 {
                return Piece::Bytes(1);
            }
            *state -= READING_FLAGS;
            *state += 1;
        }
        if *state >= ONE_VALUE {
            *state -= ONE_VALUE;
            return Piece::Value;
        }
        if *state & 0xff == u64::from(self.levels) {
            return Piece::End;
        }
        *state |= READING_FLAGS;
        Piece::Bytes(1)
    }
}

const READING_FLAGS: u64 = 0x100;
const ONE_VALUE: u64 = 0x200;
