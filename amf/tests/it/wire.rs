//! Valid bytes made at random: graphs with sharing and cycles, of either format.
//!
//! They are written here by hand from the specifications, so that the laws do not test the encoder
//! with itself.

/// A source of choices that never runs dry.
pub(crate) struct Choices<'c> {
    bytes: std::slice::Iter<'c, u8>,
}

impl<'c> Choices<'c> {
    pub(crate) fn new(bytes: &'c [u8]) -> Self {
        Self {
            bytes: bytes.iter(),
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or_default()) % limit
    }

    fn number(&mut self) -> [u8; 8] {
        let numbers = [0.0, -0.0, 1.0, -1.5, 1e308, 5e-324, f64::NAN, f64::INFINITY];
        numbers[self.below(numbers.len())].to_be_bytes()
    }

    fn text(&mut self) -> &'static str {
        ["a", "b", "", "key", "längere Zeichenkette", "漢字", "😀"][self.below(7)]
    }
}

/// Writes AMF0 values.
#[derive(Default)]
pub(crate) struct Amf0 {
    pub(crate) out: Vec<u8>,
    slots: u16,
    pub(crate) amf3: Amf3,
}

impl Amf0 {
    fn name(&mut self, text: &str) {
        self.out
            .extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        self.out.extend(text.as_bytes());
    }

    fn properties(&mut self, from: &mut Choices<'_>, depth: usize) {
        for _ in 0..from.below(4) {
            let name = from.text();
            self.name(name);
            self.value(from, depth + 1);
        }
        self.out.extend([0, 0, 9]);
    }

    pub(crate) fn value(&mut self, from: &mut Choices<'_>, depth: usize) {
        let kind = from.below(if depth < 6 { 16 } else { 9 });
        match kind {
            0 => {
                self.out.push(0);
                self.out.extend(from.number());
            }
            1 => self.out.extend([1, from.below(2) as u8]),
            2 => {
                self.out.push(2);
                let text = from.text();
                self.name(text);
            }
            3 => self.out.push(5),
            4 => self.out.push(6),
            5 => self.out.push(0x0d),
            6 => {
                self.out.push(0x0b);
                self.out.extend(from.number());
                self.out.extend([0xff, 0xc4]);
            }
            7 => self.out.extend(b"\x0f\0\0\0\x04<a/>"),
            8 | 9 if self.slots > 0 => {
                self.out.push(7);
                let slot = from.below(usize::from(self.slots)) as u16;
                self.out.extend(slot.to_be_bytes());
            }
            10 | 11 => {
                self.slots += 1;
                self.out.push(0x0a);
                let len = from.below(4);
                self.out.extend((len as u32).to_be_bytes());
                for _ in 0..len {
                    self.value(from, depth + 1);
                }
            }
            12 => {
                self.slots += 1;
                self.out.extend([8, 0, 0, 0, from.below(9) as u8]);
                self.properties(from, depth);
            }
            13 => {
                self.slots += 1;
                self.out.push(0x10);
                self.name("org.example.Class");
                self.properties(from, depth);
            }
            14 => {
                self.out.push(0x11);
                self.amf3.out = std::mem::take(&mut self.out);
                self.amf3.value(from, depth + 1);
                self.out = std::mem::take(&mut self.amf3.out);
            }
            _ => {
                self.slots += 1;
                self.out.push(3);
                self.properties(from, depth);
            }
        }
    }
}

/// Writes AMF3 values.
#[derive(Default)]
pub(crate) struct Amf3 {
    pub(crate) out: Vec<u8>,
    strings: u8,
    /// The marker of each object.
    objects: Vec<u8>,
    traits: Vec<Traits>,
}

impl Amf3 {
    fn text(&mut self, from: &mut Choices<'_>) {
        if self.strings > 0 && from.below(3) == 0 {
            let index = from.below(usize::from(self.strings.min(60))) as u8;
            return self.out.push(index << 1);
        }
        let text = from.text();
        self.inline(text);
    }

    fn inline(&mut self, text: &str) {
        self.out.push((text.len() as u8) << 1 | 1);
        self.out.extend(text.as_bytes());
        self.strings = self.strings.saturating_add(u8::from(!text.is_empty()));
    }

    fn name(&mut self, from: &mut Choices<'_>) {
        let text = ["x", "y", "längerer Name"][from.below(3)];
        self.inline(text);
    }

    fn begin(&mut self, marker: u8, len: usize) {
        self.objects.push(marker);
        self.out.extend([marker, (len as u8) << 1 | 1]);
    }

    fn values(&mut self, count: usize, from: &mut Choices<'_>, depth: usize) {
        for _ in 0..count {
            self.value(from, depth + 1);
        }
    }

    fn names(&mut self, from: &mut Choices<'_>, depth: usize) {
        for _ in 0..from.below(3) {
            self.name(from);
            self.value(from, depth + 1);
        }
        self.out.push(1);
    }

    pub(crate) fn value(&mut self, from: &mut Choices<'_>, depth: usize) {
        match from.below(if depth < 6 { 20 } else { 12 }) {
            0 => self.out.push(0),
            1 => self.out.push(1),
            2 => self.out.push(2 + from.below(2) as u8),
            3 => self
                .out
                .extend([4, 0xff, 0xff, 0xff, from.below(256) as u8]),
            4 => {
                self.out.push(5);
                self.out.extend(from.number());
            }
            5 => {
                self.out.push(6);
                self.text(from);
            }
            6 => {
                self.begin(8, 0);
                self.out.extend(from.number());
            }
            7 => {
                self.begin([7, 0x0b, 0x0c][from.below(3)], 4);
                self.out.extend(b"<b/>");
            }
            8 => {
                let len = from.below(3);
                self.begin(0x0d + from.below(2) as u8, len);
                self.out.push(from.below(2) as u8);
                self.out.extend(vec![0xa5; len * 4]);
            }
            9 => {
                self.begin(0x0f, 1);
                self.out.push(0);
                self.out.extend(from.number());
            }
            10 | 11 if !self.objects.is_empty() => {
                let index = from.below(self.objects.len().min(60));
                self.out.extend([self.objects[index], (index as u8) << 1]);
            }
            12 | 13 => {
                let dense = from.below(3);
                self.begin(9, dense);
                self.names(from, depth);
                self.values(dense, from, depth);
            }
            14 => {
                let len = from.below(3);
                self.begin(0x10, len);
                self.out.push(1);
                self.text(from);
                self.values(len, from, depth);
            }
            15 => {
                let len = from.below(3);
                self.begin(0x11, len);
                self.out.push(0);
                self.values(len * 2, from, depth);
            }
            16 if !self.traits.is_empty() => {
                let index = from.below(self.traits.len().min(30));
                self.objects.push(0x0a);
                self.out.extend([0x0a, (index as u8) << 2 | 1]);
                self.body(self.traits[index], from, depth);
            }
            17 => self.class(
                0x07,
                "flex.messaging.io.ArrayCollection",
                Traits::Wrapper,
                from,
                depth,
            ),
            18 => self.class(0x07, "DSA", Traits::Small, from, depth),
            _ => {
                let (members, dynamic) = (from.below(3), from.below(2) == 1);
                let flags = if dynamic { 0x0b } else { 0x03 };
                let traits = Traits::Members { members, dynamic };
                self.class(
                    (members as u8) << 4 | flags,
                    from.text(),
                    traits,
                    from,
                    depth,
                );
            }
        }
    }

    /// Writes an object with inline traits.
    fn class(
        &mut self,
        head: u8,
        class: &str,
        traits: Traits,
        from: &mut Choices<'_>,
        depth: usize,
    ) {
        self.objects.push(0x0a);
        self.out.extend([0x0a, head]);
        self.inline(class);
        if let Traits::Members { members, .. } = traits {
            for _ in 0..members {
                self.text(from);
            }
        }
        self.traits.push(traits);
        self.body(traits, from, depth);
    }

    fn body(&mut self, traits: Traits, from: &mut Choices<'_>, depth: usize) {
        match traits {
            Traits::Members { members, dynamic } => {
                self.values(members, from, depth);
                if dynamic {
                    self.names(from, depth);
                }
            }
            Traits::Wrapper => self.value(from, depth + 1),
            Traits::Small => {
                self.out.extend([0x81, 0x02]);
                self.values(2, from, depth);
                self.out.push(0x00);
            }
        }
    }
}

/// What the objects of a class consist of.
#[derive(Clone, Copy)]
enum Traits {
    Members {
        members: usize,
        dynamic: bool,
    },
    /// `ArrayCollection`.
    Wrapper,
    /// `DSA`.
    Small,
}
