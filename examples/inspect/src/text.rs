//! Text for people, drawn from the same value that `--json` prints.
//!
//! Objects become aligned `key  value` lines, lists of lists or of objects become tables. Long
//! lists and long values are cut, and say by how much.

use std::fmt::Write as _;

use serde_json::Value;

/// Draws `value`; `colour` marks keys and headings for a terminal.
pub(crate) fn draw(value: &Value, colour: bool) -> String {
    let mut canvas = Canvas {
        out: String::new(),
        colour,
    };
    canvas.value(value, 0);
    canvas.out
}

struct Canvas {
    out: String,
    colour: bool,
}

impl Canvas {
    fn value(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                let width = members.keys().map(|key| key.chars().count()).max();
                for (key, member) in members {
                    self.key(key, width.unwrap_or(0), indent);
                    self.member(member, indent);
                }
            }
            Value::Array(items) if !items.is_empty() && !is_inline(value) => {
                self.list(items, indent);
            }
            scalar => {
                let _ = writeln!(self.out, "{:indent$}{}", "", inline(scalar));
            }
        }
    }

    fn member(&mut self, member: &Value, indent: usize) {
        if is_inline(member) || indent >= MAX_INDENT {
            let _ = writeln!(self.out, "  {}", inline(member));
        } else {
            self.out.push('\n');
            self.value(member, indent + 2);
        }
    }

    fn key(&mut self, key: &str, width: usize, indent: usize) {
        let pad = width.saturating_sub(key.chars().count());
        let (on, off) = if self.colour { (KEY, PLAIN) } else { ("", "") };
        let _ = write!(
            self.out,
            "{:indent$}{on}{}{off}{:pad$}",
            "",
            printable(key),
            ""
        );
    }

    fn list(&mut self, items: &[Value], indent: usize) {
        let shown = items.get(..MAX_ITEMS).unwrap_or(items);
        if shown.iter().all(Value::is_array) {
            let rows: Vec<Vec<String>> = shown
                .iter()
                .filter_map(Value::as_array)
                .map(|row| row.iter().map(inline).collect())
                .collect();
            self.table(&rows, indent);
        } else if let Some(columns) = columns(shown) {
            let head: Vec<String> = columns.iter().map(|&column| printable(column)).collect();
            let rows = shown.iter().map(|row| {
                let cell = |&column: &&str| row.get(column).map_or_else(String::new, inline);
                columns.iter().map(cell).collect()
            });
            let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
            self.table(&rows, indent);
        } else {
            for (index, item) in shown.iter().enumerate() {
                self.key(&index.to_string(), 0, indent);
                self.member(item, indent);
            }
        }
        let hidden = items.len().saturating_sub(shown.len());
        if hidden > 0 {
            let _ = writeln!(self.out, "{:indent$}... {hidden} more, --json has all", "");
        }
    }

    fn table(&mut self, rows: &[Vec<String>], indent: usize) {
        let mut widths: Vec<usize> = Vec::new();
        for row in rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in rows {
            let mut line = " ".repeat(indent);
            for (width, cell) in widths.iter().zip(row) {
                let pad = width - cell.chars().count();
                let _ = write!(line, "{cell}{:pad$}  ", "");
            }
            let _ = writeln!(self.out, "{}", line.trim_end());
        }
    }
}

/// The keys of a list of flat objects that are alike enough for one table.
fn columns(items: &[Value]) -> Option<Vec<&str>> {
    let mut columns: Vec<&str> = Vec::new();
    for item in items {
        for (key, value) in item.as_object()? {
            if !is_inline(value) {
                return None;
            }
            if !columns.contains(&key.as_str()) {
                columns.push(key);
            }
        }
    }
    (items.len() > 1 && columns.len() <= MAX_COLUMNS).then_some(columns)
}

/// Whether a value stands on one line: a scalar, or a short list of scalars.
fn is_inline(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => {
            items.len() <= MAX_INLINE
                && items
                    .iter()
                    .all(|item| !item.is_array() && !item.is_object())
        }
        _ => true,
    }
}

fn inline(value: &Value) -> String {
    let text = match value {
        Value::String(text) => printable(text),
        Value::Null => "-".to_owned(),
        Value::Array(items) if is_inline(value) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(" "))
        }
        other => other.to_string(),
    };
    let len = text.chars().count();
    if len <= MAX_TEXT {
        return text;
    }
    let kept: String = text.chars().take(MAX_TEXT).collect();
    format!("{kept}... ({len} characters)")
}

/// Control characters from the wire must not steer a terminal.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

const KEY: &str = "\u{1b}[36m";
const PLAIN: &str = "\u{1b}[0m";
const MAX_COLUMNS: usize = 10;
const MAX_INDENT: usize = 32;
const MAX_INLINE: usize = 8;
const MAX_ITEMS: usize = 40;
const MAX_TEXT: usize = 120;
