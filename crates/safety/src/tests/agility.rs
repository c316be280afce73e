//! An arm that can hardly brake where it stands.

use farprobe_geom::{MetrePerSecond2, NewtonPerMetre};

use super::scene::{NIMBLE, Scene, linear};
use crate::*;

fn least(acceleration: f64) -> Agility {
    Agility { least: MetrePerSecond2::new(acceleration).unwrap(), ..NIMBLE }
}

#[test]
fn sr_014_an_arm_that_can_hardly_brake_hardly_approaches() {
    let approach = |braking: f64| {
        let mut scene = Scene::engaged(8.0);
        scene.measured.tissue.stiffness = NewtonPerMetre::literal(74e3);
        scene.measured.agility.along = MetrePerSecond2::new(braking).unwrap();
        scene.proposal = linear(0.0, 0.0, 1.0);
        scene.run(200);
        scene.permitted.linear.z
    };
    let (bent, stretched) = (approach(3.0), approach(0.3));
    assert!(stretched > 0.0 && stretched < 0.7 * bent, "{bent} and {stretched} m/s");
    assert_eq!(approach(0.0), 0.0);
    // The gate's own limit holds, whatever the arm could.
    assert_eq!(approach(5.0), approach(50.0));
}

#[test]
fn sr_045_where_the_arm_can_hardly_brake_driving_ends_once_and_one_may_drive_back() {
    let mut scene = Scene::engaged(0.0);
    scene.measured.agility = least(0.6);
    scene.run(5);
    assert_eq!(scene.rung(), Rung::Engaged);
    scene.measured.agility = least(0.59);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::Singularity));
    scene.open();
    scene.run(1);
    scene.press(2);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Engaged);
    // Back is any way that does not make it much worse, but slowly, and none towards the patient.
    scene.proposal = linear(-0.05, 0.0, 0.01);
    scene.measured.agility = least(0.55);
    scene.run(100);
    assert_eq!(scene.rung(), Rung::Engaged);
    assert!((scene.permitted.linear.x + 0.024).abs() < 1e-9);
    assert_eq!(scene.permitted.linear.z, 0.0);
    scene.measured.agility = least(0.7);
    scene.run(100);
    assert!(scene.permitted.linear.z > 0.005);
}

#[test]
fn sr_045_what_was_won_on_the_way_back_is_not_given_up_again() {
    let mut scene = Scene::engaged(0.0);
    let mut press = 1;
    let mut again = |scene: &mut Scene| {
        press += 1;
        scene.open();
        scene.run(1);
        scene.press(press);
        scene.run(1);
        assert_eq!(scene.rung(), Rung::Engaged);
    };
    for (acceleration, rung) in [
        (0.50, Rung::Soften),
        (0.46, Rung::Engaged),
        (0.44, Rung::Soften),
        (0.55, Rung::Engaged),
        (0.50, Rung::Engaged),
        (0.49, Rung::Soften),
        (0.0, Rung::Soften),
    ] {
        scene.measured.agility = least(acceleration);
        scene.run(1);
        assert_eq!(scene.rung(), rung, "at {acceleration} m/s²");
        if rung == Rung::Soften {
            again(&mut scene);
        }
    }
}
