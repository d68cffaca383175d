//! From JSON to documents.

use alloc::vec::Vec;

use super::parse::{Json, JsonError, JsonValue};
use crate::amf3::u29;
use crate::cursor::to_u32;
use crate::document::{Data, Document, Node, Span, StoredTraits};
use crate::format::Format;
use crate::limits::SlotPolicy;

/// Reads one value of `format`.
///
/// Slots are counted as the specification says; see [`values_from_str`] for others.
///
/// # Errors
/// [`JsonError`] if the text is not JSON or not in the notation of this [module](crate::json).
pub fn value_from_str(text: &str, format: Format) -> Result<Document, JsonError> {
    let json = Json::parse(text)?;
    let mut reader = Reader::new(format, SlotPolicy::default());
    reader.value(&json, Span::NONE)?;
    Ok(reader.document)
}

/// Reads an array of top-level values of `format`.
///
/// # Errors
/// [`JsonError`] if the text is not JSON or not in the notation of this [module](crate::json).
pub fn values_from_str(
    text: &str,
    format: Format,
    slots: SlotPolicy,
) -> Result<Document, JsonError> {
    let json = Json::parse(text)?;
    let mut reader = Reader::new(format, slots);
    for value in json.array()? {
        reader.value(value, Span::NONE)?;
    }
    Ok(reader.document)
}

/// Makes nodes of JSON. Recursion is bounded by the nesting that the parser allows.
pub(super) struct Reader {
    pub(super) document: Document,
    format: Format,
    policy: SlotPolicy,
    slots0: Vec<u32>,
    slots3: Vec<u32>,
}

impl Reader {
    pub(super) fn new(format: Format, policy: SlotPolicy) -> Self {
        let document = Document::new();
        Self {
            document,
            format,
            policy,
            slots0: Vec::new(),
            slots3: Vec::new(),
        }
    }

    pub(super) fn value(&mut self, json: &Json<'_>, name: Span) -> Result<(), JsonError> {
        let data = match &json.value {
            JsonValue::Null => Data::Null,
            JsonValue::Boolean(value) => Data::Boolean(*value),
            JsonValue::String(text) => Data::String(self.document.add_text(text)),
            JsonValue::Object(members) => {
                let tag = members.iter().find(|(tag, _)| TAGS.contains(&&**tag));
                let (tag, content) =
                    tag.ok_or_else(|| json.error("a member that names the type"))?;
                return self.tagged(tag, content, json, name);
            }
            _ => return Err(json.error("a value of AMF")),
        };
        self.push(name, data);
        Ok(())
    }

    fn tagged(
        &mut self,
        tag: &str,
        content: &Json<'_>,
        json: &Json<'_>,
        name: Span,
    ) -> Result<(), JsonError> {
        let amf3 = self.format == Format::Amf3;
        let data = match tag {
            "undef" => Data::Undefined,
            "unsupported" => Data::Unsupported,
            "d" => Data::Number(content.number()?),
            "dx" => Data::Number(json.number()?),
            "i" => {
                let value = content.whole::<i32>()?;
                if !u29::INTEGERS.contains(&value) {
                    return Err(content.error("an integer of 29 bits"));
                }
                Data::Integer(value)
            }
            "date" if amf3 => Data::Date3(content.number()?),
            "date" => Data::Date0 {
                ms: content.number()?,
                tz: json.member("tz")?.whole()?,
            },
            "xmldoc" if amf3 => Data::XmlDocument3(self.document.add_text(content.str()?)),
            "xmldoc" => Data::XmlDocument0(self.document.add_text(content.str()?)),
            "xml" => Data::Xml(self.document.add_text(content.str()?)),
            "bytes" => Data::ByteArray(self.document.add_bytes(&content.bytes()?)),
            "raw" => Data::Raw(self.document.add_bytes(&content.bytes()?)),
            "vi" => {
                let span = self.packed(content, |it| it.whole::<i32>().map(i32::to_be_bytes))?;
                Data::VectorInt {
                    span,
                    fixed: json.member("fixed")?.bool()?,
                }
            }
            "vu" => {
                let span = self.packed(content, |it| it.whole::<u32>().map(u32::to_be_bytes))?;
                Data::VectorUint {
                    span,
                    fixed: json.member("fixed")?.bool()?,
                }
            }
            "vd" => {
                let span = self.packed(content, |it| it.number().map(f64::to_be_bytes))?;
                Data::VectorNumber {
                    span,
                    fixed: json.member("fixed")?.bool()?,
                }
            }
            "ref" => {
                let slot = content.whole::<u32>()? as usize;
                let slots = if amf3 { &self.slots3 } else { &self.slots0 };
                let target = slots
                    .get(slot)
                    .ok_or_else(|| content.error("a slot that is taken"))?;
                Data::Reference(*target)
            }
            _ => return self.container(tag, content, json, name),
        };
        self.push(name, data);
        Ok(())
    }

    fn container(
        &mut self,
        tag: &str,
        content: &Json<'_>,
        json: &Json<'_>,
        name: Span,
    ) -> Result<(), JsonError> {
        let end = 0;
        let data = match tag {
            "obj" => {
                let class = json.get("class").map(Json::str).transpose()?;
                let class = class.map_or(Span::NONE, |class| self.document.add_text(class));
                Data::Object { end, class }
            }
            "ecma" => Data::EcmaArray {
                end,
                count: json.member("count")?.whole()?,
            },
            "arr" if self.format == Format::Amf3 => Data::Array { end },
            "arr" => Data::StrictArray { end },
            "amf3" => Data::Amf3 { end },
            "sealed" => {
                let members = json
                    .member("sealed")?
                    .array()?
                    .iter()
                    .map(|member| pair(member)?.0.str());
                let members = members.collect::<Result<Vec<_>, _>>()?;
                let dynamic = json.member("dynamic")?.bool()?;
                let class = json.member("class")?.str()?;
                Data::Typed {
                    end,
                    traits: self.traits(class, &members, dynamic, false),
                }
            }
            "vo" => {
                let class = self.document.add_text(json.member("type")?.str()?);
                Data::VectorObject {
                    end,
                    class,
                    fixed: json.member("fixed")?.bool()?,
                }
            }
            "dict" => Data::Dictionary {
                end,
                weak: json.member("weak")?.bool()?,
            },
            _ => {
                let traits = self.traits(content.str()?, &[], false, true);
                Data::Externalizable { end, traits }
            }
        };
        let index = self.document.nodes.len();
        self.push(name, data);
        match tag {
            "obj" | "ecma" => self.properties(content)?,
            "arr" => {
                if let Some(associative) = json.get("assoc") {
                    self.properties(associative)?;
                }
                self.items(content)?;
            }
            "amf3" => {
                self.format = Format::Amf3;
                self.value(content, Span::NONE)?;
                self.format = Format::Amf0;
            }
            "sealed" => {
                self.properties(content)?;
                if let Some(dynamic) = json.get("dyn") {
                    self.properties(dynamic)?;
                }
            }
            "vo" => self.items(content)?,
            "dict" => {
                for entry in content.array()? {
                    let (key, value) = pair(entry)?;
                    self.value(key, Span::NONE)?;
                    self.value(value, Span::NONE)?;
                }
            }
            _ => self.body(json)?,
        }
        let end = to_u32(self.document.nodes.len());
        if let Some(slot) = self
            .document
            .nodes
            .get_mut(index)
            .and_then(|it| it.data.end_mut())
        {
            *slot = end;
        }
        Ok(())
    }

    fn body(&mut self, json: &Json<'_>) -> Result<(), JsonError> {
        if let Some(body) = json.get("body") {
            return self.value(body, Span::NONE);
        }
        if let Some(pieces) = json.get("pieces") {
            return self.items(pieces);
        }
        // Flags directly behind flags, without values between, continue the same raw bytes.
        let mut after_flags = false;
        for group in json.member("groups")?.array()? {
            let (flags, values) = pair(group)?;
            let span = self.document.add_bytes(&flags.bytes()?);
            match self.document.nodes.last_mut().map(|node| &mut node.data) {
                Some(Data::Raw(last)) if after_flags => last.len += span.len,
                _ => self.push(Span::NONE, Data::Raw(span)),
            }
            after_flags = values.array()?.is_empty();
            self.items(values)?;
        }
        Ok(())
    }

    pub(super) fn properties(&mut self, json: &Json<'_>) -> Result<(), JsonError> {
        for property in json.array()? {
            let (name, value) = pair(property)?;
            let name = self.document.add_text(name.str()?);
            self.value(value, name)?;
        }
        Ok(())
    }

    fn items(&mut self, json: &Json<'_>) -> Result<(), JsonError> {
        json.array()?
            .iter()
            .try_for_each(|item| self.value(item, Span::NONE))
    }

    fn packed<const N: usize>(
        &mut self,
        json: &Json<'_>,
        element: impl Fn(&Json<'_>) -> Result<[u8; N], JsonError>,
    ) -> Result<Span, JsonError> {
        let mut bytes = Vec::new();
        for item in json.array()? {
            bytes.extend_from_slice(&element(item)?);
        }
        Ok(self.document.add_bytes(&bytes))
    }

    fn traits(
        &mut self,
        class: &str,
        members: &[&str],
        dynamic: bool,
        externalizable: bool,
    ) -> u32 {
        let index = to_u32(self.document.traits.len());
        let class = self.document.add_text(class);
        let members = members
            .iter()
            .map(|member| self.document.add_text(member))
            .collect();
        self.document.traits.push(StoredTraits {
            class,
            members,
            dynamic,
            externalizable,
        });
        index
    }

    pub(super) fn push(&mut self, name: Span, data: Data) {
        let index = to_u32(self.document.nodes.len());
        if data.takes_amf0_slot(self.policy) {
            self.slots0.push(index);
        } else if data.takes_amf3_slot() {
            self.slots3.push(index);
        }
        self.document.nodes.push(Node { name, data });
    }
}

/// The members that name the type of a value.
const TAGS: &[&str] = &[
    "undef",
    "unsupported",
    "d",
    "dx",
    "i",
    "date",
    "xmldoc",
    "xml",
    "bytes",
    "raw",
    "obj",
    "ecma",
    "arr",
    "amf3",
    "sealed",
    "vi",
    "vu",
    "vd",
    "vo",
    "dict",
    "ext",
    "ref",
];

/// Returns the two elements of an array.
fn pair<'j, 't>(json: &'j Json<'t>) -> Result<(&'j Json<'t>, &'j Json<'t>), JsonError> {
    match json.array()? {
        [first, second] => Ok((first, second)),
        _ => Err(json.error("a pair")),
    }
}
