//! The status page: which streams are live, and where they can be watched.

use std::fmt::Write;

use crate::{hub::StreamKey, stream::Summary};

/// The page as HTML.
pub(crate) fn render(live: &[(StreamKey, Summary)], rtmp_port: u16) -> String {
    let mut rows = String::new();
    for (key, Summary { viewers }) in live {
        let name = escape(key.as_str());
        // Writing into a String cannot fail.
        let _ = writeln!(
            rows,
            "<tr><td>{name}</td><td>{viewers}</td>\
             <td><a href=\"/{name}.flv\">HTTP-FLV</a></td>\
             <td><code>rtmp://<span class=host></span>:{rtmp_port}/{name}</code></td></tr>",
        );
    }
    if rows.is_empty() {
        rows.push_str("<tr><td colspan=4>Nobody is publishing.</td></tr>\n");
    }
    PAGE.replace("ROWS", &rows)
}

/// Text as it may stand in HTML, in attributes too.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

const PAGE: &str = r#"<!doctype html>
<meta charset=utf-8>
<title>weir-live</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }
  td, th { padding: .2rem 1rem .2rem 0; text-align: left; }
</style>
<h1>Live streams</h1>
<table>
<tr><th>Name<th>Viewers<th>Browser<th>Player</tr>
ROWS</table>
<p><a href="/metrics">Metrics</a></p>
<script>
  for (const host of document.querySelectorAll(".host")) host.textContent = location.hostname;
</script>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_the_network_cannot_leave_its_cell() {
        let live = [(
            StreamKey::new("live", "<script>'\""),
            Summary { viewers: 1 },
        )];
        let page = render(&live, 1935);
        assert!(page.contains("live/&lt;script&gt;&#39;&quot;"), "{page}");
        assert!(!page.contains("<script>'"), "{page}");
    }
}
