//! A made-up cart for tests.

use farprobe_geom::{Metre, Newton, NewtonMetre, Pose, Time};
use farprobe_proto::{ImageGeometry, Limits, Role, ScannerSettings, ScannerState, SourceKind, TGC_BANDS, Welcome};

pub(crate) fn limits() -> Limits {
    let (soft_force, hard_force) = (Newton::literal(15.0), Newton::literal(20.0));
    Limits { soft_force, hard_force, torque: NewtonMetre::literal(1.0) }
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
