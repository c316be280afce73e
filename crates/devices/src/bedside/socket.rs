//! Words through a local socket, for a button box or a script on the cart.

use std::io::{BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};

use farprobe_geom::Time;
use farprobe_proto::Bedside as Action;

use super::{Acts, Answer, WORDS, next_line};
use crate::{Bedside, BedsideEvent, DeviceError};

/// How many answers wait for a client that does not read: a screenful. It goes without the others; what it says still counts.
const UNREAD_ANSWERS: usize = 64;

/// A listening socket with the rights of its owner only. The file is removed when this is dropped.
#[derive(Debug)]
pub struct SocketBedside {
    acts: Acts,
    path: PathBuf,
}

impl SocketBedside {
    /// Listens at `path`. A socket that an earlier run has left there is replaced; any other file is not.
    pub fn listen(path: &Path) -> Result<Self, DeviceError> {
        let fail = |what: String| DeviceError::File { path: format!("the bedside socket {}", path.display()), what };
        let failed = |error: std::io::Error| {
            fail(format!("{error}: name another path, in a folder that exists and that this user may write to"))
        };
        if let Ok(found) = std::fs::symlink_metadata(path) {
            use std::os::unix::fs::FileTypeExt;
            if !found.file_type().is_socket() || UnixStream::connect(path).is_ok() {
                return Err(fail("something else is there: name another path, or end the cart that uses it".into()));
            }
            std::fs::remove_file(path).map_err(failed)?;
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let (sender, acts) = Acts::new("socket");
        std::thread::Builder::new()
            .name("bedside-socket".into())
            .spawn(move || accept(&listener, &sender))
            .map_err(failed)?;
        Ok(Self { acts, path: path.to_owned() })
    }
}

impl Drop for SocketBedside {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Bedside for SocketBedside {
    fn poll(&mut self, now: Time) -> Vec<BedsideEvent> {
        self.acts.poll(now)
    }

    fn announce(&mut self, _text: &str) {
        // Clients of the socket get answers to their own words; announcements are for people.
    }
}

fn accept(listener: &UnixListener, sender: &Sender<(Action, Answer)>) {
    for client in listener.incoming().flatten() {
        let sender = sender.clone();
        let serve = move || {
            // A client that breaks off has said what it had to say.
            let _ = serve(client, &sender);
        };
        if std::thread::Builder::new().name("bedside-client".into()).spawn(serve).is_err() {
            tracing::warn!("the bedside socket can't serve another client");
        }
    }
}

/// Hears one client to its end. Its answers are written by a thread of their own: a stop behind a hundred words whose answers
/// are awaited, or that nobody reads, is a stop all the same.
fn serve(client: UnixStream, sender: &Sender<(Action, Answer)>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (answers, to_write) = std::sync::mpsc::sync_channel(UNREAD_ANSWERS);
    std::thread::Builder::new().name("bedside-answers".into()).spawn(move || write(client, &to_write))?;
    let answer = Answer(Some(answers));
    let unknown = format!("unknown word; say one of: {WORDS}");
    while let Some(line) = next_line(&mut reader)? {
        match line {
            Ok(action) if sender.send((action, answer.clone())).is_ok() => {}
            Ok(_) => {
                answer.say("the cart is shutting down");
                return Ok(());
            }
            Err(_) => answer.say(&unknown),
        }
    }
    Ok(())
}

fn write(mut client: UnixStream, answers: &Receiver<String>) {
    for answer in answers {
        if writeln!(client, "{answer}").is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;
    use std::time::Duration;

    use super::*;

    #[test]
    fn words_are_answered_and_the_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bedside.sock");
        let mut bedside = SocketBedside::listen(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let mut client = UnixStream::connect(&path).unwrap();
        client.write_all(b"dance\n\xff\nSTOP\n").unwrap();
        let mut answers = BufReader::new(client.try_clone().unwrap()).lines();
        assert!(answers.next().unwrap().unwrap().starts_with("unknown word"));
        assert!(answers.next().unwrap().unwrap().starts_with("unknown word"));
        let mut events = Vec::new();
        while events.is_empty() {
            events = bedside.poll(Time::from_millis(5));
        }
        assert_eq!(events.len(), 1);
        events[0].answer.say("stopped");
        assert_eq!(answers.next().unwrap().unwrap(), "stopped");
        assert_eq!(events[0].action, Action::Stop);
        assert_eq!(events[0].source, "socket");
        drop(bedside);
        assert!(!path.exists());
    }

    #[test]
    fn a_client_that_reads_no_answers_is_heard_to_its_last_word() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bedside.sock");
        let mut bedside = SocketBedside::listen(&path).unwrap();
        let mut client = UnixStream::connect(&path).unwrap();
        client.write_all("dance\n".repeat(10_000).as_bytes()).unwrap();
        client.write_all(b"stop\n").unwrap();
        let patience = std::time::Instant::now() + Duration::from_secs(30);
        while bedside.poll(Time::ZERO).iter().all(|event| event.action != Action::Stop) {
            assert!(std::time::Instant::now() < patience, "the stop was lost behind answers");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_file_that_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "keep me").unwrap();
        let error = SocketBedside::listen(&path).unwrap_err().to_string();
        assert!(error.starts_with("the bedside socket ") && error.contains("name another path"), "{error}");
        let error = SocketBedside::listen(&folder.path().join("none/bedside.sock")).unwrap_err().to_string();
        assert!(error.contains("in a folder that exists"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "keep me");
    }

    #[test]
    fn a_socket_that_nobody_serves_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bedside.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        SocketBedside::listen(&path).unwrap();
    }
}
