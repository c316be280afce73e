//! The demo: a cart with simulated arm, patient and scanner as a child process on this machine, with identities made for it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

use farprobe_transport::identity::{self, Identity};

/// How long the cart has to start.
const START_WITHIN: Duration = Duration::from_secs(20);

/// How long the cart has to park and end.
const END_WITHIN: Duration = Duration::from_secs(12);

/// How often an ending cart is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The demo's cart. Its watchdogs are as patient as a site may make them: a machine that plays cart, scanner, console and
/// display at once, perhaps a virtual one, stalls for tens of milliseconds, which the defaults rightly take for a fault.
const CONFIG: &str = "[cart]
listen = \"127.0.0.1:0\"
identity = \"cart\"
[safety]
link_timeout_ms = 200
tick_gap_ms = 20
";

/// A running cart.
#[derive(Debug)]
pub struct DemoCart {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    operator: Option<Identity>,
    log: PathBuf,
    /// Deleted with everything in it when the demo is over.
    _folder: tempfile::TempDir,
}

/// The demo can't begin, or did not end as it should.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The temporary folder can't be used.
    #[error("the demo needs a temporary folder: {0}")]
    Folder(#[source] std::io::Error),
    /// The identities can't be made.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// The cart's program can't be started.
    #[error("{path} can't be started: {source}. Build it first: cargo build -p farprobe-cart")]
    Start {
        /// Which program.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The cart ended before it listened.
    #[error("the demo's cart did not start; its log is {log}")]
    NotListening {
        /// Where the log is.
        log: String,
    },
    /// The cart's process can't be waited for.
    #[error("the demo's cart can't be waited for: {0}")]
    Wait(#[source] std::io::Error),
    /// The cart ended before it was asked to, and not in good order.
    #[error("the demo's cart had ended by itself ({status}); its log is {log}")]
    EndedEarly {
        /// How it ended.
        status: ExitStatus,
        /// Where the log is.
        log: String,
    },
    /// The cart did not end when it was asked to.
    #[error("the demo's cart did not end in time and was killed; its log is {log}")]
    Killed {
        /// Where the log is.
        log: String,
    },
}

impl DemoCart {
    /// Starts a cart that takes its pictures from `source` and writes its log into `log`.
    pub fn start(source: Option<&str>, log: &Path) -> Result<Self, DemoError> {
        let folder = tempfile::Builder::new().prefix("farprobe-demo-").tempdir().map_err(DemoError::Folder)?;
        let identities = identity::create_demo(folder.path(), SystemTime::now())?;
        let config = folder.path().join("cart.toml");
        std::fs::write(&config, CONFIG).map_err(DemoError::Folder)?;
        let program = program();
        let start = |source| DemoError::Start { path: program.display().to_string(), source };
        let log_file = std::fs::File::create(log).map_err(DemoError::Folder)?;
        let mut command = Command::new(&program);
        command.args(["--demo", "--child", "--config"]).arg(&config);
        command.arg("--identity").arg(&identities.cart_folder);
        if let Some(source) = source {
            command.args(["--source", source]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log_file).spawn().map_err(start)?;
        let Some(address) = address_of(&mut child) else {
            // It is of no use; it may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            return Err(DemoError::NotListening { log: log.display().to_string() });
        };
        let operator = Some(identities.operator);
        Ok(Self { child, address, operator, log: log.to_owned(), _folder: folder })
    }

    /// The identity of who may drive it; given once.
    pub fn take_operator(&mut self) -> Option<Identity> {
        self.operator.take()
    }

    /// The cart's process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the cart to park and end, and waits for it.
    pub fn end(mut self) -> Result<(), DemoError> {
        if let Some(status) = self.child.try_wait().map_err(DemoError::Wait)? {
            // A Ctrl-C in the terminal reaches the cart as well, which then ends in good order.
            return if status.success() { Ok(()) } else { Err(DemoError::EndedEarly { status, log: self.log() }) };
        }
        // The end of its standard input is the request.
        drop(self.child.stdin.take());
        let deadline = Instant::now() + END_WITHIN;
        while Instant::now() < deadline {
            if self.child.try_wait().map_err(DemoError::Wait)?.is_some() {
                return Ok(());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        // Dropped, it is killed.
        Err(DemoError::Killed { log: self.log() })
    }

    fn log(&self) -> String {
        self.log.display().to_string()
    }
}

impl Drop for DemoCart {
    fn drop(&mut self) {
        // After `end` there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The cart's program: beside this one.
fn program() -> PathBuf {
    let name = format!("farprobe-cart{}", std::env::consts::EXE_SUFFIX);
    std::env::current_exe().ok().and_then(|own| own.parent().map(|folder| folder.join(&name))).unwrap_or(name.into())
}

/// The address the cart prints when it listens.
fn address_of(child: &mut Child) -> Option<SocketAddr> {
    let output = child.stdout.take()?;
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("listening ").and_then(|address| address.parse().ok()) {
                // Whoever waited may have given up.
                let _ = tell.send(address);
            }
        }
    });
    told.recv_timeout(START_WITHIN).ok()
}
