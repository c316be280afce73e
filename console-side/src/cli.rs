//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use farprobe_devices::scanner::Source;
use farprobe_transport::identity::cli::IdentityCommand;

/// The specialist's console: drives a remote ultrasound probe and shows what it sees.
///
/// Research software, not a certified medical device.
#[derive(Debug, Parser)]
#[command(name = "farprobe-console", version)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Connect to a cart.
    Connect {
        /// The cart's UDP address, IP:PORT or HOST:PORT.
        address: String,
        /// The folder with the operator's identity (ca.pem, cert.pem, key.pem).
        #[arg(long, value_name = "DIR", default_value = "identities/operator")]
        identity: PathBuf,
        /// The name the cart's certificate must carry.
        #[arg(long, value_name = "NAME")]
        cart: Option<String>,
        /// Accept demo identities, and only those.
        #[arg(long)]
        demo: bool,
        /// How to run the exam.
        #[command(flatten)]
        exam: Exam,
    },
    /// Start a simulated cart on this machine and connect to it.
    Demo {
        /// Take pictures from here: `simulated` or `cine:FILE`.
        #[arg(long, value_name = "SOURCE", overrides_with = "source")]
        source: Option<Source>,
        /// How to run the exam.
        #[command(flatten)]
        exam: Exam,
    },
    /// Make and show identities.
    #[command(subcommand)]
    Identity(IdentityCommand),
}

/// How to run an exam. Of an option given twice the last one counts: whoever calls another's command line can add to it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Exam {
    /// The handle is this script.
    #[arg(long, value_name = "FILE", overrides_with = "script")]
    pub script: Option<PathBuf>,
    /// What the specialist holds. With a script only `haptic` matters: a simulated hand then plays it.
    #[arg(long, value_enum, default_value_t = HandleChoice::Keyboard, overrides_with = "handle")]
    pub handle: HandleChoice,
    /// How the handles answer to the hand. Without it `$XDG_CONFIG_HOME/farprobe/console.toml` is
    /// used, if it is there.
    #[arg(long, value_name = "FILE", overrides_with = "settings")]
    pub settings: Option<PathBuf>,
    /// No window at all; progress is shown on the terminal or, in a file or a pipe, in plain lines.
    #[arg(long)]
    pub headless: bool,
    /// Save pictures of the window at the script's named moments into this folder. Those of an earlier run are removed first;
    /// whatever else is there is kept.
    #[arg(long, value_name = "DIR", overrides_with = "shots")]
    pub shots: Option<PathBuf>,
    /// Where summary.json and session.log go, in place of an earlier run's. Without it: out/exam, or out/demo for a demo.
    #[arg(long, value_name = "DIR", overrides_with = "out")]
    pub out: Option<PathBuf>,
    /// Save the way of every single command that a picture shows, stamp by stamp, as a new file of comma-separated values. For
    /// whoever measures.
    #[arg(long, value_name = "FILE", overrides_with = "trace")]
    pub trace: Option<PathBuf>,
}

/// What the specialist holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HandleChoice {
    /// Keyboard and mouse of the window.
    Keyboard,
    /// A gamepad.
    Gamepad,
    /// A 6-DoF mouse (3Dconnexion).
    SpaceMouse,
    /// The simulated haptic handle; needs a script.
    Haptic,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn of_an_option_given_twice_the_last_one_counts() {
        // What `make demo ARGS="--script mine --out there"` runs where there is no display.
        let line = "console demo --out out/demo --script shipped --shots out/demo --script mine --out there";
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Command::Demo { exam, .. } = cli.command else { panic!("{cli:?}") };
        assert_eq!(exam.script, Some("mine".into()));
        assert_eq!((exam.out, exam.shots), (Some("there".into()), Some("out/demo".into())));
    }
}
