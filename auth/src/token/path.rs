//! One path out of application and stream name, however the client split the URL.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use crate::rtmp::{AppQuery, Params};

/// What a client asked for, joined again.
///
/// For `rtmp://host/protectedVOD/a/b/SIG/EXP/movie.flv` FFmpeg 5.1 sends the application `protectedVOD/a` and the
/// stream `b/SIG/EXP/movie`, rtmpdump 2.4 `protectedVOD/a/b` and `SIG/EXP/movie`; both drop `.flv` and put `mp4:` before
/// other files. A signature over the path is therefore checked on `app/stream`, the prefix cut off, with each
/// extension that the server has files of.
///
/// ```
/// use weir_auth::token::StreamPath;
///
/// let ffmpeg = StreamPath::new("vod/a?token=x", "b/movie");
/// let rtmpdump = StreamPath::new("vod/a/b", "flv:movie?token=x");
/// assert_eq!(ffmpeg.joined(), "vod/a/b/movie");
/// assert_eq!(rtmpdump.joined(), "vod/a/b/movie");
/// assert!(rtmpdump.candidates(&["flv", "mp4"]).any(|path| path == "vod/a/b/movie.flv"));
/// assert_eq!((ffmpeg.param("token"), rtmpdump.param("token")), (Some("x"), Some("x")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPath<'a> {
    joined: String,
    app: Params<'a>,
    stream: Params<'a>,
}

impl<'a> StreamPath<'a> {
    /// Joins `app` of `connect` and the name of `publish` or `play`; both may have queries.
    pub fn new(app: &'a str, stream: &'a str) -> Self {
        let (app, stream) = (AppQuery::parse(app), AppQuery::parse(stream));
        let name = stream.app();
        let name = PREFIXES
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(name);
        let (head, tail) = (app.app().trim_matches('/'), name.trim_matches('/'));
        let joined = match (head, tail) {
            (head, "") => head.to_owned(),
            ("", tail) => tail.to_owned(),
            (head, tail) => format!("{head}/{tail}"),
        };
        Self {
            joined,
            app: app.params(),
            stream: stream.params(),
        }
    }

    /// The path, without slashes at its ends and without a query.
    pub fn joined(&self) -> &str {
        &self.joined
    }

    /// The path as it is, then with each extension behind it.
    pub fn candidates(&self, extensions: &[&str]) -> impl Iterator<Item = String> {
        let with = |extension: &&str| format!("{}.{extension}", self.joined);
        core::iter::once(self.joined.clone()).chain(extensions.iter().map(with))
    }

    /// A parameter of the stream's query, or of the application's.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        self.stream.get(name).or_else(|| self.app.get(name))
    }
}

/// File types that players write before a stream name.
const PREFIXES: [&str; 5] = ["flv:", "mp4:", "mp3:", "f4v:", "raw:"];
