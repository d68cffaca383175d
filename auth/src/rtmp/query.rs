//! The query that clients put behind the application name.

use core::fmt;

/// `connect.app` split into the application and its parameters, both borrowed.
///
/// The rules are those of the clients, not of URLs: the first `?` ends the application, every later `?` is as
/// good as `&` (FFmpeg appends `?authmod=..` to a URL that has a query already), and nothing is percent- or
/// plus-decoded, because base64 travels bare.
///
/// ```
/// use weir_auth::rtmp::AppQuery;
///
/// let query = AppQuery::parse("live?k=v?authmod=adobe&user=a&response=x+y/z==");
/// assert_eq!(query.app(), "live");
/// assert_eq!(query.params().get("user"), Some("a"));
/// assert_eq!(query.params().get("response"), Some("x+y/z=="));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AppQuery<'a> {
    app: &'a str,
    params: Params<'a>,
}

impl<'a> AppQuery<'a> {
    /// Splits the text; every text is legal, an empty application too (FMLE-style senders send one).
    pub fn parse(app: &'a str) -> Self {
        let (app, params) = app.split_once('?').unwrap_or((app, ""));
        Self {
            app,
            params: Params(params),
        }
    }

    /// The application, without the query.
    pub const fn app(self) -> &'a str {
        self.app
    }

    /// The parameters.
    pub const fn params(self) -> Params<'a> {
        self.params
    }

    /// The same text for a log: the values of all parameters but `authmod` and `user` are cut out.
    pub const fn redacted(self) -> Redacted<'a> {
        Redacted(self)
    }
}

impl fmt::Debug for AppQuery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppQuery({})", self.redacted())
    }
}

/// Parameters of a query: `name=value`, separated by `&` or `?`. Looking one up walks the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Params<'a>(&'a str);

impl<'a> Params<'a> {
    /// The parameters of a text without its leading `?`.
    pub const fn parse(text: &'a str) -> Self {
        Self(text)
    }

    /// The value of the first parameter of that name; it may be empty, and hold `=`.
    pub fn get(self, name: &str) -> Option<&'a str> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Every parameter with a name, in order, repeated ones included. A name without `=` has an empty value.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .split(['&', '?'])
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .filter(|(name, _)| !name.is_empty())
    }
}

impl fmt::Debug for Params<'_> {
    /// Names only: values are passwords and tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// An [`AppQuery`] for a log. What has no `=` is left out: a password with an `&` in it ends there.
#[derive(Debug, Clone, Copy)]
pub struct Redacted<'a>(AppQuery<'a>);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.app)?;
        let mut separator = '?';
        for pair in self.0.params.0.split(['&', '?']) {
            match pair.split_once('=') {
                Some((name @ ("authmod" | "user"), value)) => {
                    write!(f, "{separator}{name}={value}")?
                }
                Some((name, _)) => write!(f, "{separator}{name}=...")?,
                None => continue,
            }
            separator = '&';
        }
        Ok(())
    }
}
