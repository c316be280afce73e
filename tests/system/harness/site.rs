//! A site of its own for each test: an authority, identities, a cart, consoles.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use farprobe_transport::identity::{Authority, Identity, Overwrite, Purpose, Role, Validity};

use super::{Process, Shared, programs};

const DAY: Duration = Duration::from_hours(24);

/// The demo's settings: patient enough for a machine that plays cart, scanner and console at once.
const CONFIG: &str = "[cart]
listen = \"127.0.0.1:0\"
identity = \"cart\"
[safety]
link_timeout_ms = 200
tick_gap_ms = 20
[bedside]
terminal = false
";

/// A folder with an authority's identities in it: `cart`, `operator`, `observer`.
#[derive(Debug)]
pub(crate) struct Site {
    folder: tempfile::TempDir,
    authority: Authority,
    validity: Validity,
    _machine: Shared,
}

/// A cart that listens.
#[derive(Debug)]
pub(crate) struct Cart {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Site {
    /// A site whose identities are for `purpose`.
    pub(crate) fn new(purpose: Purpose) -> Self {
        let now = SystemTime::now();
        let folder = tempfile::Builder::new().prefix("farprobe-test-").tempdir().expect("a temporary folder");
        // Wide enough for certificates that have expired.
        let validity = Validity::between(now - 100 * DAY, now + 100 * DAY).expect("a span");
        let authority = Authority::create("test site", validity, purpose).expect("an authority");
        let site = Self { folder, authority, validity, _machine: Shared::new() };
        for role in [Role::Cart, Role::Operator, Role::Observer] {
            site.identity(role).save(&site.path(role.name()), Overwrite::Refuse).expect("a folder to write into");
        }
        std::fs::write(site.path("cart.toml"), CONFIG).expect("a folder to write into");
        site
    }

    /// A path in the site's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The site's authority.
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A fresh identity.
    pub(crate) fn identity(&self, role: Role) -> Identity {
        self.authority.issue(role, &format!("test {}", role.name()), self.validity).expect("an identity")
    }

    /// Writes a script for the handle and gives its path.
    pub(crate) fn script(&self, name: &str, lines: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, lines).expect("a folder to write into");
        path
    }

    /// The socket at which its carts hear the staff.
    pub(crate) fn bedside(&self) -> PathBuf {
        self.path("bedside")
    }

    /// The command that starts a cart as a child with the identity in `identity`.
    pub(crate) fn cart_command(&self, identity: &Path) -> Command {
        let mut command = Command::new(&programs().cart);
        command.arg("--child").arg("--config").arg(self.path("cart.toml")).arg("--identity").arg(identity);
        command.arg("--bedside-socket").arg(self.bedside());
        command
    }

    /// Lets the carts that follow listen at `address`: that of one that has gone, so that its consoles find the next.
    pub(crate) fn listen_at(&self, address: SocketAddr) {
        let config = CONFIG.replace("127.0.0.1:0", &address.to_string());
        std::fs::write(self.path("cart.toml"), config).expect("a folder to write into");
    }

    /// The command that starts a demo's cart. Its simulated nurse arms it.
    pub(crate) fn demo_cart_command(&self) -> Command {
        let mut command = self.cart_command(&self.path("cart"));
        command.arg("--demo");
        command
    }

    /// A demo's cart that listens.
    pub(crate) fn cart(&self) -> Cart {
        Cart::start(self.demo_cart_command())
    }

    /// A console without a window that drives `address` by `script`; its results go to the folder `out` of the site.
    pub(crate) fn console(&self, address: SocketAddr, script: &Path, out: &str) -> Process {
        let mut command = self.console_command(address, &self.path("operator"), script, out);
        command.arg("--demo");
        Process::start("console", command)
    }

    /// The command that starts a console with the identity in `identity`.
    pub(crate) fn console_command(&self, address: SocketAddr, identity: &Path, script: &Path, out: &str) -> Command {
        let mut command = Command::new(&programs().console);
        command.arg("connect").arg(address.to_string()).arg("--identity").arg(identity);
        command.arg("--headless").arg("--script").arg(script).arg("--out").arg(self.path(out));
        command
    }
}

impl Cart {
    /// Starts a cart and waits until it listens.
    pub(crate) fn start(command: Command) -> Self {
        let process = Process::start("cart", command);
        let line = process.line("listening 127");
        let address = line.trim_start_matches("listening ").parse().expect("an address");
        Self { process, address }
    }
}

/// A span that is over.
pub(crate) fn expired() -> Validity {
    let now = SystemTime::now();
    Validity::between(now - 20 * DAY, now - 10 * DAY).expect("a span")
}

/// Saves `own` into `folder` as if it trusted `trusted`: somebody has copied a file too many.
pub(crate) fn save_trusting(own: &Identity, trusted: &Authority, folder: &Path) {
    let other = tempfile::tempdir().expect("a temporary folder");
    own.save(folder, Overwrite::Refuse).expect("a folder to write into");
    trusted.save(other.path(), Overwrite::Refuse).expect("a folder to write into");
    std::fs::copy(other.path().join("ca.pem"), folder.join("ca.pem")).expect("a folder to write into");
}

/// Saves a certificate into `folder` that claims `role` and that its own key has signed, and trusts `trusted`.
pub(crate) fn save_self_signed(role: Role, trusted: &Authority, folder: &Path) {
    trusted.save(folder, Overwrite::Refuse).expect("a folder to write into");
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    let claim = format!("urn:farprobe:role:{role}").as_str().try_into().expect("a plain name");
    params.subject_alt_names.push(rcgen::SanType::URI(claim));
    params.distinguished_name.push(rcgen::DnType::CommonName, "Mallory");
    let certificate = params.self_signed(&key).expect("a certificate");
    std::fs::write(folder.join("cert.pem"), certificate.pem()).expect("a folder to write into");
    // Made by the authority's own key file, which only its owner may read; a key that others may read is refused.
    let path = folder.join("key.pem");
    std::fs::rename(folder.join("ca-key.pem"), &path).expect("the authority's key");
    std::fs::write(path, key.serialize_pem()).expect("a folder to write into");
}
