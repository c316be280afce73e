//! The machine that the tests share. An exam's promises hold for one exam on one machine: it runs alone.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Use {
    sharing: usize,
    alone: bool,
}

static USE: Mutex<Use> = Mutex::new(Use { sharing: 0, alone: false });
static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Use> {
    // A test that failed has given back its part by then.
    USE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait_while(busy: impl Fn(&Use) -> bool) -> MutexGuard<'static, Use> {
    let waited = CHANGED.wait_while(lock(), |used| busy(used));
    waited.unwrap_or_else(PoisonError::into_inner)
}

/// A test that does not mind others beside it; it may hold several.
#[derive(Debug)]
pub(crate) struct Shared(());

impl Shared {
    /// Waits until nobody wants to be alone.
    pub(crate) fn new() -> Self {
        wait_while(|used| used.alone).sharing += 1;
        Self(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        lock().sharing -= 1;
        CHANGED.notify_all();
    }
}

/// A test that has the machine for itself, as far as this program's tests go.
#[derive(Debug)]
pub(crate) struct Alone(());

impl Alone {
    /// Waits until nobody else is there. Who is there and wants a second share gets it before.
    pub(crate) fn new() -> Self {
        wait_while(|used| used.alone || used.sharing > 0).alone = true;
        Self(())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        lock().alone = false;
        CHANGED.notify_all();
    }
}
