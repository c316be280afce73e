//! From the configuration to a running cart, and back to a parked one.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use farprobe_devices::MonotonicClock;
use farprobe_geom::{Metre, Newton, NewtonMetre};
use farprobe_media::LinkConfig;
use farprobe_proto::Epoch;
use farprobe_safety::{Limits, Preset, RetractPolicy, Timing};
use farprobe_servo::{Inbound, Servo, ServoConfig};
use farprobe_session::cart::{AgeLimit, LeaseDesk};
use farprobe_sim::scene;
use farprobe_transport::identity::Identity;
use farprobe_transport::{CartEndpoint, CartOptions, DemoPolicy};
use sd_notify::NotifyState;
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::Run;
use crate::config::{Config, Retract};
use crate::consoles::{self, Consoles, Introduction};
use crate::recorder::Recorder;
use crate::rt::{self, RtThread};
use crate::simulation::{self, Simulation};
use crate::{bedside, pictures};

/// How long a stopping cart waits for the probe to come off the patient and the arm to park. The ladder takes 5 s from contact
/// to Parked.
const PARK_WITHIN: Duration = Duration::from_secs(8);

/// How often a stopping cart looks whether the arm is at rest.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Without a tick for this long the watchdog of the system is no longer fed.
const ALIVE_WITHIN: Duration = Duration::from_millis(500);

/// How often the watchdog of the system is fed; the unit file allows two seconds.
const FEED_EVERY: Duration = Duration::from_millis(500);

/// The outermost place of the probe tip, for the console's drawing, m.
const WORKSPACE_RADIUS: Metre = Metre::literal(0.5);

type AnyError = Box<dyn std::error::Error>;

/// Runs a cart until it is told to stop.
pub fn run(options: &Run) -> Result<(), AnyError> {
    let mut config = Config::load(&options.config)?;
    if let Some(listen) = options.listen {
        config.cart.listen = listen;
    }
    if let Some(identity) = &options.identity {
        config.cart.identity.clone_from(identity);
    }
    if let Some(source) = &options.source {
        config.scanner.source.clone_from(source);
    }
    if let Some(socket) = &options.bedside_socket {
        config.bedside.socket = Some(socket.clone());
    }
    if options.demo {
        config.bedside.simulated_nurse = true;
    }
    if options.child {
        // Standard input belongs to the program that started this one.
        config.bedside.terminal = false;
    }
    let identity = Identity::load(&config.cart.identity)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(&config, &identity, options))
}

async fn serve(config: &Config, identity: &Identity, options: &Run) -> Result<(), AnyError> {
    let clock = MonotonicClock;
    let demo = if options.demo { DemoPolicy::Allowed } else { DemoPolicy::Refused };
    let max_connections = usize::from(config.cart.consoles);
    let cart_options = CartOptions { demo, max_connections, ..CartOptions::default() };
    let endpoint = CartEndpoint::open(config.cart.listen, identity, cart_options)?;
    let address = endpoint.local_addr()?;

    let Simulation { model, start, arm, scanner, outline } =
        simulation::simulate(&config.arm, config.scanner.frame_rate)?;
    let scanner = simulation::source(&config.scanner.source, scanner)?;
    let servo_config = servo_config(config, ServoConfig::shipped(model, start, &scene::patient_to_base()))?;
    let servo = Servo::new(&servo_config);
    let introduction = Introduction {
        cart: identity.name().to_owned(),
        arm_urdf: scene::ARM_URDF.to_owned(),
        probe_on_flange: farprobe_geom::Pose::<farprobe_geom::Base>::new(scene::probe_on_flange()).to_parts(),
        couch: scene::couch(),
        patient_outline: outline,
        limits: servo.limits(),
        default_force: Newton::new(config.exam.force_n)?,
        workspace_radius: WORKSPACE_RADIUS,
        simulated_arm: true,
        video: LinkConfig { local_addresses: video_addresses(config, address), ..LinkConfig::default() },
    };

    let (thread, taps) = rt::spawn(clock, arm, servo, config.realtime.priority)?;
    tracing::info!("real-time thread: {}", thread.scheduling);
    let (step, steps) = std::sync::mpsc::channel();
    // The bedside's thread may be gone at the very end.
    let recorder = Recorder::start(clock, taps.ticks, thread.scheduling.is_real_time(), move |t| drop(step.send(t)))?;
    let desk = pictures::start(clock, scanner, taps.contexts, config.video.bitrate_kbit * 1000)?;
    let (newest, states) = watch::channel(None);
    tokio::spawn(consoles::relay_states(taps.doorbell, taps.states, newest));
    let inbox = Arc::clone(&thread.inbox);
    let leases = LeaseDesk::new(last_epoch());
    let consoles =
        Arc::new(Consoles::new(clock, Arc::clone(&inbox), recorder.clone(), desk, introduction, states, leases));
    bedside::attend(clock, bedside::switches(&config.bedside)?, inbox, Arc::clone(&consoles), steps)?;

    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(consoles::serve(consoles, endpoint, stopped));
    tracing::info!("cart \"{}\" listens at {address}", identity.name());
    if options.child {
        println!("listening {address}");
    }
    tell_system(&[NotifyState::Ready]);
    wait_for_end(&recorder, options.child).await?;
    tell_system(&[NotifyState::Stopping]);
    park(thread).await;
    stop.send_replace(true);
    serving.await?;
    tracing::info!("stopped");
    Ok(())
}

/// Epochs grow over restarts: the seconds of the wall clock are greater than any count of leases before.
fn last_epoch() -> Epoch {
    Epoch(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

fn servo_config(config: &Config, shipped: ServoConfig) -> Result<ServoConfig, AnyError> {
    let newton = |value: Option<f64>| value.map(Newton::new).transpose();
    let preset = Preset {
        soft_force: newton(config.limits.soft_force_n)?,
        hard_force: newton(config.limits.hard_force_n)?,
        torque: config.limits.torque_nm.map(NewtonMetre::new).transpose()?,
        ..Preset::default()
    };
    let limits = Limits::CEILINGS.tighten(&preset).map_err(|error| format!("limits of the configuration: {error}"))?;
    let retract = match config.safety.retract {
        Retract::AfterOneSecond => RetractPolicy::After(Duration::from_secs(1)),
        Retract::Never => RetractPolicy::Never,
    };
    let timing = Timing::SHIPPED
        .with_link_timeout(config.link_timeout())
        .and_then(|timing| timing.with_hold(Duration::from_secs_f64(config.safety.hold_s)))
        .and_then(|timing| timing.with_tick_gap(Duration::from_millis(config.safety.tick_gap_ms)))
        .and_then(|timing| timing.with_retract(retract))
        .map_err(|error| format!("safety times of the configuration: {error}"))?;
    Ok(ServoConfig { limits, timing, age_limit: AgeLimit::new(config.link_timeout())?, ..shipped })
}

/// Where pictures may leave from: as configured, or from the address the cart listens at.
fn video_addresses(config: &Config, listening: SocketAddr) -> Vec<SocketAddr> {
    if config.video.local.is_empty() { vec![SocketAddr::new(listening.ip(), 0)] } else { config.video.local.clone() }
}

/// Returns when the cart is to stop: by signal, or because the program that started it is gone. Feeds the system's watchdog
/// as long as the real-time thread ticks.
async fn wait_for_end(recorder: &Recorder, child: bool) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut feed = tokio::time::interval(FEED_EVERY);
    let parent_gone = async {
        let mut nothing = Vec::new();
        if child {
            // An error is as good as the end.
            let _ = tokio::io::stdin().read_to_end(&mut nothing).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::pin!(parent_gone);
    loop {
        tokio::select! {
            _ = terminate.recv() => break tracing::info!("asked to stop (SIGTERM)"),
            _ = interrupt.recv() => break tracing::info!("asked to stop (Ctrl-C)"),
            () = &mut parent_gone => break tracing::info!("the program that started this cart is gone"),
            _ = feed.tick() => {
                if recorder.silence() < ALIVE_WITHIN {
                    tell_system(&[NotifyState::Watchdog]);
                }
            }
        }
    }
    Ok(())
}

/// Lets the ladder take the probe off the patient, then ends the real-time thread.
async fn park(thread: RtThread) {
    if thread.inbox.push(Inbound::Shutdown).is_err() {
        tracing::error!("the real-time thread does not run; the arm has stopped by itself: look at the patient");
    }
    let parked = async {
        loop {
            // The request takes a tick to be seen.
            tokio::time::sleep(LOOK_EVERY).await;
            if thread.is_at_rest() {
                return;
            }
        }
    };
    match tokio::time::timeout(PARK_WITHIN, parked).await {
        Ok(()) => tracing::info!("the arm is at rest and off the patient"),
        Err(_) => tracing::error!("the arm did not come to rest in time: look at the patient"),
    }
    thread.end();
}

fn tell_system(state: &[NotifyState<'_>]) {
    // Without a service manager there is nobody to tell.
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("the service manager can't be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_leave_from_where_the_cart_listens_unless_told_otherwise() {
        let text = "[cart]\nlisten = \"127.0.0.1:0\"\nidentity = \"id\"\n";
        let listening = SocketAddr::new(IpAddr::from([192, 0, 2, 5]), 4433);
        let config = Config::parse("cart.toml", text).unwrap();
        assert_eq!(video_addresses(&config, listening), [SocketAddr::new(listening.ip(), 0)]);
        let own = format!("{text}[video]\nlocal = [\"127.0.0.1:7000\"]\n");
        let config = Config::parse("cart.toml", &own).unwrap();
        assert_eq!(video_addresses(&config, listening), [SocketAddr::from(([127, 0, 0, 1], 7000))]);
    }
}
