//! What every test here needs: identities, endpoints, and a bound on how long a failure may hang.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use farprobe_transport::identity::{Authority, Identity, Purpose, Role, Validity};
use farprobe_transport::{
    AcceptError, CartEndpoint, CartOptions, ConnectError, Connection, ConsoleEndpoint, ConsoleOptions, DemoPolicy,
    LinkOptions,
};

/// What a deadlock costs. No test waits for it when it passes, and none asserts on it.
const HANG: Duration = Duration::from_mins(1);

pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, what).await.expect("the test hangs")
}

pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// A year around now, the same each time: an identity asked for a second later must not outlive its authority by that second.
pub(crate) fn wide() -> Validity {
    static WIDE: LazyLock<Validity> = LazyLock::new(|| {
        let now = SystemTime::now();
        Validity::between(now - 180 * DAY, now + 180 * DAY).unwrap()
    });
    *WIDE
}

pub(crate) fn authority(purpose: Purpose) -> Authority {
    Authority::create("test authority", wide(), purpose).unwrap()
}

/// A real cart and a real operator of one authority.
pub(crate) fn cart_and_operator() -> (Identity, Identity) {
    let authority = authority(Purpose::Real);
    let cart = authority.issue(Role::Cart, "cart 1", wide()).unwrap();
    let operator = authority.issue(Role::Operator, "Dr. Li", wide()).unwrap();
    (cart, operator)
}

pub(crate) fn open_cart(identity: &Identity, link: LinkOptions) -> CartEndpoint {
    let demo = match identity.purpose() {
        Purpose::Demo => DemoPolicy::Required,
        Purpose::Real => DemoPolicy::Refused,
    };
    let options = CartOptions { demo, link, ..CartOptions::default() };
    CartEndpoint::open(loopback(), identity, options).unwrap()
}

pub(crate) fn open_console(link: LinkOptions) -> ConsoleEndpoint {
    ConsoleEndpoint::open(ConsoleOptions { bind: Some(loopback()), demo: DemoPolicy::Refused, link }).unwrap()
}

/// A connection with both of its endpoints, which must live as long.
pub(crate) struct Pair {
    pub(crate) cart_endpoint: CartEndpoint,
    pub(crate) console_endpoint: ConsoleEndpoint,
    pub(crate) cart: Connection,
    pub(crate) console: Connection,
}

pub(crate) async fn connected(link: LinkOptions) -> Pair {
    let (cart, operator) = cart_and_operator();
    let cart_endpoint = open_cart(&cart, link);
    let console_endpoint = open_console(link);
    let address = cart_endpoint.local_addr().unwrap();
    let (cart, console) =
        within(async { tokio::join!(cart_endpoint.accept(), console_endpoint.connect(address, &operator, None)) })
            .await;
    Pair { cart: cart.unwrap(), console: console.unwrap(), cart_endpoint, console_endpoint }
}

/// Lets `operator` knock at `cart` and tells how both sides saw it fail.
pub(crate) async fn both_errors(
    cart: &Identity,
    operator: &Identity,
    name: Option<&str>,
) -> (AcceptError, ConnectError) {
    let cart_endpoint = open_cart(cart, LinkOptions::default());
    let console_endpoint = open_console(LinkOptions::default());
    let address = cart_endpoint.local_addr().unwrap();
    let (accepted, connected) =
        within(async { tokio::join!(cart_endpoint.accept(), console_endpoint.connect(address, operator, name)) }).await;
    (accepted.expect_err("the cart accepted"), connected.expect_err("the console connected"))
}
