//! A made-up cart for tests.

use farprobe_geom::{Joints, Metre, Newton, NewtonMetre, Pose, Time, Wrench};
use farprobe_proto::{
    Arming, Cause, Contact, Epoch, ImageGeometry, Ladder, Limits, LinkReadiness, Role, ScannerSettings, ScannerState,
    SourceKind, State, TGC_BANDS, Welcome,
};

pub(crate) fn limits() -> Limits {
    let (soft_force, hard_force) = (Newton::literal(15.0), Newton::literal(20.0));
    Limits { soft_force, hard_force, torque: NewtonMetre::literal(1.0) }
}

/// A state of this number: engaged and touching under lease 1.
pub(crate) fn state(sequence: u64) -> State {
    State {
        sequence,
        sampled_at: Time::from_millis(sequence * 4),
        sent_at: Time::from_millis(sequence * 4),
        echo: None,
        applied: None,
        ladder: Ladder::Engaged,
        cause: Cause::ClutchPressed,
        origin: Cause::ClutchPressed,
        arming: Arming::Armed,
        epoch: Some(Epoch(1)),
        link: LinkReadiness::Green,
        contact: Contact::Touching,
        joints: Joints::zero(7),
        tip: Pose::identity(),
        wrench: Wrench::zero(),
        force_target: Newton::literal(8.0),
        limits: limits(),
    }
}

pub(crate) fn welcome() -> Welcome {
    let settings = ScannerSettings {
        depth: Metre::literal(0.15),
        gain_db: 0.0,
        tgc_db: [0.0; TGC_BANDS],
        focus: Metre::literal(0.07),
        dynamic_range_db: 60.0,
        frozen: false,
    };
    let geometry = ImageGeometry { width: 4, height: 4, pixel: None, axis_column: 2.0, face_row: 0.0 };
    Welcome {
        version: 1,
        role: Role::Operator,
        software: String::new(),
        cart: String::from("cart"),
        now: Time::ZERO,
        arm_urdf: String::from("this is no arm"),
        probe_on_flange: ([0.0; 3], [1.0, 0.0, 0.0, 0.0]),
        couch: Pose::identity(),
        patient_outline: Vec::new(),
        limits: limits(),
        default_force: Newton::literal(5.0),
        workspace_radius: Metre::literal(0.5),
        scanner: ScannerState { settings, geometry, source: SourceKind::Live },
        simulated_arm: false,
        demo: false,
        tip: Pose::identity(),
        standing: None,
    }
}
