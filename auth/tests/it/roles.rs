//! What each role may do.

use core::time::Duration;

use weir_auth::{Action, Denied, Pattern, Policy, Principal, Role, UnixTime, UsersFile};

const T0: UnixTime = UnixTime::from_secs(1_700_000_000);

fn may(policy: &Policy, who: &Principal, action: Action) -> bool {
    policy.authorize(who, action, "live", "cam1", T0).is_ok()
}

/// The Red5 article's demo: admin, user, and a third one without a usable role, who stays connected.
#[test]
fn the_demos_three_users_may_what_their_roles_say() {
    let text = "admin=a,ROLE_ADMIN,ROLE_USER\nuser=u,ROLE_USER\nguest=g,ROLE_NONE";
    let file = UsersFile::parse(text).unwrap();
    let who: Vec<Principal> = file.users().map(Principal::from).collect();
    let [admin, guest, user] = who.as_slice() else {
        panic!()
    };
    let policy = Policy::standard();
    for action in Action::ALL {
        assert!(may(&policy, admin, action), "{action:?}");
        assert!(!may(&policy, guest, action), "{action:?}");
        assert_eq!(
            may(&policy, user, action),
            action != Action::Api,
            "{action:?}"
        );
    }
}

#[test]
fn nothing_is_allowed_that_no_rule_allows() {
    let admin = Principal::new("admin", [Role::new("ROLE_ADMIN")]);
    for action in Action::ALL {
        let denied = Policy::new().authorize(&admin, action, "live", "cam1", T0);
        assert_eq!(denied, Err(Denied::NoRule(action)));
    }
    let nobody = Principal::new("nobody", []);
    assert!(
        Action::ALL
            .into_iter()
            .all(|action| !may(&Policy::standard(), &nobody, action))
    );
}

#[test]
fn a_rule_is_for_its_application_and_stream_alone() {
    let (app, stream) = (Pattern::parse("live"), Pattern::parse("cam*"));
    let policy = Policy::new().allow("R", &[Action::Play], app, stream);
    let who = Principal::new("a", [Role::new("R")]);
    let play = |app, stream| {
        policy
            .authorize(&who, Action::Play, app, stream, T0)
            .is_ok()
    };
    assert!(play("live", "cam1") && play("live", "cam"));
    assert!(!play("live", "ca") && !play("live2", "cam1") && !play("", ""));
}

#[test]
fn an_identity_with_an_end_ends() {
    let who = Principal::new("a", [Role::new("ROLE_ADMIN")]).with_end(T0);
    let policy = Policy::standard();
    let before = T0 - Duration::from_millis(1);
    assert_eq!(
        policy.authorize(&who, Action::Play, "live", "a", before),
        Ok(())
    );
    assert_eq!(
        policy.authorize(&who, Action::Play, "live", "a", T0),
        Err(Denied::Expired)
    );
}
