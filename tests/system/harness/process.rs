//! A running program: its lines, its end, and its certain death with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use super::PATIENCE;

/// What a program has said so far.
#[derive(Debug, Default)]
struct Said {
    lines: Vec<String>,
    /// How many of its two outputs are still open. Both close when the process has ended.
    open: usize,
}

/// A child process. It is killed when this is dropped, so that no failing test leaves one behind.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    said: Arc<(Mutex<Said>, Condvar)>,
}

impl Process {
    /// Starts `command`. Its standard input stays open as long as this lives; both outputs are kept as lines.
    pub(crate) fn start(name: &str, mut command: Command) -> Self {
        // Plain text: what a test looks for must not be torn apart by colours.
        command.env("NO_COLOR", "1").env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let said = Arc::new((Mutex::new(Said { lines: Vec::new(), open: 2 }), Condvar::new()));
        listen(child.stdout.take().expect("its output is a pipe"), Arc::clone(&said));
        listen(child.stderr.take().expect("its errors are a pipe"), Arc::clone(&said));
        Self { name: name.to_owned(), child, said }
    }

    /// Waits for a line that contains `words`, and gives it.
    pub(crate) fn line(&self, words: &str) -> String {
        self.wait(&format!("a line with \"{words}\""), |said| {
            said.lines.iter().find(|line| line.contains(words)).cloned()
        })
    }

    /// Types `text` at its standard input.
    pub(crate) fn say(&mut self, text: &str) {
        let input = self.child.stdin.as_mut().expect("its input is a pipe");
        input.write_all(text.as_bytes()).expect("it reads");
    }

    /// Closes its standard input.
    pub(crate) fn close_input(&mut self) {
        self.child.stdin = None;
    }

    /// Whether its outputs are open still.
    pub(crate) fn is_running(&self) -> bool {
        self.said.0.lock().expect("no listener has failed").open > 0
    }

    /// Everything it has said.
    pub(crate) fn text(&self) -> String {
        self.said.0.lock().expect("no listener has failed").lines.join("\n")
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.wait("its end", |said| (said.open == 0).then_some(()));
        // Its outputs are closed: this returns at once, but for a program that closes them and runs on, and there is none.
        self.child.wait().expect("it can be waited for")
    }

    /// Kills it as the power cut would: SIGKILL, no farewell.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// Asks it to end, as an init system does.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Asks it to end, as Ctrl-C in its terminal does.
    pub(crate) fn interrupt(&self) {
        self.signal("INT");
    }

    /// Takes its terminal away, as the end of a remote session does.
    pub(crate) fn hang_up(&self) {
        self.signal("HUP");
    }

    fn signal(&self, name: &str) {
        // The shell's own word for it: no crate, and no unsafe call, for three signals.
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(sent.expect("there is a shell").success(), "{} can't be signalled", self.name);
    }

    fn wait<T>(&self, what: &str, fact: impl Fn(&Said) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let (said, changed) = &*self.said;
        let mut said = said.lock().expect("no listener has failed");
        loop {
            if let Some(found) = fact(&said) {
                return found;
            }
            let ended = said.open == 0;
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !ended && !left.is_zero(),
                "{}: waited in vain for {what}; it said:\n{}",
                self.name,
                said.lines.join("\n")
            );
            said = changed.wait_timeout(said, left).expect("no listener has failed").0;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(output: impl Read + Send + 'static, said: Arc<(Mutex<Said>, Condvar)>) {
    std::thread::spawn(move || {
        // Bytes, not text: a broken letter must not end the listening.
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            said.0.lock().expect("no listener has failed").lines.push(String::from_utf8_lossy(&line).into_owned());
            said.1.notify_all();
        }
        said.0.lock().expect("no listener has failed").open -= 1;
        said.1.notify_all();
    });
}
