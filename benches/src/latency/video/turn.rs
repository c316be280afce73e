//! One turn: a cart that plays the recording and a console that looks on, or the floor.

use std::path::PathBuf;
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_impair::link::Link;

use super::case::Event;
use super::figures::{self, Found};
use crate::latency::cart::{self, BITRATE_KBIT, CartPlan, Programs};
use crate::latency::ends::crew::{Crew, EndError};
use crate::latency::ends::place::Between;
use crate::latency::ends::words::{CodePlan, Coded, LookPlan, Looked, Material, Order, Over, Ready, Window};
use crate::latency::rounds::Measured;
use crate::latency::slots::Slot;

/// From the first picture until it counts: by then the bit rate has settled.
const WARM_UP: Duration = Duration::from_secs(2);

/// What it takes to start both programs, about.
const STARTS: Duration = Duration::from_secs(3);

/// What is under way at the end has some time to come, and the end some to tell.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// What is the same for all turns of a case.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) programs: Programs,
    pub(super) identities: PathBuf,
    pub(super) recording: PathBuf,
    pub(super) link: Option<Link>,
    pub(super) event: Option<Event>,
    /// How long it counts, where nothing happens to the line.
    pub(super) counted: Duration,
    /// Between two pictures.
    pub(super) period: Duration,
    /// Of the floor.
    pub(super) pictures: usize,
}

impl Setup {
    /// About how long a turn lasts.
    pub(super) fn lasts(&self) -> Duration {
        STARTS + self.event.map_or(WARM_UP + self.counted, |event| event.at + event.lasts + event.around[1])
    }

    /// What counts, and when it happens, if anything does. `began` is when the line did.
    fn window(&self, began: Option<Time>) -> Window {
        let now = MonotonicClock.now();
        let Some((event, began)) = self.event.zip(began) else {
            let from = now + WARM_UP;
            return Window { begin: now, from, until: from + self.counted, dark: None };
        };
        let (at, end) = (began + event.at, began + event.at + event.lasts);
        let from = Time::ZERO + at.saturating_since(Time::ZERO + event.around[0]);
        Window { begin: now, from, until: end + event.around[1], dark: Some((at, end)) }
    }
}

/// Encodes and decodes the same pictures in one process.
pub(super) async fn floor(crew: &mut Crew, setup: &Setup, slot: Slot) -> Result<Measured, EndError> {
    let (pictures, material) = (setup.pictures, Material::Recording(setup.recording.clone()));
    let plan = CodePlan { material, pictures, bitrate: BITRATE_KBIT * 1_000 };
    let coder = crew.start("codec", &Order::Code(plan)).await?;
    let lasts = setup.period * u32::try_from(pictures).unwrap_or(u32::MAX);
    let coded: Coded = crew.hear(coder, lasts).await?;
    Ok(figures::floor(slot, &coded))
}

/// Looks at a cart's pictures.
pub(super) async fn look(crew: &mut Crew, setup: &Setup, slot: Slot) -> Result<Measured, EndError> {
    let failed = |said: String| EndError::Failed { who: "line", said };
    let mut between = Between::make(setup.link.as_ref(), slot.seed).map_err(|error| failed(format!(": {error}")))?;
    let began = between.began();
    let folder = tempfile::tempdir().map_err(|source| EndError::Start { who: "cart", source })?;
    let (programs, identities, recording) = (&setup.programs, &setup.identities, &setup.recording);
    let plan = CartPlan { programs, folder: folder.path(), identities, recording };
    let cart = cart::start(crew, &between, &plan).await?;
    let plan = LookPlan { identities: identities.clone(), cart, recording: recording.clone() };
    let desk = crew.start_at(between.desk(), "end at the desk", &Order::Look(plan)).await?;
    let _: Ready = crew.hear(desk, Duration::ZERO).await?;
    let window = setup.window(began);
    if MonotonicClock.now() >= window.from {
        return Err(failed(
            ": this machine was so slow that what happens to it was over before cart and desk had met".into(),
        ));
    }
    crew.tell(desk, &window).await?;
    let looked: Looked = crew.hear(desk, setup.lasts() + AFTERWARDS).await?;
    crew.tell(desk, &Over).await?;
    let line = between.finish();
    let period_ns = u64::try_from(setup.period.as_nanos()).unwrap_or(u64::MAX);
    Ok(figures::look(slot, &Found { window, event: setup.event, period_ns, looked, line }))
}
