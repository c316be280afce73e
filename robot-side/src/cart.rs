//! A running cart: everything between the configuration and the listening socket, and back to a parked arm.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use farprobe_devices::{DeviceError, MonotonicClock};
use farprobe_geom::{Base, Metre, Newton, Pose};
use farprobe_media::{CodecError, LinkConfig};
use farprobe_metrics::{ExportError, Exporter, LOOPBACK};
use farprobe_proto::{Epoch, Limits};
use farprobe_servo::{Inbound, Servo, ServoConfig};
use farprobe_session::cart::LeaseDesk;
use farprobe_sim::scene;
use farprobe_transport::identity::Identity;
use farprobe_transport::{CartEndpoint, CartOptions, DemoPolicy, OpenError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{Config, ConfigError};
use crate::consoles::{self, Consoles, Introduction};
use crate::recorder::Recorder;
use crate::rt::{self, RtThread};
use crate::settings::{refused, servo_config};
use crate::simulation::{self, Simulation};
use crate::{bedside, figures, pictures};

/// How long a stopping cart waits for the probe to come off the patient and the arm to park. The ladder takes 5 s from contact
/// to Parked, and from the last touch it takes the 6 s of a slow breath to know that there is none.
const PARK_WITHIN: Duration = Duration::from_secs(12);

/// How often a stopping cart looks whether the arm is at rest.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The outermost place of the probe tip, for the console's drawing, m.
const WORKSPACE_RADIUS: Metre = Metre::literal(0.5);

/// The cart has ended, and the probe may be on the patient still, as where it was stopped, disarmed or at fault before (the staff
/// are to look).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the arm is not at rest, or the patient still touches the probe, and from now on it does not give way: look at the patient, \
     and lift the probe off by hand"
)]
pub struct NotParked;

/// The cart did not start; nothing is left running, and the arm never moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// What the file names can't be used (configuration).
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A value passed the file's checks, and the part that uses it refuses it all the same (configuration).
    #[error("configuration, {key}: {what}")]
    Configuration {
        /// Table, or table and key.
        key: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The consoles' socket can't be opened (configuration, or this machine).
    #[error(transparent)]
    Endpoint(#[from] OpenError),
    /// A device can't be used (device).
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The simulated bedside can't be put together (configuration).
    #[error("the simulated arm and patient can't be put together: {0}: check the table [arm] of the configuration")]
    Simulation(String),
    /// Live figures can't be served (configuration).
    #[error("configuration, metrics.port: {0}")]
    Metrics(#[from] ExportError),
    /// The encoder can't be made (this machine).
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The system gives no thread or no event descriptor (this machine).
    #[error("the system refuses what the cart needs: {0}")]
    System(#[from] std::io::Error),
}

/// A running cart. Dropping it leaves the cart running; [`Cart::stop`] ends it in good order.
#[derive(Debug)]
pub struct Cart {
    address: SocketAddr,
    thread: RtThread,
    recorder: Recorder,
    /// Ends when the last step of the ladder has been told.
    bedside: std::thread::JoinHandle<()>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    /// Serves figures as long as the cart runs, if it is to.
    exporter: Option<Exporter>,
}

impl Cart {
    /// Starts a cart as `identity`. Must be called inside a tokio runtime; it lives on that.
    pub fn start(config: &Config, identity: &Identity, demo: DemoPolicy) -> Result<Self, StartError> {
        let clock = MonotonicClock;
        for consequence in config.consequences() {
            tracing::info!("configuration: {consequence}");
        }
        if config.bedside.simulated_nurse && demo != DemoPolicy::Required {
            let rule = "nobody but a person arms a real cart: leave the key out, or start with --demo".to_owned();
            return Err(config.refuse("bedside.simulated_nurse", &true, rule).into());
        }
        if !config.has_terminal() && config.bedside.socket.is_none() && !config.bedside.simulated_nurse {
            return Err(config.refuse_switchless().into());
        }
        let max_connections = usize::from(config.cart.consoles);
        let options = CartOptions { demo, max_connections, ..CartOptions::default() };
        let endpoint = CartEndpoint::open(config.cart.listen, identity, options)?;
        let address = endpoint.local_addr()?;
        let switches = bedside::switches(config)?;
        let told_by = Arc::new(OnceLock::new());
        let exporter = export(config, &told_by)?;

        let Simulation { model, start, arm, scanner, outline } = simulation::simulate(config)?;
        let servo_config = servo_config(config, ServoConfig::shipped(model, start, &scene::patient_to_base()))?;
        let servo = Servo::new(&servo_config);
        let introduction = introduction(config, identity, address, servo.limits(), outline)?;

        let (thread, taps) = rt::spawn(clock, arm, servo, config.realtime.priority, rt::Pacing::CatchUp)?;
        tracing::info!("real-time thread: {}", thread.scheduling);
        let (news, told) = std::sync::mpsc::channel();
        let recorder = Recorder::start(clock, taps.ticks, thread.scheduling.is_real_time(), move |told| {
            // The bedside's thread may be gone at the very end.
            let _ = news.send(told);
        })?;
        // Nobody has set it before.
        let _ = told_by.set(recorder.clone());
        let desk = pictures::start(clock, scanner, taps.contexts, config.video.bitrate_kbit * 1000)?;
        let (newest, states) = watch::channel(None);
        consoles::relay_states(taps.doorbell, taps.states, newest)?;
        let inbox = Arc::clone(&thread.inbox);
        let leases = LeaseDesk::new(last_epoch());
        let consoles = Consoles::new(clock, Arc::clone(&inbox), recorder.clone(), desk, introduction, states, leases);
        let consoles = Arc::new(consoles);
        let bedside = bedside::attend(clock, switches, inbox, Arc::clone(&consoles), told)?;

        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(consoles::serve(consoles, endpoint, stopped));
        tracing::info!("cart \"{}\" listens at {address}", identity.name());
        Ok(Self { address, thread, recorder, bedside, stop, serving, exporter })
    }

    /// Where consoles connect to: the configured address with the port the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where live figures are served, if they are.
    pub fn figures_address(&self) -> Option<SocketAddr> {
        self.exporter.as_ref().map(Exporter::address)
    }

    /// How long the real-time thread has not been heard of. A tenth of a second is usual: the recorder looks that often.
    pub fn silence(&self) -> Duration {
        self.recorder.silence()
    }

    /// Takes the probe off the patient, parks the arm, then tells the consoles and ends. Takes as long as the ladder needs, at
    /// most some thirteen seconds; an idle cart stops within a fraction of one.
    ///
    /// # Errors
    /// The arm could not be parked off the patient in that time: somebody has to look at him.
    pub async fn stop(self) -> Result<(), NotParked> {
        let parked = park(self.thread).await;
        // Whoever looks wants to know that the arm is parked, and not only that it was about to be.
        let told = tokio::task::spawn_blocking(|| self.bedside.join());
        if !matches!(told.await, Ok(Ok(()))) {
            tracing::error!("the bedside's thread had already ended: the last steps of the ladder were not told");
        }
        self.stop.send_replace(true);
        if let Err(error) = self.serving.await {
            tracing::error!("the consoles' server had already ended: {error}");
        }
        tracing::info!("stopped");
        parked
    }
}

/// Serves live figures if the configuration asks for them: those of this recorder, once there is one.
fn export(config: &Config, recorder: &Arc<OnceLock<Recorder>>) -> Result<Option<Exporter>, ExportError> {
    let Some(port) = config.metrics.port else { return Ok(None) };
    let recorder = Arc::clone(recorder);
    let figures = move || recorder.get().map(figures::figures).unwrap_or_default();
    let exporter = Exporter::open(LOOPBACK, port, figures)?;
    tracing::info!("live figures: http://{}/metrics", exporter.address());
    Ok(Some(exporter))
}

/// What every console is told first.
fn introduction(
    config: &Config,
    identity: &Identity,
    address: SocketAddr,
    limits: Limits,
    patient_outline: Vec<[f32; 3]>,
) -> Result<Introduction, StartError> {
    Ok(Introduction {
        cart: identity.name().to_owned(),
        arm_urdf: scene::ARM_URDF.to_owned(),
        probe_on_flange: Pose::<Base>::new(scene::probe_on_flange()).to_parts(),
        couch: scene::couch(),
        patient_outline,
        limits,
        default_force: Newton::new(config.exam_force()).map_err(refused("exam.force_n"))?,
        workspace_radius: WORKSPACE_RADIUS,
        simulated_arm: true,
        video: LinkConfig { local_addresses: video_addresses(config, address), ..LinkConfig::default() },
    })
}

/// Epochs grow over restarts: the seconds of the wall clock are greater than any count of leases before.
fn last_epoch() -> Epoch {
    Epoch(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// Where pictures may leave from: as configured, or from the address the cart listens at.
fn video_addresses(config: &Config, listening: SocketAddr) -> Vec<SocketAddr> {
    if config.video.local.is_empty() { vec![SocketAddr::new(listening.ip(), 0)] } else { config.video.local.clone() }
}

/// Lets the ladder take the probe off the patient, then ends the real-time thread.
async fn park(thread: RtThread) -> Result<(), NotParked> {
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
    let parked = tokio::time::timeout(PARK_WITHIN, parked).await;
    thread.end();
    parked.map_err(|_| NotParked)?;
    tracing::info!("the arm is at rest and off the patient");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

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
