//! Every wrong identity is refused, and both sides can say why.

use std::time::SystemTime;

use super::foreign::{Shown, raw_client, raw_errors};
use super::support::*;
use farprobe_transport::identity::{Authority, Identity, IdentityError, Overwrite, Purpose, Role, Validity};
use farprobe_transport::{
    AcceptError, CartEndpoint, CartOptions, CertificateFault, ConnectError, ConsoleEndpoint, ConsoleOptions,
    DemoPolicy, LinkOptions, OpenError, Refusal,
};

/// `own`'s certificate and key in a folder whose `ca.pem` is `trusted`'s: somebody who copied a file too many.
fn trusting(own: &Identity, trusted: &Authority) -> Identity {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    own.save(folder.path(), Overwrite::Refuse).unwrap();
    trusted.save(other.path(), Overwrite::Refuse).unwrap();
    std::fs::copy(other.path().join("ca.pem"), folder.path().join("ca.pem")).unwrap();
    Identity::load(folder.path()).unwrap()
}

pub(crate) fn cart_refused(error: &AcceptError) -> &CertificateFault {
    let AcceptError::PeerRefused { fault, .. } = error else { panic!("{error:?}") };
    fault
}

fn cart_was_refused(error: &AcceptError) -> Refusal {
    let AcceptError::RefusedByPeer { refusal, .. } = error else { panic!("{error:?}") };
    *refusal
}

pub(crate) fn console_refused(error: &ConnectError) -> &CertificateFault {
    let ConnectError::CartRefused { fault, .. } = error else { panic!("{error:?}") };
    fault
}

fn console_was_refused(error: &ConnectError) -> Refusal {
    let ConnectError::RefusedByCart { refusal, .. } = error else { panic!("{error:?}") };
    *refusal
}

#[tokio::test]
async fn a_console_of_another_authority_is_refused() {
    let (ours, theirs) = (authority(Purpose::Real), authority(Purpose::Real));
    let cart = ours.issue(Role::Cart, "cart", wide()).unwrap();
    let stranger = trusting(&theirs.issue(Role::Operator, "stranger", wide()).unwrap(), &ours);
    let (cart_saw, console_saw) = both_errors(&cart, &stranger, None).await;
    assert_eq!(*cart_refused(&cart_saw), CertificateFault::UnknownAuthority);
    assert_eq!(console_was_refused(&console_saw), Refusal::UnknownAuthority);
}

#[tokio::test]
async fn a_cart_of_another_authority_is_refused() {
    let (ours, theirs) = (authority(Purpose::Real), authority(Purpose::Real));
    let cart = theirs.issue(Role::Cart, "cart", wide()).unwrap();
    let operator = ours.issue(Role::Operator, "Dr. Li", wide()).unwrap();
    let (cart_saw, console_saw) = both_errors(&cart, &operator, None).await;
    assert_eq!(cart_was_refused(&cart_saw), Refusal::UnknownAuthority);
    assert_eq!(*console_refused(&console_saw), CertificateFault::UnknownAuthority);
}

#[tokio::test]
async fn expired_and_future_certificates_are_refused_on_either_side() {
    let ours = authority(Purpose::Real);
    let now = SystemTime::now();
    let past = Validity::between(now - 20 * DAY, now - 10 * DAY).unwrap();
    let future = Validity::between(now + 10 * DAY, now + 20 * DAY).unwrap();
    let expired = CertificateFault::Expired { not_after: past.not_after() };
    let early = CertificateFault::NotYetValid { not_before: future.not_before() };
    for (validity, fault) in [(past, expired), (future, early)] {
        let good_cart = ours.issue(Role::Cart, "cart", wide()).unwrap();
        let bad_console = ours.issue(Role::Operator, "Dr. Li", validity).unwrap();
        let (cart_saw, console_saw) = both_errors(&good_cart, &bad_console, None).await;
        assert_eq!(*cart_refused(&cart_saw), fault);
        assert_eq!(console_was_refused(&console_saw), Refusal::NotValidNow);

        let bad_cart = ours.issue(Role::Cart, "cart", validity).unwrap();
        let good_console = ours.issue(Role::Operator, "Dr. Li", wide()).unwrap();
        let (cart_saw, console_saw) = both_errors(&bad_cart, &good_console, None).await;
        assert_eq!(cart_was_refused(&cart_saw), Refusal::NotValidNow);
        assert_eq!(*console_refused(&console_saw), fault);
    }
}

#[tokio::test]
async fn another_cart_than_the_one_asked_for_is_refused() {
    let (cart, operator) = cart_and_operator();
    let (cart_saw, console_saw) = both_errors(&cart, &operator, Some("cart 2")).await;
    assert_eq!(cart_was_refused(&cart_saw), Refusal::RoleOrName);
    let fault = CertificateFault::WrongName { found: "cart 1".into(), expected: "cart 2".into() };
    assert_eq!(*console_refused(&console_saw), fault);
}

#[tokio::test]
async fn demo_and_real_never_meet_even_under_one_authority() {
    // A demo's authority cannot issue real identities, so let the demo's cart be trusted by mistake.
    let (real, demo) = (authority(Purpose::Real), authority(Purpose::Demo));
    let demo_cart = trusting(&demo.issue(Role::Cart, "cart", wide()).unwrap(), &real);
    let operator = trusting(&real.issue(Role::Operator, "Dr. Li", wide()).unwrap(), &demo);
    let (cart_saw, console_saw) = both_errors(&demo_cart, &operator, None).await;
    assert_eq!(cart_was_refused(&cart_saw), Refusal::Purpose);
    assert_eq!(*console_refused(&console_saw), CertificateFault::WrongPurpose { found: Purpose::Demo });

    let real_cart = trusting(&real.issue(Role::Cart, "cart", wide()).unwrap(), &demo);
    let trusting_demo_operator = raw_client(&demo.issue(Role::Operator, "demo", wide()).unwrap(), Shown::Own);
    let (cart_saw, console_saw) = raw_errors(&real_cart, trusting_demo_operator).await;
    assert_eq!(*cart_refused(&cart_saw), CertificateFault::WrongPurpose { found: Purpose::Demo });
    assert_eq!(console_saw, 0x100 + 43, "unsupported_certificate");
}

#[tokio::test]
async fn an_endpoint_refuses_its_own_demo_identity_outside_a_demo() {
    let demo = authority(Purpose::Demo);
    let cart = demo.issue(Role::Cart, "cart", wide()).unwrap();
    let operator = demo.issue(Role::Operator, "Dr. Li", wide()).unwrap();
    let opened = CartEndpoint::open(loopback(), &cart, CartOptions::default());
    assert!(matches!(opened, Err(OpenError::Identity(IdentityError::DemoOutsideDemo))), "{opened:?}");
    let console = ConsoleEndpoint::open(ConsoleOptions::default()).unwrap();
    let connected = console.connect("127.0.0.1:9".parse().unwrap(), &operator, None).await;
    let refused = Err(ConnectError::Identity(OpenError::Identity(IdentityError::DemoOutsideDemo)));
    assert_eq!(format!("{connected:?}"), format!("{:?}", refused.map(|(): ()| ())));
}

#[tokio::test]
async fn an_endpoint_refuses_its_own_real_identity_inside_a_demo() {
    let (cart, operator) = cart_and_operator();
    let opened =
        CartEndpoint::open(loopback(), &cart, CartOptions { demo: DemoPolicy::Required, ..CartOptions::default() });
    assert!(matches!(opened, Err(OpenError::Identity(IdentityError::RealInsideDemo { .. }))), "{opened:?}");
    let options = ConsoleOptions { demo: DemoPolicy::Required, ..ConsoleOptions::default() };
    let connected =
        ConsoleEndpoint::open(options).unwrap().connect("127.0.0.1:9".parse().unwrap(), &operator, None).await;
    let real =
        matches!(connected, Err(ConnectError::Identity(OpenError::Identity(IdentityError::RealInsideDemo { .. }))));
    assert!(real, "{connected:?}");
}

#[tokio::test]
async fn demo_and_real_of_different_authorities_are_told_apart_as_such() {
    let (demo_cart, (_, operator)) =
        (authority(Purpose::Demo).issue(Role::Cart, "cart", wide()).unwrap(), cart_and_operator());
    let (cart_saw, console_saw) = both_errors(&demo_cart, &operator, None).await;
    assert_eq!(cart_was_refused(&cart_saw), Refusal::Purpose);
    assert_eq!(*console_refused(&console_saw), CertificateFault::WrongPurpose { found: Purpose::Demo });
}

#[tokio::test]
async fn an_endpoint_refuses_an_identity_of_the_wrong_role() {
    let (cart, operator) = cart_and_operator();
    let opened = CartEndpoint::open(loopback(), &operator, CartOptions::default());
    assert!(matches!(opened, Err(OpenError::Role { found: Role::Operator, .. })), "{opened:?}");
    let console = open_console(LinkOptions::default());
    let connected = console.connect("127.0.0.1:9".parse().unwrap(), &cart, None).await;
    assert!(
        matches!(connected, Err(ConnectError::Identity(OpenError::Role { found: Role::Cart, .. }))),
        "{connected:?}"
    );
}

#[tokio::test]
async fn a_demo_runs_on_its_own_identities() {
    let folder = tempfile::tempdir().unwrap();
    let demo = farprobe_transport::identity::create_demo(folder.path(), SystemTime::now()).unwrap();
    let cart_endpoint = open_cart(&demo.cart, LinkOptions::default());
    let console_endpoint =
        ConsoleEndpoint::open(ConsoleOptions { demo: DemoPolicy::Required, ..Default::default() }).unwrap();
    let address = cart_endpoint.local_addr().unwrap();
    let loaded = Identity::load(&demo.operator_folder).unwrap();
    let (cart, console) = within(async {
        tokio::join!(cart_endpoint.accept(), console_endpoint.connect(address, &loaded, Some(demo.cart.name())))
    })
    .await;
    let (cart, console) = (cart.unwrap(), console.unwrap());
    assert_eq!((cart.peer().role, cart.peer().purpose), (Role::Operator, Purpose::Demo));
    assert_eq!((console.peer().role, console.peer().name.as_str()), (Role::Cart, demo.cart.name()));
    assert_eq!(console.peer().address, address);
    assert_eq!(console.peer().fingerprint, demo.cart.fingerprint());
}

#[tokio::test]
async fn nobody_at_home_is_said_plainly() {
    let (_, operator) = cart_and_operator();
    let deaf = std::net::UdpSocket::bind(loopback()).unwrap();
    let link = LinkOptions { idle_timeout: std::time::Duration::from_millis(200), ..LinkOptions::default() };
    let connected = within(open_console(link).connect(deaf.local_addr().unwrap(), &operator, None)).await;
    assert!(matches!(connected, Err(ConnectError::NoAnswer { .. })), "{connected:?}");
}

#[tokio::test]
async fn a_full_cart_says_so_on_both_sides_and_has_room_again_later() {
    let (cart, operator) = cart_and_operator();
    let options = CartOptions { max_connections: 1, ..CartOptions::default() };
    let cart_endpoint = CartEndpoint::open(loopback(), &cart, options).unwrap();
    let console_endpoint = open_console(LinkOptions::default());
    let address = cart_endpoint.local_addr().unwrap();
    let knock = || async {
        within(async { tokio::join!(cart_endpoint.accept(), console_endpoint.connect(address, &operator, None)) }).await
    };
    let first = knock().await;
    assert!(first.0.is_ok() && first.1.is_ok());
    let (cart_saw, console_saw) = knock().await;
    assert!(matches!(cart_saw, Err(AcceptError::Full { limit: 1, .. })), "{cart_saw:?}");
    assert!(matches!(console_saw, Err(ConnectError::Busy { .. })), "{console_saw:?}");
    drop(first);
    let third = knock().await;
    assert!(third.0.is_ok() && third.1.is_ok());
}
