//! Address prefixes: a network that a peer's address is in.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::error::Malformed;

/// A network such as `203.0.113.0/24`; the bits behind the prefix are zero.
///
/// ```
/// let prefix: weir_auth::AddressPrefix = "203.0.113.0/24".parse().unwrap();
/// assert!(prefix.contains("203.0.113.99".parse().unwrap()));
/// assert!(prefix.contains("::ffff:203.0.113.99".parse().unwrap()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressPrefix {
    address: IpAddr,
    /// 0 <= bits <= 32 or 128
    bits: u8,
}

impl AddressPrefix {
    /// The network of the first `bits` bits of `address`; all its bits when `bits` is bigger.
    pub fn new(address: IpAddr, bits: u8) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let bits = bits.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                Self {
                    address: Ipv4Addr::from_bits(v4.to_bits() & mask).into(),
                    bits,
                }
            }
            IpAddr::V6(v6) => {
                let bits = bits.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                Self {
                    address: Ipv6Addr::from_bits(v6.to_bits() & mask).into(),
                    bits,
                }
            }
        }
    }

    /// Whether `address` is in the network; an IPv4 address in IPv6 clothes (`::ffff:a.b.c.d`) counts as IPv4.
    pub fn contains(self, address: IpAddr) -> bool {
        let address = match self.address {
            IpAddr::V4(_) => address.to_canonical(),
            IpAddr::V6(_) => address,
        };
        address.is_ipv4() == self.address.is_ipv4() && Self::new(address, self.bits) == self
    }

    /// The first address of the network.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// The number of bits that count.
    pub const fn bits(self) -> u8 {
        self.bits
    }
}

impl From<IpAddr> for AddressPrefix {
    fn from(address: IpAddr) -> Self {
        Self::new(address, 128)
    }
}

impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl FromStr for AddressPrefix {
    type Err = Malformed;

    /// `address/bits`, or an address alone.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let Some((address, bits)) = text.split_once('/') else {
            let address: IpAddr = text.parse().map_err(|_| Malformed::Expected {
                what: "an IP address",
                offset: 0,
            })?;
            return Ok(address.into());
        };
        let offset = address.len() + 1;
        let address: IpAddr = address.parse().map_err(|_| Malformed::Expected {
            what: "an IP address",
            offset: 0,
        })?;
        let max = if address.is_ipv4() { 32 } else { 128 };
        match bits.parse::<u8>() {
            Ok(bits) if bits <= max => Ok(Self::new(address, bits)),
            _ => Err(Malformed::Expected {
                what: "the bits of the prefix",
                offset,
            }),
        }
    }
}
