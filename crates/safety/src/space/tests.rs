use nalgebra::{Isometry3, Quaternion, Translation3, UnitQuaternion};

use super::*;
use crate::tests::scene::space;

fn walls(around: &[(Vector3<f64>, f64)]) -> Walls {
    let mut walls = Walls::NONE;
    for (slot, (towards, speed)) in walls.walls.iter_mut().zip(around) {
        *slot = Some(Wall { towards: towards.normalize(), speed: *speed });
    }
    walls
}

fn motion(x: f64, y: f64, z: f64) -> Vector3<f64> {
    Vector3::new(x, y, z)
}

fn near(found: Vector3<f64>, wanted: Vector3<f64>) -> bool {
    (found - wanted).norm() < 1e-9
}

/// The probe pointing straight down, turned by `tilt` rad about the x axis of the base.
fn tip(x: f64, y: f64, z: f64, tilt: f64) -> Pose<Base> {
    let turn = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), core::f64::consts::PI + tilt);
    Pose::new(Isometry3::from_parts(Translation3::new(x, y, z), turn))
}

#[test]
fn sr_016_what_brakes_half_as_hard_as_it_may_stops_within_the_distance() {
    let braking = Braking::of(3.0, 150.0);
    assert!((braking.deceleration - 1.5).abs() < 1e-12 && (braking.delay - 0.04).abs() < 1e-12, "{braking:?}");
    for distance in [1e-6, 1e-3, 0.02, 0.3] {
        let speed = braking.speed(distance);
        let stops = speed * 0.04 + speed * speed / (2.0 * 1.5);
        assert!((stops - distance).abs() < 1e-12, "{distance} m: {speed} m/s");
    }
    assert_eq!([0.0, -0.1, f64::NAN].map(|distance| braking.speed(distance)), [0.0; 3]);
}

#[test]
fn sr_016_a_motion_is_bent_along_a_wall_and_left_alone_away_from_it() {
    let walls = walls(&[(Vector3::x(), 0.1)]);
    assert!(near(walls.linear(motion(0.3, 0.2, -0.1)), motion(0.1, 0.2, -0.1)));
    for free in [motion(0.1, 0.2, 0.0), motion(-0.3, 0.0, 0.1), Vector3::zeros()] {
        assert_eq!(walls.linear(free), free);
    }
}

#[test]
fn sr_016_between_walls_that_leave_no_way_there_is_none() {
    // Each undoes the other: after three passes one of them is broken still.
    let narrow = walls(&[(motion(1.0, 0.1, 0.0), 0.0), (motion(-1.0, 0.1, 0.0), 0.0)]);
    assert_eq!(narrow.linear(motion(0.0, 1.0, 0.0)), Vector3::zeros());
    assert!(narrow.keep(&motion(0.0, -1.0, 0.0)) && !narrow.keep(&motion(0.0, 1e-6, 0.0)));
}

#[test]
fn sr_016_across_the_probe_a_motion_is_bent_without_a_change_along_it() {
    let slope = walls(&[(motion(1.0, 0.0, 1.0), 0.0)]);
    // What goes down by 0.1 m/s has to go back by as much.
    assert!(near(slope.across(motion(-0.3, 0.0, 0.1)), motion(-0.3, 0.0, 0.1)));
    assert!(near(slope.across(motion(0.3, 0.2, -0.1)), motion(0.1, 0.2, -0.1)));
    // It would have to become faster: then nothing goes across.
    assert!(near(slope.across(motion(0.0, 0.01, 0.1)), motion(0.0, 0.0, 0.1)));
    // A wall straight ahead is none of its business, if it is kept; if not, nothing across helps.
    let ahead = walls(&[(Vector3::z(), 0.05)]);
    assert_eq!(ahead.across(motion(0.3, 0.2, 0.05)), motion(0.3, 0.2, 0.05));
    assert_eq!(ahead.across(motion(0.3, 0.2, 0.06)), motion(0.0, 0.0, 0.06));
}

#[test]
fn sr_016_along_the_probe_a_motion_is_slowed_and_never_turned_round() {
    let slope = walls(&[(motion(0.0, 1.0, 1.0), 0.0)]);
    let close = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-12, "{found}, not {wanted}");
    close(slope.along(motion(0.0, -0.04, 0.1)), 0.04);
    close(slope.along(motion(0.0, 0.04, 0.1)), 0.0);
    close(slope.along(motion(0.0, -0.2, 0.1)), 0.1);
    // Away from the wall it stays, whatever goes on across.
    close(slope.along(motion(0.0, 0.3, -0.1)), -0.1);
    let behind = walls(&[(motion(0.0, 1.0, -1.0), 0.0)]);
    close(behind.along(motion(0.0, -0.04, -0.1)), -0.04);
    close(behind.along(motion(0.0, 0.04, -0.1)), 0.0);
    // A wall at its side is none of its business.
    for z in [-0.1, 0.1, 0.0] {
        close(walls(&[(Vector3::y(), 0.0)]).along(motion(0.0, 0.3, z)), z);
        close(walls(&[(-Vector3::y(), 0.0)]).along(motion(0.0, -0.3, z)), z);
    }
}

#[test]
fn sr_016_a_turn_is_held_back_only_as_far_as_it_tilts_further() {
    let braking = Braking::of(5.0, 500.0);
    let space = space();
    // 0.1 rad before the limit of 1 rad, and at it.
    for tilt in [0.9, 1.0] {
        let (tip, most) = (tip(0.0, 0.0, 0.5, tilt), braking.speed(1.0 - tilt));
        assert!(near(space.angular(&tip, motion(1.0, 0.2, 0.3), &braking), motion(most, 0.2, 0.3)), "{tilt} rad");
        for free in [motion(-1.0, 0.2, 0.3), motion(most, -0.5, 0.0)] {
            assert!(near(space.angular(&tip, free, &braking), free), "{tilt} rad");
        }
    }
}

#[test]
fn sr_016_the_walls_are_where_the_box_and_the_spheres_are() {
    let braking = Braking::of(3.0, 150.0);
    let mut space = space();
    let ball = Sphere { centre: [0.2, 0.0, 0.5].map(Metre::literal), radius: Metre::literal(0.05) };
    space.keep_out[0] = Some(ball);
    let walls = space.walls(&tip(0.1, -0.2, 0.4, 0.0), &braking);
    // Seen from a tip that points down: base x is its x, base y and z are turned round.
    let to_ball = Vector3::new(0.1, 0.2, 0.1);
    let expected = [
        (0.6, motion(-1.0, 0.0, 0.0)),
        (0.4, motion(1.0, 0.0, 0.0)),
        (0.3, motion(0.0, 1.0, 0.0)),
        (0.7, motion(0.0, -1.0, 0.0)),
        (0.4, motion(0.0, 0.0, 1.0)),
        (0.6, motion(0.0, 0.0, -1.0)),
        (to_ball.norm() - 0.05, motion(0.1, -0.2, -0.1).normalize()),
    ];
    assert_eq!(walls.all().count(), expected.len());
    for (wall, (distance, towards)) in walls.all().zip(expected) {
        assert!(near(wall.towards, towards), "{wall:?}, not {towards:?}");
        assert!((wall.speed - braking.speed(distance)).abs() < 1e-9, "{wall:?}, {distance} m");
    }
}

#[test]
fn sr_016_the_space_is_left_a_centimetre_or_three_degrees_beyond_its_walls() {
    let mut space = space();
    let ball = Sphere { centre: [0.0, 0.3, 0.5].map(Metre::literal), radius: Metre::literal(0.1) };
    space.keep_out[3] = Some(ball);
    let inside = [
        tip(0.509, 0.0, 0.5, 0.0),
        tip(-0.509, 0.0, 0.5, 0.0),
        tip(0.0, -0.509, 0.5, 0.0),
        tip(0.0, 0.0, 1.009, 0.0),
        tip(0.0, 0.0, -0.009, 0.0),
        tip(0.0, 0.2, 0.5, 0.0),
        tip(0.0, 0.209, 0.5, 0.0),
        tip(0.0, 0.0, 0.5, 1.051),
    ];
    let outside = [
        tip(0.511, 0.0, 0.5, 0.0),
        tip(-0.511, 0.0, 0.5, 0.0),
        tip(0.0, -0.511, 0.5, 0.0),
        tip(0.0, 0.0, 1.011, 0.0),
        tip(0.0, 0.0, -0.011, 0.0),
        tip(0.0, 0.0, 0.5, 1.053),
        tip(0.0, 0.211, 0.5, 0.0),
        tip(0.0, 0.3, 0.5, 0.0),
    ];
    assert_eq!(inside.map(|tip| space.is_left(&tip)), [false; 8]);
    assert_eq!(outside.map(|tip| space.is_left(&tip)), [true; 8]);
}

#[test]
fn sr_016_just_the_centimetre_that_is_granted_is_granted() {
    assert!(!space().is_left(&tip(0.0, 0.0, -LEFT_BY, 0.0)));
    let ball = |radius| Some(Sphere { centre: [0.0, 0.0, 0.5].map(Metre::literal), radius: Metre::literal(radius) });
    for (radius, left) in [(LEFT_BY, false), (LEFT_BY + 1e-9, true)] {
        let mut space = space();
        space.keep_out[0] = ball(radius);
        assert_eq!(space.is_left(&tip(0.0, 0.0, 0.5, 0.0)), left, "{radius} m");
    }
}

#[test]
fn sr_016_just_the_tilt_that_is_granted_is_granted() {
    let straight_down = UnitQuaternion::new_unchecked(Quaternion::new(0.0, 1.0, 0.0, 0.0));
    let tip = Pose::new(Isometry3::from_parts(Translation3::new(0.0, 0.0, 0.5), straight_down));
    let at_most = |most| Space { max_tilt: Radian::literal(most), ..space() }.is_left(&tip);
    assert!(!at_most(-TILTED_BY) && at_most(-TILTED_BY - 1e-9));
}

#[test]
fn sr_016_without_an_upright_direction_the_tilt_counts_from_straight_down() {
    let nowhere = Space { upright: [0.0; 3], ..space() };
    assert!(!nowhere.is_left(&tip(0.0, 0.0, 0.5, 1.0)) && nowhere.is_left(&tip(0.0, 0.0, 0.5, 1.1)));
}
