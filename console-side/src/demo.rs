//! The demo: a cart with simulated arm, patient and scanner as a child process on this machine, with identities made for it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

use farprobe_devices::scanner::Source;
use farprobe_transport::identity::{self, Identity};

/// How long the cart has to start.
const START_WITHIN: Duration = Duration::from_secs(20);

/// How long the cart has to park and end.
const END_WITHIN: Duration = Duration::from_secs(16);

/// How long a cart that closed its output may take to be gone, so that it can be told how it ended.
const GONE_WITHIN: Duration = Duration::from_millis(500);

/// How often an ending cart is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How the folder of a demo's keys is called; the number of its process follows.
const KEY_FOLDER: &str = "farprobe-demo-";

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
    #[error("the demo's cart did not start: {cause}; its log is {log}")]
    NotListening {
        /// What it said last.
        cause: String,
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
    pub fn start(source: Option<&Source>, log: &Path) -> Result<Self, DemoError> {
        let folder = key_folder(&std::env::temp_dir()).map_err(DemoError::Folder)?;
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
            command.arg("--source").arg(source.to_string());
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log_file).spawn().map_err(start)?;
        let Some(address) = address_of(&mut child) else {
            let ended = wait(&mut child, GONE_WITHIN).ok().flatten();
            // It may be there still, and is of no use.
            let _ = child.kill();
            let _ = child.wait();
            return Err(DemoError::NotListening { cause: complaint(log, ended), log: log.display().to_string() });
        };
        let cart = Self { child, address, operator: Some(identities.operator), log: log.to_owned() };
        // Both sides have read their identities: from here on no file holds a key, however this program ends.
        folder.close().map_err(DemoError::Folder)?;
        Ok(cart)
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
        match wait(&mut self.child, END_WITHIN).map_err(DemoError::Wait)? {
            Some(_) => Ok(()),
            // Dropped, it is killed.
            None => Err(DemoError::Killed { log: self.log() }),
        }
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

/// A folder for a demo's keys in `base`. Its name tells the process it belongs to; those of processes that are gone, and could
/// not tidy up, are removed.
fn key_folder(base: &Path) -> std::io::Result<tempfile::TempDir> {
    for entry in std::fs::read_dir(base)?.flatten() {
        let left = entry.file_name().to_str().and_then(owner_of).is_some_and(|owner| !is_running(owner));
        // Not a link, whose target would be somebody's. What belongs to another user stays: the system refuses.
        if left && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new().prefix(&format!("{KEY_FOLDER}{}-", std::process::id())).tempdir_in(base)
}

/// The process that a folder called `name` belongs to, if it is a demo's.
fn owner_of(name: &str) -> Option<u32> {
    name.strip_prefix(KEY_FOLDER)?.split_once('-')?.0.parse().ok()
}

/// Whether there is a process of this number. Where the system does not say, there is.
fn is_running(process: u32) -> bool {
    let all = Path::new("/proc");
    !all.join("self").exists() || all.join(process.to_string()).exists()
}

/// How `child` ended, if it does `within` this time.
fn wait(child: &mut Child, within: Duration) -> std::io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + within;
    loop {
        match child.try_wait()? {
            None if Instant::now() < deadline => std::thread::sleep(LOOK_EVERY),
            ended => return Ok(ended),
        }
    }
}

/// Why the cart did not start: what its log says, or else how it `ended`.
fn complaint(log: &Path, ended: Option<ExitStatus>) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let said = text.lines().rev().find_map(|line| line.strip_prefix("farprobe-cart: ")).map(str::to_owned);
    said.unwrap_or_else(|| match ended {
        Some(status) => format!("it ended without a word ({status})"),
        None => format!("it was silent for {} s", START_WITHIN.as_secs()),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_demo_that_was_killed_are_removed_and_nothing_else_is() {
        let base = tempfile::tempdir().unwrap();
        // A process that was there and is gone.
        let mut gone =
            Command::new(std::env::current_exe().unwrap()).arg("--list").stdout(Stdio::null()).spawn().unwrap();
        gone.wait().unwrap();
        let make = |name: String| {
            let folder = base.path().join(name);
            std::fs::create_dir_all(folder.join("cart")).unwrap();
            std::fs::write(folder.join("cart/key.pem"), "secret").unwrap();
            folder
        };
        let left = make(format!("{KEY_FOLDER}{}-a1B2c3", gone.id()));
        let others = [
            make(format!("{KEY_FOLDER}{}-a1B2c3", std::process::id())),
            make(format!("{KEY_FOLDER}notes")),
            make(format!("my-{KEY_FOLDER}{}-x", gone.id())),
        ];
        let own = key_folder(base.path()).unwrap();
        assert!(!left.exists());
        assert!(others.iter().all(|folder| folder.join("cart/key.pem").exists()));
        assert_eq!(owner_of(own.path().file_name().unwrap().to_str().unwrap()), Some(std::process::id()));
    }

    #[test]
    fn the_reason_why_a_cart_did_not_start_is_its_last_complaint() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("cart.log");
        let mut gone =
            Command::new(std::env::current_exe().unwrap()).arg("--no-such").stderr(Stdio::null()).spawn().unwrap();
        let status = gone.wait().unwrap();
        assert_eq!(complaint(&log, None), "it was silent for 20 s");
        assert_eq!(complaint(&log, Some(status)), format!("it ended without a word ({status})"));
        std::fs::write(&log, "INFO starting\nfarprobe-cart: heart.dcm: it is not a recording\n").unwrap();
        assert_eq!(complaint(&log, Some(status)), "heart.dcm: it is not a recording");
    }
}
