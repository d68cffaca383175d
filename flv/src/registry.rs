//! Numbers with names, open to numbers nobody has named yet.

/// Declares a newtype over `u8` with its known values: constant, number and name side by side.
macro_rules! registry {
    (
        $(#[$doc:meta])* $name:ident {
            $($(#[$value_doc:meta])* $value:ident = $number:literal, $text:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u8);

        impl $name {
            $($(#[$value_doc])* pub const $value: Self = Self($number);)*

            /// The number on the wire.
            #[must_use]
            pub const fn as_u8(self) -> u8 {
                self.0
            }

            /// A short lower-case name, `None` for numbers without one.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }

        impl From<u8> for $name {
            fn from(number: u8) -> Self {
                Self(number)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => write!(f, "{}({name})", stringify!($name)),
                    None => write!(f, "{}({})", stringify!($name), self.0),
                }
            }
        }
    };
}

pub(crate) use registry;
