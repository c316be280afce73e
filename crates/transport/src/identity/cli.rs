//! The `identity` subcommand, the same in every program that has one.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Subcommand;

use super::{IdentityError, Overwrite, Request, Role, Summary, create_authority, issue, show};

/// Make and show identities. The same in both programs.
#[derive(Debug, Clone, Subcommand)]
pub enum IdentityCommand {
    /// Make a small private certificate authority for a site.
    CreateAuthority {
        /// Where it is kept. Guard this folder: who has its key can make carts and operators.
        folder: PathBuf,
        /// Its name.
        #[arg(long, default_value = "Farprobe site")]
        name: String,
        /// For how many days it is valid.
        #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..))]
        days: u32,
    },
    /// Let an authority issue the identity of a cart, an operator or an observer.
    Issue {
        /// The authority's folder.
        authority: PathBuf,
        /// Where the identity goes.
        folder: PathBuf,
        /// cart, operator or observer.
        #[arg(long)]
        role: Role,
        /// The holder's name.
        #[arg(long)]
        name: String,
        /// For how many days it is valid.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..))]
        days: u32,
        /// Replace an identity that is there.
        #[arg(long)]
        overwrite: bool,
    },
    /// Show what a folder holds.
    Show {
        /// The folder.
        folder: PathBuf,
    },
}

/// Prints a summary on standard output. Whoever reads it may have seen enough and be gone: that is no failure.
pub fn print(summary: &Summary) -> io::Result<()> {
    match writeln!(io::stdout(), "{summary}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

impl IdentityCommand {
    /// Does what was asked. The summary is for the person who asked: [`print()`] it.
    pub fn run(self, now: SystemTime) -> Result<Summary, IdentityError> {
        match self {
            Self::CreateAuthority { folder, name, days } => {
                create_authority(&folder, &name, days, now, Overwrite::Refuse)
            }
            Self::Issue { authority, folder, role, name, days, overwrite } => {
                let overwrite = if overwrite { Overwrite::Replace } else { Overwrite::Refuse };
                issue(&authority, Request { role, name: &name, days }, &folder, now, overwrite)
            }
            Self::Show { folder } => show(&folder, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(subcommand)]
        command: IdentityCommand,
    }

    fn run(line: &[&str]) -> Result<Summary, IdentityError> {
        let program = Program::try_parse_from(["program"].iter().chain(line)).unwrap();
        program.command.run(SystemTime::now())
    }

    #[test]
    fn from_words_to_an_authority_an_identity_and_its_summary() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).into_os_string().into_string().unwrap();
        let (authority, cart) = (path("authority"), path("cart"));
        assert_eq!(run(&["create-authority", &authority]).unwrap().name, "Farprobe site");
        let issue = ["issue", &authority, &cart, "--role", "cart", "--name", "cart 1"];
        let issued = run(&issue).unwrap();
        assert_eq!((issued.role, issued.name.as_str()), (Some(Role::Cart), "cart 1"));
        assert_eq!(run(&["show", &cart]).unwrap().fingerprint, issued.fingerprint);
        // What is there is kept, unless one says otherwise.
        assert!(matches!(run(&issue), Err(IdentityError::Exists { .. })));
        let again = run(&[issue.as_slice(), &["--overwrite"]].concat()).unwrap();
        assert_ne!(again.fingerprint, issued.fingerprint);
        assert!(Program::try_parse_from(["program", "issue", "a", "b", "--role", "surgeon", "--name", "x"]).is_err());
    }
}
