//! On which cores the two ends run: fixed before anything is measured, and printed.

use std::collections::BTreeSet;
use std::path::Path;

use rustix::thread::{CpuSet, sched_getaffinity};

/// Where the two ends run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layout {
    /// Wherever the system puts them.
    Free,
    /// Each on a core of its own, with all its threads: as two machines, which never share a warm core.
    Apart,
    /// A single process, wherever the system puts it, and nothing else to do.
    Quiet,
    /// As above, with busy threads on all cores.
    Loaded,
}

impl Layout {
    /// What it is called in results.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Apart => "apart",
            Self::Quiet => "quiet",
            Self::Loaded => "loaded",
        }
    }
}

/// The processors of one layout; nothing where an end is not pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) layout: Layout,
    pub(crate) sender: Option<usize>,
    pub(crate) receiver: Option<usize>,
}

/// The layouts that this machine can have, and why it can't have the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layouts {
    pub(crate) placed: Vec<Placed>,
    pub(crate) skipped: Option<String>,
}

/// Decides where ends run on this machine.
pub(crate) fn layouts() -> std::io::Result<Layouts> {
    let allowed = sched_getaffinity(None)?;
    let processors: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|processor| allowed.is_set(*processor)).collect();
    Ok(choose(&processors, core_of))
}

/// `free` always; `apart` on the first allowed processor, and on the first of another core.
fn choose(processors: &[usize], core: impl Fn(usize) -> Core) -> Layouts {
    let free = Placed { layout: Layout::Free, sender: None, receiver: None };
    let first = processors.first().copied();
    let other = first.and_then(|first| processors.iter().copied().find(|processor| core(*processor) != core(first)));
    match (first, other) {
        (Some(sender), Some(receiver)) => {
            let apart = Placed { layout: Layout::Apart, sender: Some(sender), receiver: Some(receiver) };
            Layouts { placed: vec![free, apart], skipped: None }
        }
        _ => Layouts {
            placed: vec![free],
            skipped: Some(format!(
                "the layout \"apart\" was left out: this program may use one core only ({} processors on {} core)",
                processors.len(),
                processors.iter().map(|processor| core(*processor)).collect::<BTreeSet<_>>().len()
            )),
        },
    }
}

/// A core: its package and its number there. Two processors that are threads of one core share it.
type Core = (usize, usize);

fn core_of(processor: usize) -> Core {
    let topology = format!("/sys/devices/system/cpu/cpu{processor}/topology");
    let read = |name| std::fs::read_to_string(Path::new(&topology).join(name)).ok()?.trim().parse().ok();
    // A system that does not say so has no such threads as far as anybody knows.
    read("physical_package_id").zip(read("core_id")).unwrap_or((usize::MAX, processor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_apart_on_different_cores_not_on_threads_of_one() {
        let two_threads_each = |processor| (0, processor / 2);
        let layouts = choose(&[0, 1, 2, 3], two_threads_each);
        assert_eq!(layouts.skipped, None);
        assert_eq!(layouts.placed[1], Placed { layout: Layout::Apart, sender: Some(0), receiver: Some(2) });
        let one = choose(&[0, 1], two_threads_each);
        assert_eq!(one.placed.len(), 1);
        assert!(one.skipped.unwrap().contains("one core only (2 processors on 1 core)"));
        let two_packages = choose(&[5, 9], |processor| (processor, 0));
        assert_eq!(two_packages.placed[1].receiver, Some(9));
    }
}
