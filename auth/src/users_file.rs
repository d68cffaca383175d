//! The users file: `name=password,ROLE_A[,ROLE_B][,enabled|disabled]`, one user a line.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Malformed, Misuse};
use crate::role::Role;
use crate::user::{Lookup, User, UserName, UserStore};
use crate::verifier::Verifier;

/// A store read from a file of Spring Security's shape, as the Red5 demo has it.
///
/// ```text
/// # comment, as is a line beginning with "!"
/// admin=password,ROLE_ADMIN,ROLE_USER
/// guest={sha256}5e88...,ROLE_PLAY,disabled
/// cam1={adobe:c2FsdHNh}tXvg... {ha1:weir:SHA-256}9c1a...,ROLE_PUBLISH
/// ops={argon2}$argon2id$v=19$m=19456,t=2,p=1$...,ROLE_ADMIN
/// ```
/// - A password without a prefix is plain and cannot hold a comma. The prefixes are those of
///   [`Verifier`]; several forms of one password are separated by a blank.
/// - Every user needs an authority; `enabled` and `disabled` may stand anywhere behind the password.
/// - A name occurs once. Lines end at LF or CRLF; blanks around a field do not count.
///
/// ```
/// use weir_auth::{Lookup, UserStore, UsersFile};
///
/// let users = UsersFile::parse("admin=password,ROLE_ADMIN,ROLE_USER,enabled").unwrap();
/// let Lookup::Found(admin) = users.lookup("admin") else { panic!() };
/// assert_eq!(admin.roles().len(), 2);
/// ```
#[derive(Debug, Clone)]
pub struct UsersFile {
    users: BTreeMap<String, User>,
    decoy: Verifier,
}

impl UsersFile {
    /// Reads a whole file. One bad line fails the file: a server must not start with fewer users, or with
    /// other rights, than its operator wrote down.
    ///
    /// # Errors
    /// [`UsersFileError`] for the first bad line.
    pub fn parse(text: &str) -> Result<Self, UsersFileError> {
        let mut users = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let at = |problem| UsersFileError {
                line: index + 1,
                problem,
            };
            if let Some(user) = parse_line(line).map_err(at)? {
                let name = String::from(user.name());
                if users.insert(name, user).is_some() {
                    return Err(at(LineProblem::RepeatedUser));
                }
            }
        }
        Ok(Self {
            decoy: costliest(users.values()),
            users,
        })
    }

    /// The users in the order of their names.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }
}

impl UserStore for UsersFile {
    fn lookup(&self, name: &str) -> Lookup {
        self.users
            .get(name)
            .cloned()
            .map_or(Lookup::Unknown, Lookup::Found)
    }

    fn decoy(&self) -> Verifier {
        self.decoy.clone()
    }
}

/// Why a users file cannot be used. The text of the line is not in it: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
#[non_exhaustive]
pub struct UsersFileError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub problem: LineProblem,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// There is no `=` behind a name.
    #[error("name=password,ROLE expected")]
    NoPassword,
    /// The name cannot be that of a user.
    #[error(transparent)]
    Name(#[from] Misuse),
    /// The password field cannot be read.
    #[error(transparent)]
    Password(#[from] Malformed),
    /// The user has no authority. `ROLE_NONE` or any other word that no policy knows will do.
    #[error("no authority")]
    NoAuthority,
    /// An authority has characters other than letters, digits and `_.:-`, or is empty.
    #[error("authority {0} is not a word")]
    Authority(usize),
    /// The name was on a line before.
    #[error("the user is there twice")]
    RepeatedUser,
}

/// A user, or nothing for an empty line or a comment.
fn parse_line(line: &str) -> Result<Option<User>, LineProblem> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', '!']) {
        return Ok(None);
    }
    let (name, fields) = line.split_once('=').ok_or(LineProblem::NoPassword)?;
    let name = UserName::new(name.trim())?;
    let (password, authorities) = split_password(fields.trim_start());
    let mut verifiers = parse_forms(password.trim_end())?.into_iter();
    let first = verifiers.next().ok_or(LineProblem::NoPassword)?;
    let mut user = verifiers.fold(User::new(name, first), User::with_verifier);
    let mut enabled = true;
    for (index, word) in authorities
        .into_iter()
        .flat_map(|rest| rest.split(','))
        .enumerate()
    {
        match word.trim() {
            "enabled" => enabled = true,
            "disabled" => enabled = false,
            word if is_word(word) => user = user.with_role(Role::new(word)),
            _ => return Err(LineProblem::Authority(index + 1)),
        }
    }
    if user.roles().is_empty() {
        return Err(LineProblem::NoAuthority);
    }
    Ok(Some(if enabled { user } else { user.disabled() }))
}

/// The password field ends at the first comma, unless it has an Argon2 hash: those have commas, all of them
/// before their last `$`, which no authority may contain.
fn split_password(fields: &str) -> (&str, Option<&str>) {
    let skip = if fields.contains("{argon2}") {
        fields.rfind('$').unwrap_or(0)
    } else {
        0
    };
    let comma = fields
        .get(skip..)
        .and_then(|rest| rest.find(','))
        .map(|comma| skip + comma);
    match comma.and_then(|comma| fields.split_at_checked(comma)) {
        Some((password, rest)) => (password, rest.strip_prefix(',')),
        None => (fields, None),
    }
}

/// `{form}content`, several separated by a blank; without a prefix all of it is the password.
fn parse_forms(field: &str) -> Result<Vec<Verifier>, Malformed> {
    if !field.starts_with('{') || field.starts_with("{plain}") {
        return Ok(Vec::from([Verifier::decode(field)?]));
    }
    let mut forms = Vec::new();
    let (mut start, mut rest) = (0, field);
    while !rest.is_empty() {
        // The blank may be in the realm of {ha1:a realm:MD5}, so it counts only behind the brace.
        let brace = rest.find('}').unwrap_or(0);
        let blank = rest.get(brace..).and_then(|rest| rest.find(" {"));
        let end = blank.map_or(rest.len(), |blank| brace + blank);
        let (form, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        forms.push(Verifier::decode(form.trim_end()).map_err(|error| error.at(start))?);
        rest = after.trim_start();
        start = field.len() - rest.len();
    }
    Ok(forms)
}

fn is_word(word: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    !word.is_empty() && word.bytes().all(letter)
}

/// What users that do not exist are checked against: the form that takes longest to check.
fn costliest<'a>(users: impl Iterator<Item = &'a User>) -> Verifier {
    let first = users.filter_map(|user| user.verifiers().first());
    let costliest = first.max_by_key(|verifier| match verifier {
        #[cfg(feature = "argon2")]
        Verifier::Argon2(_) => u64::from(u32::MAX) + 1,
        Verifier::Scram(scram) => u64::from(scram.iterations()),
        _ => 0,
    });
    costliest.cloned().unwrap_or_else(Verifier::nobody)
}
