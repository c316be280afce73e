//! The parent's side of the ends: it starts them, talks to them, and leaves none behind.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::place::Place;
use super::words::Order;

/// What an end may take beyond its plan: a handshake over a satellite with lost packets, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// An end did not do its part. This program is to blame, or the machine.
#[derive(Debug, Error)]
pub(crate) enum EndError {
    /// It can't be started.
    #[error("the {who} can't be started: {source}")]
    Start { who: &'static str, source: std::io::Error },
    /// It ended before its time.
    #[error("the {who} has ended too early{said}")]
    Gone { who: &'static str, said: String },
    /// A program that is not this one has failed.
    #[error("the {who} has failed{said}")]
    Failed { who: &'static str, said: String },
    /// It does not answer.
    #[error("the {who} has not answered for {} s, and was killed{said}", .after.as_secs())]
    Silent { who: &'static str, after: Duration, said: String },
    /// It says what nobody asked.
    #[error("the {who} says what nobody understands ({source}): {line}")]
    Nonsense { who: &'static str, line: String, source: serde_json::Error },
    /// Somebody has pressed Ctrl-C, or the like.
    #[error("interrupted; nothing is left running, and nothing was written")]
    Interrupted,
}

/// Has a turn with a crew of its own, of which nothing is left afterwards: whether it went well, failed, or was interrupted.
pub(crate) async fn with_crew<T>(turn: impl AsyncFnOnce(&mut Crew) -> Result<T, EndError>) -> Result<T, EndError> {
    let mut crew = Crew::default();
    let outcome = tokio::select! {
        outcome = turn(&mut crew) => outcome,
        interrupted = interrupted() => Err(interrupted),
    };
    crew.dismiss().await;
    outcome
}

/// All ends of one turn.
#[derive(Debug, Default)]
pub(crate) struct Crew {
    ends: Vec<End>,
}

/// Which of the crew.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member(usize);

/// How a program has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Whether it had to be asked to.
    pub(crate) interrupted: bool,
    /// What it said on standard error, as a part of a sentence.
    pub(crate) said: String,
}

#[derive(Debug)]
struct End {
    who: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Everything it says on standard error.
    complaints: JoinHandle<String>,
}

impl Crew {
    /// Starts an end on this machine's own network and gives it its order. `who` is what people are told if it fails.
    pub(crate) async fn start(&mut self, who: &'static str, order: &Order) -> Result<Member, EndError> {
        self.start_at(Place::Here, who, order).await
    }

    /// As [`Self::start`], at this place.
    pub(crate) async fn start_at(
        &mut self,
        place: Place<'_>,
        who: &'static str,
        order: &Order,
    ) -> Result<Member, EndError> {
        let program = std::env::current_exe().map_err(|source| EndError::Start { who, source })?;
        let mut command = place.command(&program);
        command.arg("end");
        let member = self.start_program(who, command)?;
        self.tell(member, order).await?;
        Ok(member)
    }

    /// Starts any program. It gets no order; what it says on standard output can be read [line by line](Self::line).
    pub(crate) fn start_program(&mut self, who: &'static str, mut command: Command) -> Result<Member, EndError> {
        let failed = |source| EndError::Start { who, source };
        // Ctrl-C at the terminal is the parent's business alone.
        let mut child = command
            .process_group(0)
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let missing = || failed(std::io::ErrorKind::BrokenPipe.into());
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        let mut errors = child.stderr.take().ok_or_else(missing)?;
        let complaints = tokio::spawn(async move {
            let mut said = Vec::new();
            // What could be read is what it said.
            let _ = errors.read_to_end(&mut said).await;
            String::from_utf8_lossy(&said).trim().to_owned()
        });
        self.ends.push(End { who, child, input, output, complaints });
        Ok(Member(self.ends.len() - 1))
    }

    /// Tells an end something. One that is gone is noticed when it is heard.
    pub(crate) async fn tell(&mut self, member: Member, what: &impl Serialize) -> Result<(), EndError> {
        let Some(end) = self.ends.get_mut(member.0) else { return Ok(()) };
        let mut line = serde_json::to_vec(what).map_err(|source| EndError::Nonsense {
            who: end.who,
            line: String::new(),
            source,
        })?;
        line.push(b'\n');
        let _ = end.input.write_all(&line).await;
        let _ = end.input.flush().await;
        Ok(())
    }

    /// What an end says next, which its plan has it say within `planned`.
    pub(crate) async fn hear<T: DeserializeOwned>(&mut self, member: Member, planned: Duration) -> Result<T, EndError> {
        let (who, line) = self.line(member, planned).await?;
        serde_json::from_str(&line).map_err(|source| EndError::Nonsense { who, line, source })
    }

    /// The next line that a member says, within `planned`, and who it is.
    pub(crate) async fn line(&mut self, member: Member, planned: Duration) -> Result<(&'static str, String), EndError> {
        let Some(end) = self.ends.get_mut(member.0) else {
            return Err(EndError::Gone { who: "end", said: String::new() });
        };
        let (who, after) = (end.who, planned + PATIENCE);
        let mut line = String::new();
        match tokio::time::timeout(after, end.output.read_line(&mut line)).await {
            Ok(Ok(1..)) => Ok((who, line)),
            Ok(_) => Err(EndError::Gone { who, said: end.last_words().await }),
            Err(_) => Err(EndError::Silent { who, after, said: end.last_words().await }),
        }
    }

    /// Waits for the end of a program, and gives what it said on standard error. One that has not ended within `planned` is interrupted,
    /// as by Ctrl-C.
    pub(crate) async fn ended(&mut self, member: Member, planned: Duration) -> Result<Ended, EndError> {
        let Some(end) = self.ends.get_mut(member.0) else {
            return Err(EndError::Gone { who: "end", said: String::new() });
        };
        let who = end.who;
        let group = end.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let outcome = {
            let End { child, output, .. } = &mut *end;
            // What it says meanwhile is read, so that it never waits for that.
            let mut said = Vec::new();
            let both = async { tokio::join!(child.wait(), output.read_to_end(&mut said)).0 };
            tokio::pin!(both);
            if let Ok(status) = tokio::time::timeout(planned, &mut both).await {
                Some((status, false))
            } else {
                // One that ends just now is no trouble.
                let _ = group.map(|group| kill_process_group(group, Signal::INT));
                tokio::time::timeout(PATIENCE, &mut both).await.ok().map(|status| (status, true))
            }
        };
        match outcome {
            Some((Ok(status), interrupted)) => Ok(Ended { status, interrupted, said: end.last_words().await }),
            Some((Err(source), _)) => Err(EndError::Start { who, source }),
            None => Err(EndError::Silent { who, after: planned + PATIENCE, said: end.last_words().await }),
        }
    }

    /// Ends and reaps all that still run.
    async fn dismiss(&mut self) {
        for mut end in self.ends.drain(..) {
            // One that has just ended is no trouble.
            let _ = end.child.kill().await;
        }
    }
}

impl End {
    /// Ends it, and gives what it said on standard error, as a part of a sentence.
    async fn last_words(&mut self) -> String {
        let _ = self.child.kill().await;
        let said = (&mut self.complaints).await.unwrap_or_default();
        if said.is_empty() { String::new() } else { format!(": {said}") }
    }
}

/// Comes when somebody wants this program to end: Ctrl-C, SIGTERM or a closed terminal.
pub(crate) async fn interrupted() -> EndError {
    let both = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)] = both else {
        // Without handlers the signals end this program by themselves, and the kernel the ends.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    EndError::Interrupted
}
