//! Identities on disk, and the functions behind the `identity` subcommands.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use farprobe_transport::identity::{
    Authority, Identity, IdentityError, Overwrite, Purpose, Request, Role, Validity, create_authority, create_demo,
    issue, show,
};

use super::support::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_three_commands_work_together() {
    let root = tempfile::tempdir().unwrap();
    let (ca, ward) = (root.path().join("ca"), root.path().join("ward"));
    let now = SystemTime::now();
    let authority = create_authority(&ca, "St. Mary", 3650, now, Overwrite::Refuse).unwrap();
    assert_eq!((authority.role, authority.purpose), (None, Purpose::Real));
    let request = Request { role: Role::Cart, name: "ward 7", days: 365 };
    let cart = issue(&ca, request, &ward, now, Overwrite::Refuse).unwrap();
    assert_eq!(show(&ward, now).unwrap(), cart);
    assert_eq!(show(&ca, now).unwrap(), authority);
    let text = cart.to_string();
    for part in ["ward 7", "cart", "real", "365 days left", &cart.fingerprint.to_string()] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let loaded = Identity::load(&ward).unwrap();
    assert_eq!((loaded.role(), loaded.name(), loaded.fingerprint()), (Role::Cart, "ward 7", cart.fingerprint));
}

#[test]
fn keys_are_for_their_owner_only() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("new");
    authority(Purpose::Real).save(&folder, Overwrite::Refuse).unwrap();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("ca-key.pem")), 0o600);
    let key = folder.join("ca-key.pem");
    for open in [0o604, 0o601, 0o620, 0o644] {
        fs::set_permissions(&key, fs::Permissions::from_mode(open)).unwrap();
        let error = Authority::load(&folder).unwrap_err();
        assert!(matches!(&error, IdentityError::KeyExposed { mode, .. } if *mode == open), "{error:?}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    for closed in [0o400, 0o440, 0o640] {
        fs::set_permissions(&key, fs::Permissions::from_mode(closed)).unwrap();
        assert!(Authority::load(&folder).is_ok());
    }
}

#[test]
fn a_key_is_never_overwritten_unasked() {
    let root = tempfile::tempdir().unwrap();
    let (cart, operator) = cart_and_operator();
    cart.save(root.path(), Overwrite::Refuse).unwrap();
    let before = fs::read(root.path().join("key.pem")).unwrap();
    let error = operator.save(root.path(), Overwrite::Refuse).unwrap_err();
    assert!(matches!(error, IdentityError::Exists { .. }), "{error:?}");
    assert_eq!(fs::read(root.path().join("key.pem")).unwrap(), before);
    assert_eq!(Identity::load(root.path()).unwrap().role(), Role::Cart);
    operator.save(root.path(), Overwrite::Replace).unwrap();
    assert_eq!(Identity::load(root.path()).unwrap().role(), Role::Operator);
    let left: Vec<_> = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn files_that_are_mixed_up_or_spoilt_are_told_apart() {
    let root = tempfile::tempdir().unwrap();
    let (cart, operator) = cart_and_operator();
    let (a, b) = (root.path().join("a"), root.path().join("b"));
    cart.save(&a, Overwrite::Refuse).unwrap();
    operator.save(&b, Overwrite::Refuse).unwrap();
    fs::copy(b.join("key.pem"), a.join("key.pem")).unwrap();
    assert!(matches!(Identity::load(&a), Err(IdentityError::KeyMismatch { .. })));
    fs::copy(b.join("ca.pem"), b.join("cert.pem")).unwrap();
    assert!(matches!(Identity::load(&b), Err(IdentityError::Malformed { .. })));
    fs::write(b.join("cert.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(matches!(Identity::load(&b), Err(IdentityError::Malformed { .. })));
    fs::write(b.join("cert.pem"), vec![b'x'; 1_000_000]).unwrap();
    assert!(matches!(Identity::load(&b), Err(IdentityError::Malformed { .. })));
    assert!(matches!(Identity::load(&root.path().join("none")), Err(IdentityError::Missing { .. })));
}

#[test]
fn without_an_authority_nothing_is_issued_and_what_comes_first_is_said() {
    let root = tempfile::tempdir().unwrap();
    let (nowhere, folder) = (root.path().join("ward 3"), root.path().join("cart"));
    let request = Request { role: Role::Cart, name: "cart", days: 365 };
    let complaint = |authority: &Path| {
        issue(authority, request, &folder, SystemTime::now(), Overwrite::Refuse).unwrap_err().to_string()
    };
    let said = complaint(&nowhere);
    let first = format!(
        "make it first, once for each site, with `farprobe-cart identity create-authority \"{}\"`",
        nowhere.display()
    );
    assert!(said.contains(&first) && !said.contains("identity issue"), "{said}");
    // An identity has its authority's certificate and not the key.
    let (cart, _) = cart_and_operator();
    cart.save(&root.path().join("other"), Overwrite::Refuse).unwrap();
    let said = complaint(&root.path().join("other"));
    assert!(
        said.contains("ca-key.pem is missing: name the folder that `identity create-authority` has made"),
        "{said}"
    );
    assert!(!folder.exists());
}

#[test]
fn an_authority_issues_nothing_that_outlives_it() {
    let short = Authority::create("short", wide(), Purpose::Real).unwrap();
    let longer = Validity::between(wide().not_before(), wide().not_after() + DAY).unwrap();
    let error = short.issue(Role::Cart, "cart", longer).unwrap_err();
    assert!(matches!(error, IdentityError::OutlivesAuthority { .. }), "{error:?}");

    // The command asks for less instead, and refuses only when nothing is left.
    let root = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let authority = create_authority(root.path(), "short", 10, now, Overwrite::Refuse).unwrap();
    let folder = root.path().join("cart");
    let request = Request { role: Role::Cart, name: "cart", days: 365 };
    let error = issue(root.path(), request, &folder, now + 20 * DAY, Overwrite::Refuse).unwrap_err();
    assert!(matches!(error, IdentityError::OutlivesAuthority { .. }), "{error:?}");
    assert!(!folder.exists());
    let cart = issue(root.path(), request, &folder, now + DAY, Overwrite::Refuse).unwrap();
    assert_eq!(cart.validity.not_after(), authority.validity.not_after());
    assert_eq!(Identity::load(&folder).unwrap().validity(), cart.validity);
}

#[test]
fn unfit_names_are_refused() {
    let authority = authority(Purpose::Real);
    for name in ["", "line\nbreak", " padded ", &"x".repeat(65)] {
        assert!(matches!(authority.issue(Role::Cart, name, wide()), Err(IdentityError::Name)), "{name:?}");
    }
    assert_eq!(authority.issue(Role::Observer, "超声科 王医生", wide()).unwrap().name(), "超声科 王医生");
}

#[test]
fn a_demo_replaces_its_own_leftovers_but_never_a_real_identity() {
    let root = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let first = create_demo(root.path(), now).unwrap();
    let second = create_demo(root.path(), now).unwrap();
    assert_ne!(first.cart.fingerprint(), second.cart.fingerprint());
    assert_eq!(Identity::load(&second.cart_folder).unwrap().fingerprint(), second.cart.fingerprint());
    assert_eq!(second.operator.purpose(), Purpose::Demo);
    let (cart, _) = cart_and_operator();
    cart.save(&second.cart_folder, Overwrite::Replace).unwrap();
    assert!(matches!(create_demo(root.path(), now), Err(IdentityError::Exists { .. })));
    assert_eq!(Identity::load(&second.cart_folder).unwrap().fingerprint(), cart.fingerprint());
}
