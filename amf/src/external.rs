//! Classes that write their own body (`IExternalizable`), by a registry.

use core::fmt;

use crate::flex;

/// How one externalizable class writes its body.
///
/// A body is a sequence of pieces: AMF3 values, and bytes whose number is known before they are
/// read. A format says piece by piece what comes next, so the reader stays free of recursion and
/// the document keeps bodies byte for byte; writing one back needs no format at all.
///
/// ```
/// use weir_amf::{Config, ExternalFormat, Externals, Piece, amf3};
///
/// /// A U8 count and so many values.
/// #[derive(Debug)]
/// struct Basket;
///
/// impl ExternalFormat for Basket {
///     fn class(&self) -> &str {
///         "shop.Basket"
///     }
///
///     fn next(&self, state: &mut u64, raw: &[u8]) -> Piece {
///         match (*state, raw) {
///             (0, []) => Piece::Bytes(1),
///             (0, raw) => {
///                 *state = u64::from(raw[0]) + 1;
///                 self.next(state, &[])
///             }
///             (1, _) => Piece::End,
///             _ => {
///                 *state -= 1;
///                 Piece::Value
///             }
///         }
///     }
/// }
///
/// let mut config = Config::default();
/// config.externals = Externals::flex_and(&[&Basket]);
/// let document = amf3::decode_with(b"\x0a\x07\x17shop.Basket\x02\x04\x07\x04\x08", &config)?;
/// assert_eq!(document.root().class(), Some("shop.Basket"));
/// assert_eq!(document.root().items().filter_map(|item| item.as_i32()).sum::<i32>(), 15);
/// # Ok::<(), weir_amf::DecodeError>(())
/// ```
pub trait ExternalFormat: fmt::Debug + Sync {
    /// The class, or the alias it is registered under.
    fn class(&self) -> &str;

    /// Returns what comes next.
    ///
    /// `state` is 0 for a new body and otherwise what the last call left there. `raw` is the piece
    /// before, if that was [`Bytes`](Piece::Bytes), and empty otherwise.
    fn next(&self, state: &mut u64, raw: &[u8]) -> Piece;
}

/// What comes next in an externalizable body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a body consists of nothing else")]
pub enum Piece {
    /// So many bytes that are no AMF value.
    Bytes(u32),
    /// One AMF3 value.
    Value,
    /// The body ends.
    End,
}

/// The externalizable classes that a reader knows. Default: those of [Flex](Externals::flex_and).
#[derive(Clone, Copy, Debug)]
pub struct Externals {
    flex: bool,
    own: &'static [&'static dyn ExternalFormat],
}

impl Externals {
    /// Knows no class at all.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            flex: false,
            own: &[],
        }
    }

    /// Knows the classes in `own` only.
    #[must_use]
    pub const fn only(own: &'static [&'static dyn ExternalFormat]) -> Self {
        Self { flex: false, own }
    }

    /// Knows the classes in `own`, which win over the classes of Flex: `ArrayCollection`,
    /// `ArrayList`, `ObjectProxy` and `ManagedObjectProxy` in `flex.messaging.io`, and the small
    /// messages `DSA`, `DSC` and `DSK`.
    #[must_use]
    pub const fn flex_and(own: &'static [&'static dyn ExternalFormat]) -> Self {
        Self { flex: true, own }
    }

    pub(crate) fn find(&self, class: &[u8]) -> Option<&'static dyn ExternalFormat> {
        let flex = if self.flex { flex::FORMATS } else { &[] };
        let known = self.own.iter().chain(flex);
        known
            .copied()
            .find(|format| format.class().as_bytes() == class)
    }
}

impl Default for Externals {
    fn default() -> Self {
        Self::flex_and(&[])
    }
}

/// An open body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExternalBody<'a> {
    format: &'static dyn ExternalFormat,
    state: u64,
    raw: &'a [u8],
}

impl<'a> ExternalBody<'a> {
    pub(crate) const fn new(format: &'static dyn ExternalFormat) -> Self {
        Self {
            format,
            state: 0,
            raw: &[],
        }
    }

    pub(crate) fn next(&mut self) -> Piece {
        let raw = core::mem::take(&mut self.raw);
        self.format.next(&mut self.state, raw)
    }

    pub(crate) const fn raw(&mut self, bytes: &'a [u8]) {
        self.raw = bytes;
    }
}
