//! Values as JSON, without loss, in a notation that tells every type from every other.
//!
//! | value | JSON |
//! | --- | --- |
//! | null, booleans, strings | as in JSON |
//! | undefined, unsupported | `{"undef":true}`, `{"unsupported":true}` |
//! | number | `{"d":1.5}`; NaN, the infinities and -0 by their bits: `{"dx":"7ff8000000000000"}` |
//! | integer (AMF3) | `{"i":-1}` |
//! | date | `{"date":ms}`, in AMF0 with `"tz":minutes`; `ms` as in a number |
//! | XML | `{"xmldoc":"<a/>"}`, `{"xml":"<a/>"}` |
//! | byte array | `{"bytes":"00ff"}` |
//! | AMF0 object | `{"obj":[["name",value],...]}`, of a class with `"class":"name"` |
//! | ECMA array | `{"ecma":[["name",value],...],"count":n}` |
//! | strict array | `{"arr":[value,...]}` |
//! | switch to AMF3 | `{"amf3":value}` |
//! | AMF3 array | `{"arr":[value,...],"assoc":[["name",value],...]}`, `assoc` if not empty |
//! | AMF3 object | `{"class":"","sealed":[["name",value],...],"dynamic":true,"dyn":[...]}`, `dyn` if dynamic |
//! | vectors | `{"vi":[1],"fixed":false}`, `{"vu":[1],..}`, `{"vd":[1.5],..}`, `{"vo":[value],"type":"",..}` |
//! | dictionary | `{"dict":[[key,value],...],"weak":false}` |
//! | externalizable | `{"ext":"class","body":value}`; small messages `{"ext":"DSK","groups":[["flags",[value,...]],...]}`; others `{"ext":"class","pieces":[{"raw":"00"},value,...]}` |
//! | reference | `{"ref":slot}`; what it names has `"id":slot` |
//!
//! A number is written as JSON number: whole ones without fraction below 2^53.
//!
//! ```
//! use weir_amf::{Document, Format, json};
//!
//! let document = Document::object().with("app", "live").with("fpad", false);
//! let text = json::value_to_string(document.root());
//! assert_eq!(text, r#"{"obj":[["app","live"],["fpad",false]]}"#);
//! assert_eq!(json::value_from_str(&text, Format::Amf0)?, document);
//! # Ok::<(), json::JsonError>(())
//! ```

mod envelope;
mod parse;
mod read;
mod write;

pub use envelope::{packet_from_str, packet_to_string, sol_from_str, sol_to_string};
pub use parse::JsonError;
pub use read::{value_from_str, values_from_str};
pub use write::{value_to_string, values_to_string};
