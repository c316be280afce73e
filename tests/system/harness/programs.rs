//! The two programs, built once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Where the built programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) cart: PathBuf,
    pub(crate) console: PathBuf,
}

/// The programs of this very source. The first caller builds them, which costs nothing where they are built already.
pub(crate) fn programs() -> &'static Programs {
    static PROGRAMS: LazyLock<Programs> = LazyLock::new(build);
    &PROGRAMS
}

/// A file or folder of `assets/`.
pub(crate) fn assets(name: &str) -> PathBuf {
    root().join("assets").join(name)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a package lies in the workspace").to_owned()
}

fn build() -> Programs {
    // This test lies in TARGET/PROFILE/deps.
    let own = std::env::current_exe().expect("this test is a file");
    let folder = own.parent().and_then(Path::parent).expect("a folder of a profile");
    let target = folder.parent().expect("a target folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        // The folder of the profile `dev` has a name of its own.
        Some("debug") => "dev",
        Some(profile) => profile,
        None => panic!("{} lies in no target folder", own.display()),
    };
    let built = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["build", "--locked", "--quiet", "-p", "farprobe-cart", "-p", "farprobe-console", "--profile", profile])
        .arg("--target-dir")
        .arg(target)
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the programs can't be built");
    let program = |name: &str| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Programs { cart: program("farprobe-cart"), console: program("farprobe-console") }
}
