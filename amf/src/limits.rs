//! What a decoder accepts and what it may cost.

use crate::external::Externals;

/// How to decode: limits and the few points where real encoders differ.
///
/// ```
/// let mut config = weir_amf::Config::default();
/// config.limits.max_depth = 16;
/// assert!(weir_amf::amf0::decode_with(&[0x05], &config).is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// What one input may cost.
    pub limits: Limits,
    /// Which AMF0 values can be referred to. Default: as the specification says.
    pub slots: SlotPolicy,
    /// What happens to text that is not UTF-8. Default: it is an error.
    pub utf8: Utf8,
    /// The externalizable classes that can be read. Default: those of Flex.
    pub externals: Externals,
}

/// What one input may cost.
///
/// Worst-case memory of one [`Document`](crate::Document), in bytes: `24 * max_nodes` for values,
/// `64 * max_references` for the tables that AMF3 needs while decoding, and `3 * max_bytes` for text
/// and byte arrays; up to three times as much of one of them in the moment when it grows. An entry of
/// either takes at least a byte of input, so a given input never takes more than 80 times its length
/// and 4 KiB, whatever it says. The pull reader alone takes the tables only, and nothing at all
/// for AMF0 that is not nested deeper than 64 levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Containers inside one another, the switch to AMF3 included. Default: 64.
    ///
    /// Costs 12 bytes per level. BlazeDS allows 512 objects and 15 collections, ZLMediaKit and
    /// oxideav 64; saved games have been seen with 10.
    pub max_depth: u32,
    /// Elements that one array, vector, dictionary or list of sealed members may announce.
    /// Default: 1,048,576.
    ///
    /// Costs nothing: a larger announcement is refused before anything is read. An ECMA array's count
    /// is a hint and never refused.
    pub max_elements: u32,
    /// Values in one document. Default: 1,048,576, which is 24 MiB of nodes.
    pub max_nodes: u32,
    /// Entries in the AMF3 tables of strings, objects, traits and their members together, while one
    /// input is read. Default: 1,048,576, which is 40 MiB of strings.
    pub max_references: u32,
    /// Length of one input, in bytes. Default: 16 MiB, the longest RTMP message.
    pub max_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 64,
            max_elements: 1 << 20,
            max_nodes: 1 << 20,
            max_references: 1 << 20,
            max_bytes: 1 << 24,
        }
    }
}

/// Which AMF0 values take a slot in the table that references point into.
///
/// The specification and the two virtual machines of Flash Player disagree about dates and XML, and
/// a reference behind one of those means different objects under different policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the three ways that exist")]
pub enum SlotPolicy {
    /// Objects, typed objects, ECMA arrays and strict arrays. AMF0, section 2.9.
    #[default]
    Spec,
    /// The same and XML documents: ActionScript 1 and 2, seen from Flash Player's `NetConnection`
    /// and shared objects.
    Avm1,
    /// The same, XML documents and dates: ActionScript 3, seen from Flash Player's `ByteArray`.
    Avm2,
}

/// What happens to text that is not UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the pull reader gives the raw bytes for any third way"
)]
pub enum Utf8 {
    /// It is an error that names the offset of the text.
    #[default]
    Strict,
    /// Each bad sequence becomes U+FFFD. Java peers send modified UTF-8, Flash lone surrogates.
    Lossy,
}
