//! Users files.

use weir_auth::{Lookup, UserName, UserStore, UsersFile, Verifier};

/// Laws: every stored form is written and read back, every name can travel, and the lines of a good file are good
/// files with the same users.
pub fn auth_users_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let file = match UsersFile::parse(text) {
        Ok(file) => file,
        Err(error) => {
            assert!((1..=text.lines().count()).contains(&error.line));
            return;
        }
    };
    for user in file.users() {
        assert!(UserName::new(user.name()).is_ok());
        assert!(!user.roles().is_empty() && !user.verifiers().is_empty());
        assert_eq!(file.lookup(user.name()), Lookup::Found(user.clone()));
        for form in user.verifiers() {
            assert_eq!(Verifier::decode(&form.encode()).as_ref(), Ok(form));
        }
    }
    let mut users = 0;
    for line in text.lines() {
        let alone = UsersFile::parse(line).expect("a line of a good file");
        for user in alone.users() {
            users += 1;
            assert_eq!(file.lookup(user.name()), Lookup::Found(user.clone()));
        }
    }
    assert_eq!(users, file.users().count());
}
