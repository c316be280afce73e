//! What a console is told first, and what it may be.

use farprobe_geom::{Base, Metre, Newton, Patient, Pose, Time};
use farprobe_proto::{Hello, Limits, PROTOCOL_VERSION, Refusal, Role, ScannerState, Welcome};
use farprobe_transport::Peer;
use farprobe_transport::identity::{Purpose, Role as CertifiedRole};

/// The part of the welcome that is the same for every console.
#[derive(Debug, Clone)]
pub(crate) struct Introduction {
    /// The cart's name, from its certificate.
    pub cart: String,
    /// The arm's description (URDF text).
    pub arm_urdf: String,
    /// Where the probe tip stands on the arm's flange: position in m and quaternion w, x, y, z.
    pub probe_on_flange: ([f64; 3], [f64; 4]),
    /// Where the couch stands.
    pub couch: Pose<Base>,
    /// A coarse outline of the patient, m, frame `patient`.
    pub patient_outline: Vec<[f32; 3]>,
    /// The limits in force.
    pub limits: Limits,
    /// The contact force a new exam starts with, N.
    pub default_force: Newton,
    /// How far the probe may be from the couch, m.
    pub workspace_radius: Metre,
    /// Whether the arm is simulated.
    pub simulated_arm: bool,
    /// Where pictures may travel.
    pub video: farprobe_media::LinkConfig,
}

/// The name and version of this program.
pub(crate) const SOFTWARE: &str = concat!("farprobe-cart ", env!("CARGO_PKG_VERSION"));

impl Introduction {
    /// The welcome for one console, before anything is known of the ladder.
    pub(crate) fn welcome(
        &self,
        role: Role,
        peer: &Peer,
        scanner: ScannerState,
        tip: Pose<Patient>,
        now: Time,
    ) -> Welcome {
        Welcome {
            version: PROTOCOL_VERSION,
            role,
            software: SOFTWARE.to_owned(),
            cart: self.cart.clone(),
            now,
            arm_urdf: self.arm_urdf.clone(),
            probe_on_flange: self.probe_on_flange,
            couch: self.couch,
            patient_outline: self.patient_outline.clone(),
            limits: self.limits,
            default_force: self.default_force,
            workspace_radius: self.workspace_radius,
            scanner,
            simulated_arm: self.simulated_arm,
            demo: peer.purpose == Purpose::Demo,
            tip,
            standing: None,
        }
    }
}

/// The role a console gets: what it asked for if its certificate carries it, and never more than looking on if it speaks
/// another version.
pub(super) fn role_for(hello: &Hello, peer: &Peer) -> Result<Role, Refusal> {
    let certified = match peer.role {
        CertifiedRole::Operator => Role::Operator,
        // The endpoint accepts no carts as consoles; were it to, they may look on.
        CertifiedRole::Observer | CertifiedRole::Cart => Role::Observer,
    };
    match (hello.role, certified) {
        (Role::Operator, Role::Observer) => Err(Refusal::Role { certified }),
        _ if hello.version != PROTOCOL_VERSION => Ok(Role::Observer),
        (asked, _) => Ok(asked),
    }
}
