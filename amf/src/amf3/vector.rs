//! Vectors of numbers, which stay packed.

use core::fmt;
use core::marker::PhantomData;

/// A vector of `i32`, `u32` or `f64` as it stands on the wire: one big-endian number behind the
/// other.
///
/// ```
/// use weir_amf::{Document, amf3};
///
/// // Vector.<int> of 2 and -1, not fixed
/// let document = amf3::decode(&[0x0d, 0x05, 0x00, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff])?;
/// let vector = document.root().as_vector_int().expect("a vector of int");
/// assert_eq!(vector.get(1), Some(-1));
/// assert_eq!(vector.iter().sum::<i32>(), 1);
/// # Ok::<(), weir_amf::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Packed<'a, T> {
    /// A multiple of the size of `T`.
    bytes: &'a [u8],
    fixed: bool,
    element: PhantomData<T>,
}

impl<'a, T: Element> Packed<'a, T> {
    #[inline]
    pub(crate) const fn new(bytes: &'a [u8], fixed: bool) -> Self {
        Self {
            bytes,
            fixed,
            element: PhantomData,
        }
    }

    /// Returns how many numbers there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.bytes.len() / T::SIZE
    }

    /// Tells whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// Tells whether the vector's length is fixed.
    #[must_use]
    pub const fn is_fixed(self) -> bool {
        self.fixed
    }

    /// Returns the number at `index`.
    #[must_use]
    pub fn get(self, index: usize) -> Option<T> {
        let begin = index.checked_mul(T::SIZE)?;
        self.bytes
            .get(begin..begin.checked_add(T::SIZE)?)
            .map(T::from_wire)
    }

    /// Returns the numbers, decoded one by one.
    pub fn iter(self) -> impl ExactSizeIterator<Item = T> + DoubleEndedIterator + Clone + 'a
    where
        T: 'a,
    {
        self.bytes.chunks_exact(T::SIZE).map(T::from_wire)
    }

    /// Returns the numbers as they stand on the wire, big-endian.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }
}

impl<T: Element> fmt::Debug for Packed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().take(8)).finish()?;
        if self.len() > 8 {
            write!(f, "... ({} elements)", self.len())?;
        }
        Ok(())
    }
}

/// What a packed vector can hold: `i32`, `u32` and `f64`.
pub trait Element: Copy + fmt::Debug + sealed::Sealed {
    /// How many bytes one takes.
    const SIZE: usize;

    /// Reads one from so many bytes.
    #[must_use]
    fn from_wire(bytes: &[u8]) -> Self;
}

mod sealed {
    #[expect(unnameable_types, reason = "nobody else has elements that AMF3 packs")]
    pub trait Sealed {}
}

macro_rules! element {
    ($($number:ty),*) => {$(
        impl sealed::Sealed for $number {}

        impl Element for $number {
            const SIZE: usize = size_of::<$number>();

            #[inline]
            fn from_wire(bytes: &[u8]) -> Self {
                Self::from_be_bytes(bytes.try_into().unwrap_or_default())
            }
        }
    )*};
}

element!(i32, u32, f64);
