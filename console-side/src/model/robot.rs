//! The robot as the cart reports it.

use std::sync::Arc;

use farprobe_control::{ArmModel, ModelError};
use farprobe_geom::{Base, Newton, NotAPose, Pose, Time};
use farprobe_proto::{Cause, Contact, Epoch, Ladder, Limits, State, Welcome};
use thiserror::Error;

use super::{ForceTrace, ProbeTrail};

/// The robot and what it feels.
#[derive(Debug, Clone, Default)]
pub struct Robot {
    /// How the cart introduced itself.
    pub welcome: Option<Arc<Welcome>>,
    /// The last state and when it arrived, console clock.
    pub state: Option<(Time, State)>,
    /// The contact force of the last seconds.
    pub force: ForceTrace,
    /// Where the probe has been.
    pub trail: ProbeTrail,
    /// The lease that was in force when the ladder came to where it stands, as far as the states told.
    pub(super) stepped_under: Option<Epoch>,
    /// When the cart was heard last, console clock.
    pub(super) heard_at: Option<Time>,
    arm: Option<Arc<ArmModel>>,
}

/// Why the arm can't be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Undrawable {
    /// The description is no arm.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The probe's place is no pose.
    #[error("the cart's probe mount: {0}")]
    Mount(#[from] NotAPose),
}

impl Robot {
    /// The robot of a cart that has just introduced itself, and the reason if its arm can't be drawn.
    pub(super) fn of(welcome: Welcome) -> (Self, Option<Undrawable>) {
        let (arm, trouble) = match arm_of(&welcome) {
            Ok(arm) => (Some(Arc::new(arm)), None),
            Err(trouble) => (None, Some(trouble)),
        };
        (Self { welcome: Some(Arc::new(welcome)), arm, ..Self::default() }, trouble)
    }

    /// Takes in a state that arrived at `now`. False if a newer one came before it.
    pub(super) fn update(&mut self, now: Time, state: &State) -> bool {
        if self.state.as_ref().is_some_and(|(_, last)| state.sequence <= last.sequence) {
            return false;
        }
        self.heard_at = Some(now);
        // What was found may be anybody's doing.
        let stepped = self.ladder().is_some_and(|before| before != (state.ladder, state.cause));
        if stepped {
            self.stepped_under = state.epoch;
        }
        self.state = Some((now, *state));
        if let Some(force) = self.contact_force() {
            self.force.push(now, force);
        }
        self.trail.push(state.sampled_at, &state.tip, state.contact == Contact::Touching);
        true
    }

    /// The last state's ladder and cause.
    pub fn ladder(&self) -> Option<(Ladder, Cause)> {
        self.state.as_ref().map(|(_, state)| (state.ladder, state.cause))
    }

    /// The contact force by the cart's sensor: the norm of the tip force, which is what the limits judge.
    pub fn contact_force(&self) -> Option<Newton> {
        let (_, state) = self.state.as_ref()?;
        Newton::new(state.wrench.force.norm()).ok()
    }

    /// The limits in force.
    pub fn limits(&self) -> Option<Limits> {
        let of_state = self.state.as_ref().map(|(_, state)| state.limits);
        of_state.or_else(|| self.welcome.as_ref().map(|welcome| welcome.limits))
    }

    /// Where the parts of the arm stand, from the base outwards to the probe tip; empty when that can't be known.
    pub fn links(&self) -> Vec<Pose<Base>> {
        match (&self.arm, &self.state) {
            (Some(arm), Some((_, state))) => arm.link_poses(&state.joints).as_slice().to_vec(),
            _ => Vec::new(),
        }
    }
}

fn arm_of(welcome: &Welcome) -> Result<ArmModel, Undrawable> {
    let (position, quaternion) = welcome.probe_on_flange;
    // The frame is the flange's, which has no marker of its own; `Base` only carries the numbers to an isometry.
    let probe = Pose::<Base>::from_parts(position, quaternion)?;
    Ok(ArmModel::from_urdf(&welcome.arm_urdf, *probe.isometry())?)
}
