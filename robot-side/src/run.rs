//! The program: from the command line to a running cart, and to its end.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::time::Duration;

use farprobe_transport::DemoPolicy;
use farprobe_transport::identity::{Identity, IdentityError};
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::cart::{Cart, NotParked, StartError};
use crate::cli::Run;
use crate::config::{Config, ConfigError, TerminalUse};

/// Without a tick for this long the watchdog of the system is no longer fed.
const ALIVE_WITHIN: Duration = Duration::from_millis(500);

/// How often the watchdog of the system is fed; the unit file allows two seconds.
const FEED_EVERY: Duration = Duration::from_millis(500);

/// Threads of the asynchronous side. The command path must not wait behind a console that keeps one of them busy.
const WORKERS: usize = 2;

/// The cart did not run, or could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The configuration can't be used (configuration).
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The identity can't be used (configuration).
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The cart did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The cart ended, but not with the arm parked (the staff are to look).
    #[error(transparent)]
    NotParked(#[from] NotParked),
    /// The system refuses threads, or the signals that end the program (this machine).
    #[error("the system refuses what the program needs: {0}")]
    System(#[from] std::io::Error),
}

/// Runs a cart until it is told to stop.
pub fn run(options: &Run) -> Result<(), RunError> {
    let config = configuration(options)?;
    let identity = Identity::load(&config.cart.identity)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    runtime.block_on(serve(&config, &identity, options))
}

/// The file, with what the command line says over it.
fn configuration(options: &Run) -> Result<Config, ConfigError> {
    let mut config = Config::load(&options.config)?;
    if let Some(listen) = options.listen {
        config.cart.listen = listen;
    }
    if let Some(identity) = &options.identity {
        config.cart.identity.clone_from(identity);
    }
    if let Some(source) = &options.source {
        config.override_source(source.clone());
    }
    if let Some(socket) = &options.bedside_socket {
        config.bedside.socket = Some(socket.clone());
    }
    if options.demo {
        config.bedside.simulated_nurse = true;
    }
    if options.child {
        config.take_terminal(TerminalUse::Parent);
    } else if config.bedside.terminal && nobody_types() {
        tracing::info!("standard input is /dev/null: nobody types at this cart's terminal");
        config.take_terminal(TerminalUse::Nobody);
    }
    Ok(config)
}

async fn serve(config: &Config, identity: &Identity, options: &Run) -> Result<(), RunError> {
    // Heard from before anything moves: a signal during the start must end in a parked arm, too.
    let mut ending = Ending::listen(options.child)?;
    let demo = if options.demo { DemoPolicy::Required } else { DemoPolicy::Refused };
    let cart = Cart::start(config, identity, demo)?;
    if options.child {
        println!("listening {}", cart.address());
    }
    tell_system(&[NotifyState::Ready]);
    let why = attend(&cart, &mut ending).await;
    tracing::info!("stopping: {why}");
    tell_system(&[NotifyState::Stopping]);
    Ok(cart.stop().await?)
}

/// Feeds the system's watchdog as long as the real-time thread ticks, until the cart is to stop; gives the reason.
async fn attend(cart: &Cart, ending: &mut Ending) -> &'static str {
    let mut feed = tokio::time::interval(FEED_EVERY);
    loop {
        tokio::select! {
            why = ending.wait() => return why,
            _ = feed.tick() => {
                if cart.silence() < ALIVE_WITHIN {
                    tell_system(&[NotifyState::Watchdog]);
                }
            }
        }
    }
}

/// What ends the program.
struct Ending {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    parent_gone: Option<oneshot::Receiver<()>>,
}

impl Ending {
    fn listen(child: bool) -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            parent_gone: child.then(end_of_standard_input).transpose()?,
        })
    }

    /// Waits for the first of them. Cancel safe.
    async fn wait(&mut self) -> &'static str {
        let parent_gone = async {
            match &mut self.parent_gone {
                // A thread that has died has said its word as well.
                Some(gone) => drop(gone.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => "asked to (SIGTERM)",
            _ = self.interrupt.recv() => "asked to (Ctrl-C)",
            // Whoever sat at it can no longer say stop there: the arm is parked, too.
            _ = self.hang_up.recv() => "its terminal is gone (SIGHUP)",
            () = parent_gone => "the program that started this cart is gone",
        }
    }
}

/// Whether standard input is /dev/null, as a daemon's is: no bedside switch then.
fn nobody_types() -> bool {
    let device = |metadata: Metadata| metadata.file_type().is_char_device().then(|| metadata.rdev());
    let input = std::io::stdin().as_fd().try_clone_to_owned().and_then(|input| File::from(input).metadata());
    let (input, null) = (input.ok().and_then(device), std::fs::metadata("/dev/null").ok().and_then(device));
    input.is_some() && input == null
}

/// Hears when standard input ends. A thread of its own: a read that never returns would keep the runtime from ending.
fn end_of_standard_input() -> std::io::Result<oneshot::Receiver<()>> {
    let (gone, heard) = oneshot::channel();
    std::thread::Builder::new().name("parent".into()).spawn(move || {
        let mut nothing = [0; 256];
        let mut input = std::io::stdin().lock();
        loop {
            match input.read(&mut nothing) {
                Ok(1..) => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // An error is as good as the end.
                Ok(0) | Err(_) => break,
            }
        }
        // The program may be ending already.
        let _ = gone.send(());
    })?;
    Ok(heard)
}

fn tell_system(state: &[NotifyState<'_>]) {
    // Without a service manager there is nobody to tell.
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("the service manager can't be told: {error}");
    }
}
