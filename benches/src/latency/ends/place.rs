//! Where a process of a turn runs: on this machine's own network, or at one end of an impaired line.

use std::path::Path;

use farprobe_geom::Time;
use farprobe_impair::link::Link;
use farprobe_impair::namespace::{Lab, LabError};
use farprobe_impair::{Keep, Report};
use tokio::process::Command;

/// On which network a process is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// This machine's own.
    Here,
    /// That of the namespace of this name.
    Namespace(&'a str),
}

impl Place<'_> {
    /// The command that starts `program` there.
    pub(crate) fn command(self, program: &Path) -> Command {
        match self {
            Self::Here => Command::new(program),
            Self::Namespace(name) => {
                // It becomes the program, so that whoever kills it kills that.
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name]).arg(program);
                command
            }
        }
    }
}

/// What lies between desk and cart.
#[derive(Debug)]
pub(crate) enum Between {
    /// Nothing: both are on this machine's loopback.
    Nothing,
    /// A line between two namespaces. Whatever one sends the other passes it, pictures and all: a relay would carry the commands
    /// only, for the pictures find ports of their own.
    Line(Box<Lab>),
}

impl Between {
    /// Makes the line, if there is to be one. `seed` decides who is lost and late.
    pub(crate) fn make(link: Option<&Link>, seed: u64) -> Result<Self, LabError> {
        let Some(link) = link else { return Ok(Self::Nothing) };
        // Another run at the same time has other namespaces.
        let name = format!("farprobe-bench-{}", std::process::id());
        Ok(Self::Line(Box::new(Lab::build(&name, &link.profile, seed, Keep::Counts)?)))
    }

    /// When the line began, if there is one: its script counts from there.
    pub(crate) fn began(&self) -> Option<Time> {
        match self {
            Self::Nothing => None,
            Self::Line(lab) => lab.driver.report().map(|report| report.began),
        }
    }

    /// Ends the line, and gives what it has to say; nothing if there was none.
    pub(crate) fn finish(&mut self) -> Option<Report> {
        match self {
            Self::Nothing => None,
            Self::Line(lab) => lab.driver.stop(),
        }
    }

    pub(crate) fn desk(&self) -> Place<'_> {
        match self {
            Self::Nothing => Place::Here,
            Self::Line(lab) => Place::Namespace(&lab.desk.namespace),
        }
    }

    pub(crate) fn cart(&self) -> Place<'_> {
        match self {
            Self::Nothing => Place::Here,
            Self::Line(lab) => Place::Namespace(&lab.cart.namespace),
        }
    }

    /// Where a cart has to listen: any free port of that address.
    pub(crate) fn cart_address(&self) -> String {
        match self {
            Self::Nothing => "127.0.0.1:0".to_owned(),
            Self::Line(lab) => format!("{}:0", lab.cart.address),
        }
    }
}
