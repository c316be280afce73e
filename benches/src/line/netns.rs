//! Any programs on an impaired line: two network namespaces, and commands in them.

use std::error::Error;
use std::future::pending;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use clap::Args;
use farprobe_impair::Keep;
use farprobe_impair::namespace::{Lab, Leftover, Side};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use super::LinkChoice;
use super::watch::{Ended, GONE, summary, watch};

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    link: LinkChoice,
    /// What the names of the namespaces begin with: NAME-desk and NAME-cart.
    #[arg(long, default_value = "farprobe", value_parser = name)]
    name: String,
    /// A command for the shell at the cart's side, where 10.77.0.1 is. It is started first, and interrupted when the desk's ends.
    #[arg(long, value_name = "COMMAND")]
    cart: Option<String>,
    /// A command for the shell at the desk's side, where 10.77.0.2 is. When it ends, everything does.
    #[arg(long, value_name = "COMMAND")]
    desk: Option<String>,
}

/// A name that goes into the names of namespaces and devices as it is.
fn name(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    if (1..=32).contains(&text.len()) && text.chars().all(fits) && !text.starts_with('-') {
        Ok(text.to_owned())
    } else {
        Err("it must be of 1 to 32 letters, digits and \"-\"".to_owned())
    }
}

/// How long a command may take to end when it is interrupted: a cart parks its arm within 12 s.
const FAREWELL: Duration = Duration::from_secs(20);

/// Makes the line, and ends it with the commands or when it is asked to.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let link = options.link.link()?;
    let mut lab = Lab::build(&options.name, &link.profile, options.link.seed, Keep::Counts)?;
    if lab.leftover == Leftover::Removed {
        eprintln!("namespaces that an earlier run had left behind were removed");
    }
    super::print(&introduction(&link.name, options.link.seed, &lab))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(with_commands(options, &lab));
    let report = lab.driver.stop().ok_or(GONE)?;
    super::print(&summary(&report))?;
    outcome
}

fn introduction(link: &str, seed: u64, lab: &Lab) -> String {
    let row = |name: &str, side: &Side| format!("{name}  {}  ip netns exec {} COMMAND\n", side.address, side.namespace);
    format!("{link}, seed {seed}\n{}{}", row("cart", &lab.cart), row("desk", &lab.desk))
}

/// Starts the commands, if there are any, and sees them to their end.
async fn with_commands(options: &Options, lab: &Lab) -> Result<(), Box<dyn Error>> {
    let mut cart = options.cart.as_deref().map(|command| start(command, &lab.cart)).transpose()?;
    let mut desk = match options.desk.as_deref().map(|command| start(command, &lab.desk)).transpose() {
        Ok(desk) => desk,
        Err(error) => {
            end(cart.as_mut()).await;
            return Err(error);
        }
    };
    let awaited = async {
        match (&mut desk, &mut cart) {
            (Some(child), _) | (None, Some(child)) => child.wait().await,
            (None, None) => pending().await,
        }
    };
    let ended = watch(&lab.driver, awaited).await;
    end(desk.as_mut()).await;
    end(cart.as_mut()).await;
    match ended? {
        Ended::Asked => Ok(()),
        Ended::Done(status) => judge(status?, if desk.is_some() { "desk" } else { "cart" }),
    }
}

fn judge(status: ExitStatus, which: &str) -> Result<(), Box<dyn Error>> {
    if status.success() { Ok(()) } else { Err(format!("the command at the {which} failed: {status}").into()) }
}

/// Starts a command for the shell at one side. It is a process group of its own, so that all of a pipeline can be ended.
fn start(command: &str, side: &Side) -> Result<Child, Box<dyn Error>> {
    let mut ip = Command::new("ip");
    ip.args(["netns", "exec", &side.namespace, "sh", "-c", command]).stdin(Stdio::null()).process_group(0);
    // Should this program end in a way that it does not see, at least the shell does too.
    ip.kill_on_drop(true);
    Ok(ip.spawn().map_err(|error| format!("\"ip netns exec\" can't be started: {error}"))?)
}

/// Interrupts a command that still runs, as Ctrl-C would, and kills it when that does not help.
async fn end(child: Option<&mut Child>) {
    let Some(child) = child else { return };
    // An id is there as long as nobody has waited for its end.
    let Some(group) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else { return };
    // One that ends just now is no trouble.
    let _ = kill_process_group(group, Signal::INT);
    if tokio::time::timeout(FAREWELL, child.wait()).await.is_err() {
        eprintln!("a command does not end within {} s of its interruption: it is killed", FAREWELL.as_secs());
        let _ = kill_process_group(group, Signal::KILL);
        let _ = child.wait().await;
    }
}
