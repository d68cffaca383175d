//! From the pull reader to a document.

use alloc::string::String;
use alloc::vec::Vec;

use smallvec::SmallVec;

use super::Document;
use super::node::{Data, Node, Span, StoredTraits};
use crate::amf3::{Tables, TraitsId};
use crate::cursor::to_u32;
use crate::error::{DecodeError, LimitExceeded, Malformed};
use crate::event::Token;
use crate::format::Format;
use crate::limits::{Config, Utf8};
use crate::reader::{Reader, State};
use crate::replay::Mark;
use crate::sink::{At, Sink};
use crate::text::Text;

impl Document {
    /// Decodes all values of the input with limits and policies of your own.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are malformed, end inside a value or exceed a limit.
    pub fn decode(input: &[u8], format: Format, config: &Config) -> Result<Self, DecodeError> {
        Reader::new(input, format, config).document(usize::MAX)
    }
}

impl Reader<'_> {
    /// Reads the next `count` values, or as many as there are, into one document.
    ///
    /// References to values that were read before are errors, because those values are not in the
    /// document.
    ///
    /// ```
    /// use weir_amf::Reader;
    ///
    /// // onMetaData and its array, with a byte behind that no value begins with
    /// let body = b"\x02\x00\x0aonMetaData\x08\0\0\0\0\x00\x06stereo\x01\x01\0\0\x09\xff";
    /// let mut reader = Reader::amf0(body);
    /// let document = reader.document(2)?;
    /// assert_eq!(document.value(1).get("stereo").as_bool(), Some(true));
    /// assert_eq!(reader.remaining(), 1);
    /// # Ok::<(), weir_amf::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are malformed, end inside a value or exceed a limit.
    pub fn document(&mut self, count: usize) -> Result<Document, DecodeError> {
        let mark = self.mark();
        let mut builder = Builder::new(self);
        for _ in 0..count {
            if !builder.value(self, None)? {
                break;
            }
        }
        builder.finish(self, mark)
    }

    /// Reads the next value, which has to be there, into a document.
    ///
    /// # Errors
    /// As [`document`](Self::document), and [`Malformed::Eof`] at the end of the input.
    pub fn value(&mut self) -> Result<Document, DecodeError> {
        if self.remaining() == 0 {
            return Err(Malformed::Eof {
                offset: self.offset(),
                needed: 1,
                left: 0,
            }
            .into());
        }
        self.document(1)
    }
}

/// Makes nodes of tokens.
pub(crate) struct Builder {
    nodes: Vec<Node>,
    text: Vec<u8>,
    data: Vec<u8>,
    traits: Vec<StoredTraits>,
    /// Where each entry of the reader's table of strings stands in `text`, if it does yet.
    strings: Vec<Span>,
    /// The same for the members of all traits.
    members: Vec<Span>,
    /// Which of `traits` each entry of the reader's table of traits is, if it is yet.
    known: Vec<Option<u32>>,
    starts: SmallVec<[u32; 8]>,
    /// The open containers.
    open: SmallVec<[u32; 32]>,
    slots: Slots,
    /// Whether the first node is not on the wire and holds all others.
    rooted: bool,
    /// Whether the last node is raw bytes that the next raw bytes belong to.
    in_raw: bool,
    config: Config,
}

impl<'a> Sink<'a> for Builder {
    type Made = ();
    type Name = Span;

    const NO_NAME: Span = Span::NONE;

    #[inline(always)]
    fn name(&mut self, name: Text<'a>) -> Span {
        self.text(name)
    }

    #[inline(always)]
    fn sealed_name(&mut self, name: &Text<'a>, member: u32) -> Span {
        match self.members.get(member as usize) {
            Some(span) => *span,
            None => self.text(*name),
        }
    }

    #[inline(never)]
    fn any(&mut self, reader: &mut Reader<'a>) -> Result<Option<()>, DecodeError> {
        reader.step(self)
    }

    #[inline(always)]
    fn token(
        &mut self,
        tables: &Tables<'a>,
        at: At,
        name: Span,
        token: Token<'a>,
    ) -> Result<Option<()>, DecodeError> {
        let after_raw = core::mem::take(&mut self.in_raw);
        let data = match token {
            Token::Null => Data::Null,
            Token::Undefined => Data::Undefined,
            Token::Unsupported => Data::Unsupported,
            Token::Boolean(value) => Data::Boolean(value),
            Token::Number(value) => Data::Number(value),
            Token::Integer(value) => Data::Integer(value),
            Token::String(text) => Data::String(self.text(text)),
            Token::Date { ms, tz } => match at.format {
                Format::Amf0 => Data::Date0 { ms, tz },
                Format::Amf3 => Data::Date3(ms),
            },
            Token::XmlDocument(text) => match at.format {
                Format::Amf0 => Data::XmlDocument0(self.text(text)),
                Format::Amf3 => Data::XmlDocument3(self.text(text)),
            },
            Token::Xml(text) => Data::Xml(self.text(text)),
            Token::ByteArray(bytes) => Data::ByteArray(self.bytes(bytes)),
            Token::VectorInt(vector) => Data::VectorInt {
                span: self.bytes(vector.as_bytes()),
                fixed: vector.is_fixed(),
            },
            Token::VectorUint(vector) => Data::VectorUint {
                span: self.bytes(vector.as_bytes()),
                fixed: vector.is_fixed(),
            },
            Token::VectorNumber(vector) => Data::VectorNumber {
                span: self.bytes(vector.as_bytes()),
                fixed: vector.is_fixed(),
            },
            Token::Raw(bytes) => return self.raw(bytes, after_raw, at.offset).map(Some),
            Token::Reference(index) => self.reference(index, at.format, at.offset as usize)?,
            Token::End => {
                self.close();
                return Ok(Some(()));
            }
            container => {
                return self.container(tables, name, container, at.offset).map(Some);
            }
        };
        self.push(Node { name, data }, at.offset).map(Some)
    }
}

/// The nodes that references can name, entered when the first reference asks.
struct Slots {
    amf0: Vec<u32>,
    amf3: Vec<u32>,
    /// How many slots were taken before the document began.
    amf0_before: u32,
    amf3_before: u32,
    /// How many nodes have been looked at.
    seen: usize,
}

/// The longest input, in bytes, for all of which room is made before it is read.
const MAX_ROOM: usize = 1 << 16;

impl Builder {
    pub(crate) fn new(reader: &Reader<'_>) -> Self {
        // A longer input is hardly ever all names and values, but one packed value most of it.
        let left = match reader.remaining() {
            left @ ..=MAX_ROOM => left,
            _ => 0,
        };
        Self {
            nodes: Vec::with_capacity((left / 16 + 4).min(1024)),
            text: Vec::with_capacity(left),
            data: Vec::new(),
            traits: Vec::new(),
            strings: Vec::new(),
            members: Vec::new(),
            known: Vec::new(),
            starts: SmallVec::new(),
            open: SmallVec::new(),
            slots: Slots {
                amf0: Vec::new(),
                amf3: Vec::new(),
                amf0_before: reader.slots,
                amf3_before: reader.tables.objects_len(),
                seen: 0,
            },
            rooted: false,
            in_raw: false,
            config: reader.config,
        }
    }

    /// Begins an AMF0 object that is not on the wire but has the first slot, for a `.sol` file.
    pub(crate) fn begin_root(&mut self, reader: &mut Reader<'_>) {
        self.nodes.push(Node {
            name: Span::NONE,
            data: Data::Object {
                end: 1,
                class: Span::NONE,
            },
        });
        self.rooted = true;
        reader.slots += 1;
    }

    /// Adds the next value and all that is in it, and tells whether there was one.
    pub(crate) fn value<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        name: Option<Text<'a>>,
    ) -> Result<bool, DecodeError> {
        let start = reader.cursor.at();
        let name = name.map(|name| self.text(name));
        let first = self.nodes.len();
        if self.any(reader)?.is_none() {
            return Ok(false);
        }
        self.starts.push(start);
        if let (Some(name), Some(node)) = (name, self.nodes.get_mut(first)) {
            node.name = name;
        }
        while !self.open.is_empty() {
            if reader.top.state == State::Sealed {
                reader.amf3_sealed(self)?;
            } else {
                self.any(reader)?;
            }
        }
        Ok(true)
    }

    /// Adds raw bytes of an externalizable body, to the ones directly before if there are any.
    fn raw(&mut self, bytes: &[u8], after_raw: bool, offset: u32) -> Result<(), DecodeError> {
        let span = self.bytes(bytes);
        self.in_raw = true;
        match self.nodes.last_mut() {
            Some(Node {
                data: Data::Raw(last),
                ..
            }) if after_raw => {
                last.len += span.len;
                Ok(())
            }
            _ => self.push(
                Node {
                    name: Span::NONE,
                    data: Data::Raw(span),
                },
                offset,
            ),
        }
    }

    #[inline(never)]
    fn container(
        &mut self,
        tables: &Tables<'_>,
        name: Span,
        token: Token<'_>,
        offset: u32,
    ) -> Result<(), DecodeError> {
        let end = 0;
        let data = match token {
            Token::Object { class } => {
                let class = class.map_or(Span::NONE, |class| self.text(class));
                Data::Object { end, class }
            }
            Token::EcmaArray { count } => Data::EcmaArray { end, count },
            Token::StrictArray { .. } => Data::StrictArray { end },
            Token::Amf3 => Data::Amf3 { end },
            Token::Array { .. } => Data::Array { end },
            Token::Typed(id) => Data::Typed {
                end,
                traits: self.traits(tables, id),
            },
            Token::Externalizable(id) => Data::Externalizable {
                end,
                traits: self.traits(tables, id),
            },
            Token::VectorObject { class, fixed, .. } => Data::VectorObject {
                end,
                class: self.text(class),
                fixed,
            },
            Token::Dictionary { weak, .. } => Data::Dictionary { end, weak },
            _ => Data::Null,
        };
        self.open.push(to_u32(self.nodes.len()));
        self.push(Node { name, data }, offset)
    }

    fn close(&mut self) {
        let end = to_u32(self.nodes.len());
        let open = self
            .open
            .pop()
            .and_then(|open| self.nodes.get_mut(open as usize));
        if let Some(slot) = open.and_then(|node| node.data.end_mut()) {
            *slot = end;
        }
    }

    #[inline(always)]
    fn push(&mut self, node: Node, offset: u32) -> Result<(), DecodeError> {
        let limit = self.config.limits.max_nodes;
        if self.nodes.len() >= limit as usize {
            return Err(LimitExceeded::Nodes {
                offset: offset as usize,
                limit,
            }
            .into());
        }
        self.nodes.push(node);
        Ok(())
    }

    /// Stores a text once for each time that it stands on the wire.
    #[inline(always)]
    pub(crate) fn text(&mut self, text: Text<'_>) -> Span {
        if text.entry() == Text::NO_ENTRY {
            self.append(text)
        } else {
            self.entered(text)
        }
    }

    /// Stores a text of the table of strings, unless it is stored already.
    fn entered(&mut self, text: Text<'_>) -> Span {
        let entry = text.entry() as usize;
        match self.strings.get(entry) {
            Some(span) if !span.is_none() => return *span,
            _ => {}
        }
        let span = self.append(text);
        // Most are new, and so the next.
        if entry == self.strings.len() {
            self.strings.push(span);
            return span;
        }
        if entry > self.strings.len() {
            self.strings.resize(entry + 1, Span::NONE);
        }
        if let Some(slot) = self.strings.get_mut(entry) {
            *slot = span;
        }
        span
    }

    #[inline]
    fn append(&mut self, text: Text<'_>) -> Span {
        let start = to_u32(self.text.len());
        match self.config.utf8 {
            Utf8::Strict => self.text.extend_from_slice(text.as_bytes()),
            Utf8::Lossy => self.text.extend_from_slice(text.to_str_lossy().as_bytes()),
        }
        Span {
            start,
            len: to_u32(self.text.len()) - start,
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> Span {
        let start = to_u32(self.data.len());
        self.data.extend_from_slice(bytes);
        Span {
            start,
            len: to_u32(bytes.len()),
        }
    }

    #[inline]
    fn traits(&mut self, tables: &Tables<'_>, id: TraitsId) -> u32 {
        match self.known.get(id.0 as usize) {
            Some(Some(known)) => *known,
            _ => self.add_traits(tables, id),
        }
    }

    fn add_traits(&mut self, tables: &Tables<'_>, id: TraitsId) -> u32 {
        let added = to_u32(self.traits.len());
        let entry = id.0 as usize;
        if entry >= self.known.len() {
            self.known.resize(entry + 1, None);
        }
        if let (Some(slot), Some(traits)) = (self.known.get_mut(entry), tables.traits(id)) {
            *slot = Some(added);
            let class = self.text(traits.class());
            let members: Vec<_> = traits.members().map(|member| self.text(member)).collect();
            if self.members.len() == traits.first() {
                self.members.extend_from_slice(&members);
            }
            let (dynamic, externalizable) = (traits.is_dynamic(), traits.is_externalizable());
            let stored = StoredTraits {
                class,
                members,
                dynamic,
                externalizable,
            };
            self.traits.push(stored);
        }
        added
    }

    /// Finds the node that a slot belongs to; the reader has checked that the slot is taken.
    fn reference(
        &mut self,
        index: u32,
        format: Format,
        offset: usize,
    ) -> Result<Data, DecodeError> {
        let policy = self.config.slots;
        for (at, node) in self.nodes.iter().enumerate().skip(self.slots.seen) {
            if node.data.takes_amf0_slot(policy) {
                self.slots.amf0.push(to_u32(at));
            } else if node.data.takes_amf3_slot() {
                self.slots.amf3.push(to_u32(at));
            }
        }
        self.slots.seen = self.nodes.len();
        let (table, before) = match format {
            Format::Amf0 => (&self.slots.amf0, self.slots.amf0_before),
            Format::Amf3 => (&self.slots.amf3, self.slots.amf3_before),
        };
        let target = index
            .checked_sub(before)
            .and_then(|index| table.get(index as usize));
        match target {
            Some(target) => Ok(Data::Reference(*target)),
            None => {
                let len = to_u32(table.len());
                Err(Malformed::Reference { offset, index, len }.into())
            }
        }
    }

    /// Checks all text in one pass and returns the document of what was read since `mark`.
    pub(crate) fn finish<'a>(
        mut self,
        reader: &mut Reader<'a>,
        mark: Mark<'a>,
    ) -> Result<Document, DecodeError> {
        self.starts.push(reader.cursor.at());
        let Some(text) = self.checked_text() else {
            return Err(reader.find_bad_text(mark));
        };
        let Self {
            mut nodes,
            data,
            traits,
            mut starts,
            rooted,
            ..
        } = self;
        if nodes.capacity() > nodes.len() * 2 + 32 {
            nodes.shrink_to_fit();
        }
        if rooted {
            starts.clear();
        }
        let document = Document {
            nodes,
            text,
            data,
            traits,
            starts,
        };
        Ok(if rooted {
            document.under_root()
        } else {
            document
        })
    }

    /// The texts one behind the other may be valid although a character spans two of them.
    fn checked_text(&mut self) -> Option<String> {
        let mut text = String::from_utf8(core::mem::take(&mut self.text)).ok()?;
        if text.capacity() > text.len() * 2 + 256 {
            text.shrink_to_fit();
        }
        if text.is_ascii() {
            return Some(text);
        }
        let whole = |span: Span| {
            let range = span.range();
            span.is_none() || text.is_char_boundary(range.start) && text.is_char_boundary(range.end)
        };
        let nodes = self.nodes.iter();
        let nodes_are = nodes
            .flat_map(|node| [node.name, node.data.text()])
            .all(whole);
        let traits_are = self
            .traits
            .iter()
            .all(|traits| whole(traits.class) && traits.members.iter().copied().all(whole));
        (nodes_are && traits_are).then_some(text)
    }
}
