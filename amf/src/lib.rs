//! AMF0 and AMF3 without I/O: every marker, both ways, bounded on hostile input.
//!
//! AMF is the format of RTMP commands, FLV metadata, Flash remoting and shared objects. This crate
//! turns its bytes into values and back; where the bytes come from is not its business.
//!
//! # Two levels
//!
//! A [`Document`] owns values: look at them, change them, build them, write them.
//!
//! ```
//! use weir_amf::{Document, amf0};
//!
//! // `onStatus`, transaction 0, null, and what happened.
//! let status = Document::new().with_value("onStatus").with_value(0).with_value(None::<bool>).with_value(
//!     Document::object().with("level", "status").with("code", "NetStream.Publish.Start"),
//! );
//! let bytes = amf0::encode(&status)?;
//!
//! let decoded = amf0::decode(&bytes)?;
//! assert_eq!(decoded.value(0), "onStatus");
//! assert_eq!(decoded.value(3).get("code").as_str(), Some("NetStream.Publish.Start"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Reader`] borrows the input and tells it token by token, without allocation.
//!
//! ```
//! use weir_amf::{Reader, Token};
//!
//! let input = b"\x08\0\0\0\0\x00\x05width\x00\x40\x9e\0\0\0\0\0\0\0\0\x09";
//! let mut reader = Reader::amf0(input);
//! let mut width = None;
//! while let Some(event) = reader.next_event()? {
//!     if let (Some(name), Token::Number(number)) = (event.name, event.token) {
//!         if name == "width" {
//!             width = Some(number);
//!         }
//!     }
//! }
//! assert_eq!(width, Some(1920.0));
//! # Ok::<(), weir_amf::DecodeError>(())
//! ```
//!
//! Values can also be written one by one ([`amf0::Writer`], [`amf3::Writer`]), read into and written
//! from types (feature `serde`), and turned into JSON without loss (feature `json`).
//! [`remoting`] and [`sol`] hold what stands around values in those places.
//!
//! # What is there
//!
//! | Specification | |
//! | --- | --- |
//! | AMF0 2.2-2.18: all markers but the reserved movie clip and record set | ✓ |
//! | AMF0 2.9 references, in the three ways that exist ([`SlotPolicy`]) | ✓ |
//! | AMF0 3.1 the switch to AMF3, tables shared over a message | ✓ |
//! | AMF0 4 envelope ([`remoting`]) | ✓ |
//! | AMF3 1.3 U29, strings and their table | ✓ |
//! | AMF3 3.2-3.12 all types; traits sealed, dynamic, anonymous | ✓ |
//! | AMF3 3.12 externalizable: Flex collections, proxies and small messages; your own ([`ExternalFormat`]) | ✓ |
//! | AMF3 3.13-3.15 byte arrays, vectors, dictionaries | ✓ |
//! | `.sol` files, AMF0 and AMF3 ([`sol`]) | ✓ |
//!
//! # Limits
//!
//! [`Limits`] bound depth, elements, values, references and bytes, with the memory they can cost as a
//! formula; no count from the wire is believed before the bytes are there. Nothing recurses on
//! input. A graph that refers to one object many times stays as small as it was on the wire.
//!
//! # Not here
//!
//! `flex.messaging.io.SerializationProxy`, whose body has tables of its own; type registries that
//! make objects of classes (serde does that for types known when compiling); text that is not
//! UTF-8, other than as raw bytes from the reader or with replacement characters.
//!
//! # Features
//!
//! - `std` (default): nothing but `std` in the dependencies; the crate is `no_std` with `alloc`
//! - `json`: [`json`], no dependency
//! - `serde`: [`serde`](mod@serde)
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod amf0;
pub mod amf3;
#[cfg(feature = "json")]
pub mod json;
pub mod remoting;
#[cfg(feature = "serde")]
pub mod serde;
pub mod sol;

mod cursor;
mod document;
mod encode;
mod error;
mod event;
mod external;
mod flex;
mod format;
mod kind;
mod limits;
mod reader;
mod replay;
mod sink;
mod text;

pub use document::{Children, Date, Document, NewValue, Value, ValueMut};
pub use encode::EncodeConfig;
pub use error::{DecodeError, EncodeError, LimitExceeded, Malformed};
pub use event::{Event, Token};
pub use external::{ExternalFormat, Externals, Piece};
pub use format::Format;
pub use kind::Kind;
pub use limits::{Config, Limits, SlotPolicy, Utf8};
pub use reader::Reader;
pub use text::Text;
