//! From the configuration's numbers to the servo's settings.

use std::time::Duration;

use farprobe_geom::{Newton, NewtonMetre};
use farprobe_safety::{Preset, RetractPolicy, Timing};
use farprobe_servo::ServoConfig;
use farprobe_session::cart::AgeLimit;

use crate::StartError;
use crate::config::{Config, Retract};

/// How long Release lasts before the probe lifts off, where the site lets it: DESIGN §6.
const RETRACT_AFTER: Duration = Duration::from_secs(1);

/// The servo's settings: those it is `shipped` with, tightened and timed as `config` says.
pub(crate) fn servo_config(config: &Config, shipped: ServoConfig) -> Result<ServoConfig, StartError> {
    let limits = shipped.limits.tighten(&preset(config)?).map_err(refused("limits"))?;
    let retract = match config.safety.retract {
        Retract::AfterOneSecond => RetractPolicy::After(RETRACT_AFTER),
        Retract::Never => RetractPolicy::Never,
    };
    let hold = Duration::try_from_secs_f64(config.safety.hold_s).map_err(refused("safety.hold_s"))?;
    let timing = Timing::SHIPPED
        .with_link_timeout(config.link_timeout())
        .and_then(|timing| timing.with_hold(hold))
        .and_then(|timing| timing.with_tick_gap(Duration::from_millis(config.safety.tick_gap_ms)))
        .and_then(|timing| timing.with_retract(retract))
        .map_err(refused("safety"))?;
    // A longer watchdog forgives silence, never staleness: how late a command may be stays as shipped.
    Ok(ServoConfig { limits, timing, age_limit: AgeLimit::DEFAULT, ..shipped })
}

fn preset(config: &Config) -> Result<Preset, StartError> {
    let newton = |value: Option<f64>| value.map(Newton::new).transpose().map_err(refused("limits"));
    Ok(Preset {
        soft_force: newton(Some(config.soft_force()))?,
        hard_force: newton(config.limits.hard_force_n)?,
        torque: config.limits.torque_nm.map(NewtonMetre::new).transpose().map_err(refused("limits.torque_nm"))?,
        ..Preset::default()
    })
}

/// A complaint about `key` in the words of whoever refused it.
pub(crate) fn refused<E: ToString>(key: &'static str) -> impl Fn(E) -> StartError {
    move |error| StartError::Configuration { key, what: error.to_string() }
}
