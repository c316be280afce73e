use super::*;
use farprobe_sim::body::{Body, BodyCard};
use farprobe_sim::scene;
use nalgebra::Vector3;

fn joints(values: [f64; 7]) -> Joints {
    Joints::from_slice(&values).unwrap()
}

fn are_near(joints: &Joints, expected: [f64; 7]) {
    let near = joints.as_slice().iter().zip(expected).all(|(value, expected)| (value - expected).abs() < 1e-12);
    assert!(near, "{joints:?}, expected {expected:?}");
}

/// A servo over the patient, and the joints there.
fn servo() -> (Servo, Joints) {
    let model = scene::arm().unwrap();
    let start = scene::start_joints(&model, &Body::new(BodyCard::default())).unwrap();
    (Servo::new(&ServoConfig::shipped(model, start, &scene::patient_to_base())), start)
}

fn reading(positions: Joints, health: ArmHealth) -> ArmReading {
    let velocities = Joints::zero(positions.axes());
    let (wrench, external_torques) = (Wrench::zero(), None);
    ArmReading { sampled_at: Time::ZERO, positions, velocities, wrench, external_torques, health }
}

#[test]
fn no_joint_is_asked_to_be_faster_than_the_share_of_its_speed_that_is_used() {
    let (servo, start) = servo();
    let kinematics = servo.model.kinematics(&start);
    let slow = Twist::new(Vector3::new(0.01, 0.02, -0.01), Vector3::new(0.0, 0.05, 0.0));
    let made = kinematics.twist(&servo.wanted(&kinematics, &slow));
    assert!((made.linear - slow.linear).norm() < 1e-6 && (made.angular - slow.angular).norm() < 1e-6, "{made:?}");
    let fast = Twist::new(slow.linear * 100.0, slow.angular * 100.0);
    // 0.76 of the 0.8 rad/s.
    assert!((fastest(&servo.wanted(&kinematics, &fast)) - 0.76).abs() < 1e-9);
}

#[test]
fn the_speed_between_two_places_is_that_of_the_way_and_none_in_no_time() {
    let (from, to) = (joints([0.1, 0.0, 0.0, 0.0, 0.0, 0.0, -0.2]), joints([0.1, 0.0, 0.0, 0.0, 0.0, 0.001, -0.202]));
    are_near(&speeds_between(&from, &to, 2e-3), [0.0, 0.0, 0.0, 0.0, 0.0, 0.5, -1.0]);
    are_near(&speeds_between(&from, &to, 0.0), [0.0; 7]);
}

#[test]
fn a_turn_counts_as_the_travel_it_makes_at_the_wrist() {
    let (linear, angular) = (Vector3::new(0.3, 0.0, 0.4), Vector3::new(0.0, 2.0, 0.0));
    assert!((weighed(&Twist::new(linear, Vector3::zeros())) - 0.5).abs() < 1e-12);
    assert!((weighed(&Twist::new(Vector3::zeros(), angular)) - 0.6).abs() < 1e-12);
    assert!((weighed(&Twist::new(linear, angular)) - 0.61_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn too_fast_joints_slow_down_alike_and_others_stay_as_they_are() {
    let wanted = [0.1, -1.6, 0.0, 0.4, 0.0, 0.0, 0.8];
    assert_eq!(fastest(&joints(wanted)), 1.6);
    assert_eq!(fastest(&Joints::zero(7)), 0.0);
    are_near(&within_speed(&joints(wanted), 0.8), [0.05, -0.8, 0.0, 0.2, 0.0, 0.0, 0.4]);
    are_near(&within_speed(&joints(wanted), 1.7), wanted);
    are_near(&within_speed(&Joints::zero(7), 0.8), [0.0; 7]);
}

#[test]
fn a_change_that_is_too_much_for_one_joint_is_shared_by_all() {
    let before = [0.5, -0.2, 0.0, 0.0, 0.0, 0.0, 0.1];
    let wanted = [0.1, -0.1, 0.0, 0.0, 0.0, 0.2, 0.1];
    // The first changes by 0.4, of which 0.1 is possible.
    are_near(&within_acceleration(&joints(before), &joints(wanted), 0.1), [0.4, -0.175, 0.0, 0.0, 0.0, 0.05, 0.1]);
    are_near(&within_acceleration(&joints(before), &joints(wanted), 0.5), wanted);
    are_near(&within_acceleration(&joints(before), &joints(before), 0.0), before);
}

#[test]
fn a_joint_stops_in_its_range_if_it_is_slow_enough_for_what_is_left() {
    let (servo, start) = servo();
    let tick = 1e-3;
    for (joint, limit) in servo.model.limits().iter().enumerate() {
        for (edge, towards) in [(limit.upper.get(), 1.0), (limit.lower.get(), -1.0)] {
            // From 0.5 rad/s a joint comes to rest within 13 mrad, and goes on for the tick before that.
            let braking = 0.5 * 0.5 / (2.0 * JOINT_ACCELERATION * USED_SHARE);
            let needed = 0.5 * tick + braking;
            let at = |left: f64, speed: f64| {
                let (mut from, mut speeds) = (start, Joints::zero(7));
                from.as_mut_slice()[joint] = edge - towards * left;
                speeds.as_mut_slice()[joint] = towards * speed;
                servo.stops_in_range(&from, &speeds, tick)
            };
            assert!(at(1.01 * needed, 0.5) && !at(0.99 * needed, 0.5), "joint {joint} towards {edge}");
            assert!(at(0.0, -0.5), "back into its range it may always go");
            assert!(!at(-0.01, 0.1) && at(-0.01, 0.0), "out of its range it may stand");
        }
    }
}

#[test]
fn a_setpoint_begins_where_the_one_before_has_led() {
    let (mut servo, start) = servo();
    let velocities = joints([0.1, 0.0, 0.0, 0.0, 0.0, 0.0, -0.2]);
    servo.sent = Some(JointSetpoint { positions: start, velocities });
    let elsewhere = start.zip_with(&start, |angle, _| angle + 0.05);
    // For a tick of up to 3 ms it is the step itself that moves on; the arm goes on by itself for 20 ms.
    for (gap_ms, went_on_ms) in [(1, 0.0), (3, 0.0), (4, 1.0), (20, 17.0)] {
        let gap = Duration::from_millis(gap_ms);
        let (from, speeds) = servo.start_from(&reading(elsewhere, ArmHealth::Ready), gap).unwrap();
        assert_eq!(speeds, velocities);
        let mut expected = *start.as_array();
        expected[0] += 0.1 * went_on_ms * 1e-3;
        expected[6] -= 0.2 * went_on_ms * 1e-3;
        are_near(&from, expected);
    }
    // Then it has stopped by itself, even if it has not said so yet: the gate takes nothing but a start from where it stands.
    for gap_ms in [21, 500] {
        let at_rest = servo.start_from(&reading(elsewhere, ArmHealth::Ready), Duration::from_millis(gap_ms));
        assert_eq!(at_rest, Some((elsewhere, Joints::zero(7))), "{gap_ms} ms");
    }
}

#[test]
fn an_arm_that_stopped_by_itself_goes_on_from_where_it_stands_if_anybody_knows_where() {
    let (mut servo, start) = servo();
    let gap = Duration::from_millis(1);
    let nonsense = reading(joints([f64::NAN; 7]), ArmHealth::Ready);
    assert_eq!(servo.start_from(&nonsense, gap), None);
    assert_eq!(servo.start_from(&reading(start, ArmHealth::Ready), gap), Some((start, Joints::zero(7))));
    let sent = start.zip_with(&start, |angle, _| angle + 0.05);
    servo.sent = Some(JointSetpoint { positions: sent, velocities: Joints::zero(7) });
    for health in [ArmHealth::Starved, ArmHealth::Stopped, ArmHealth::Silent] {
        assert_eq!(servo.start_from(&reading(start, health), gap), Some((start, Joints::zero(7))));
        let nonsense = ArmReading { health, ..nonsense };
        assert_eq!(servo.start_from(&nonsense, gap), Some((sent, Joints::zero(7))), "the best that is known");
    }
}

#[test]
fn joints_that_can_change_as_fast_as_is_wanted_do_and_others_come_as_near_as_they_can() {
    let (servo, start) = servo();
    let kinematics = servo.model.kinematics(&start);
    let dt = 1e-3;
    let most = JOINT_ACCELERATION * USED_SHARE * dt;
    let resting = Joints::zero(7);
    // An arm that has to catch up is left some of it where a joint becomes faster.
    let gains = most * SPEEDING;
    let little = joints([0.9 * gains, 0.0, 0.0, -0.5 * gains, 0.0, 0.0, 0.0]);
    let permitted = kinematics.twist(&little);
    assert_eq!(servo.reach(&kinematics, &resting, &little, &permitted, dt), little);
    // A motion that goes on in its direction: as much of the change as the joints can make.
    let wanted = joints([0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let begun = servo.reach(&kinematics, &resting, &wanted, &kinematics.twist(&wanted), dt);
    are_near(&begun, [gains, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    // Two joints that make the same motion of the tip's, one of which would have to turn around: all slow down alike instead.
    let moving = joints([0.3, 0.0, -0.2, 0.0, 0.1, 0.0, 0.0]);
    let around = joints([-0.5, 0.0, 0.7, 0.0, 0.4, 0.0, 0.0]);
    for (permitted, share) in [(0.5, 1.0 - most / 0.3), (0.99, 0.99), (1.0, 1.0)] {
        let permitted = kinematics.twist(&moving.zip_with(&moving, |speed, _| permitted * speed));
        let slowed = servo.reach(&kinematics, &moving, &around, &permitted, dt);
        are_near(&slowed, *moving.zip_with(&moving, |speed, _| share * speed).as_array());
    }
}

#[test]
fn a_joint_that_could_not_stop_in_its_range_brakes_whatever_is_permitted() {
    let (servo, start) = servo();
    let dt = 1e-3;
    let most = JOINT_ACCELERATION * USED_SHARE * dt;
    let mut near = start;
    near.as_mut_slice()[0] = servo.model.limits()[0].upper.get() - 0.01;
    let kinematics = servo.model.kinematics(&near);
    let moving = joints([0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let faster = joints([0.6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let braked = servo.reach(&kinematics, &moving, &faster, &kinematics.twist(&faster), dt);
    are_near(&braked, [0.5 - most, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

/// Steps of a millisecond each with the arm at its start and the sensor saying this along the probe, N. Gives what was told of the
/// contact.
fn feel(servo: &mut Servo, from_ms: u64, forces: impl IntoIterator<Item = f64>) -> Vec<proto::Contact> {
    let start = *servo.told.joints.as_array();
    let ticks = (from_ms..).zip(forces);
    ticks
        .map(|(ms, force)| {
            let now = Time::from_millis(ms);
            let wrench = Wrench::new(Vector3::z() * force, Vector3::zeros());
            let reading = ArmReading { sampled_at: now, wrench, ..reading(joints(start), ArmHealth::Ready) };
            servo.step(now, &reading).state.contact
        })
        .collect()
}

#[test]
fn a_sensor_that_is_restless_at_first_is_no_patient() {
    let (mut servo, _) = servo();
    let told = feel(&mut servo, 1, [0.0, 1.0, -0.15, -0.5, -0.7, 0.1, 0.0].into_iter().chain([0.0; 500]));
    assert!(told.iter().all(|contact| *contact == proto::Contact::Free));
    assert!(servo.zeroing > Duration::ZERO);
}

#[test]
fn a_patient_who_presses_the_probe_is_felt_though_nobody_drives() {
    let (mut servo, _) = servo();
    feel(&mut servo, 1, [0.4; 1_100]);
    assert_eq!(servo.zeroing, Duration::ZERO);
    let told = feel(&mut servo, 1_101, [-2.6; 5]);
    assert_eq!(told[4], proto::Contact::Touching);
}

#[test]
fn a_patient_who_breathes_towards_the_probe_ends_the_learning_of_its_zero() {
    let (mut servo, _) = servo();
    feel(&mut servo, 1, [0.4; 200]);
    let told = feel(&mut servo, 201, [-0.6; 60]);
    assert_eq!((told[59], servo.zeroing), (proto::Contact::Touching, Duration::ZERO));
}

/// Contact with this stiffness, N/m.
fn touching(stiffness: f64) -> contact::Contact {
    let stiffness = farprobe_geom::NewtonPerMetre::new(stiffness).unwrap();
    contact::Contact::Touching { stiffness, surface_speed: farprobe_geom::MetrePerSecond::ZERO }
}

#[test]
fn the_sensors_zero_is_learnt_of_a_free_probe_that_nobody_drives_and_of_no_more_force_than_an_error_has() {
    let (free, touching) = (contact::Contact::Free, touching(5_000.0));
    let known = Duration::ZERO;
    for (ladder, contact, zeroing, force, learnt) in [
        (Ladder::Ready, free, known, 0.5, true),
        (Ladder::Idle, free, known, 0.5, true),
        (Ladder::Parked, free, known, 0.5, true),
        (Ladder::Engaged, free, known, 0.5, false),
        (Ladder::Engaged, free, ZEROING, 0.5, false),
        (Ladder::Hold, touching, known, 0.5, false),
        (Ladder::Ready, touching, known, 0.5, false),
        // What is felt before the zero is known may be the sensor's error.
        (Ladder::Ready, touching, ZEROING, 0.5, true),
        (Ladder::Ready, free, known, 1.3, false),
        (Ladder::Ready, free, known, SURELY_FREE, false),
    ] {
        let (mut servo, start) = servo();
        (servo.ladder, servo.contact, servo.zeroing) = (ladder, contact, zeroing);
        let wrench = Wrench::new(Vector3::x() * force, Vector3::zeros());
        let reading = ArmReading { wrench, ..reading(start, ArmHealth::Ready) };
        let posture = servo.look(&reading, Duration::from_millis(1));
        let left = posture.wrench.force.x;
        assert_eq!(left, if learnt { 0.0 } else { force }, "{ladder:?} {contact:?} {zeroing:?} {force} N");
    }
}

#[test]
fn what_is_touched_is_as_stiff_as_it_is_felt_and_before_that_as_it_may_be() {
    let (mut servo, _) = servo();
    let before = servo.tissue_before_touch;
    assert_eq!(servo.tissue(), before);
    servo.contact = touching(3_000.0);
    assert_eq!(servo.tissue(), Tissue { stiffness: farprobe_geom::NewtonPerMetre::literal(3_000.0), ..before });
}

#[test]
fn a_step_of_the_ladder_leaves_the_setpoint_where_it_is_though_the_arm_is_bent_aside() {
    let (mut servo, start) = servo();
    let bent = start.zip_with(&start, |angle, _| angle + 0.001);
    let step = |servo: &mut Servo, ms: u64, positions: Joints| {
        let now = Time::from_millis(ms);
        servo.step(now, &ArmReading { sampled_at: now, ..reading(positions, ArmHealth::Ready) })
    };
    for ms in 1..=10 {
        step(&mut servo, ms, start);
    }
    for inbound in [
        Inbound::Lease(Some(proto::Epoch(1))),
        Inbound::Bedside(proto::Bedside::Consent),
        Inbound::Bedside(proto::Bedside::Arm),
    ] {
        servo.receive(inbound);
    }
    let outcome = step(&mut servo, 11, bent);
    assert_eq!(outcome.transition.map(|step| step.to), Some(Ladder::Ready), "{:?}", outcome.state.cause);
    for ms in 12..20 {
        let target = step(&mut servo, ms, bent).target.unwrap();
        are_near(&target.positions, *start.as_array());
    }
}

#[test]
fn only_a_pressed_clutch_of_the_press_that_was_anchored_moves_the_reference() {
    use farprobe_safety::{Cause, Press, State as LadderState};
    let command = |clutch, clutch_in, force: f64| {
        let command = proto::Command {
            epoch: proto::Epoch(1),
            sequence: 1,
            sampled_at: Time::ZERO,
            sent_at: Time::ZERO,
            clutch,
            clutch_in,
            target: Pose::identity(),
            twist: Twist::zero(),
            desired_force: Newton::new(force).unwrap(),
            picture: proto::PictureReport { age_ms: 20, health: proto::PictureHealth::Good },
            echo: None,
        };
        Received { arrived: Time::ZERO, command }
    };
    let (mut servo, start) = servo();
    let tip = servo.model.forward(&start);
    let mut steer = |anchor, goal, received: Received| {
        let state = LadderState::Engaged;
        let directive = Directive { state, cause: Cause::ClutchPressed, goal, anchor, press: Press::None };
        servo.steer(&directive, Some(&received), &tip);
        (servo.anchored, servo.desired_force.get())
    };
    let (follow, pressed, open) = (Goal::Follow { speed_scale: 1.0 }, proto::Clutch::Pressed, proto::Clutch::Open);
    assert_eq!(steer(Anchor::Keep, follow, command(pressed, 1, 5.0)), (None, 0.0), "there is no anchor");
    assert_eq!(steer(Anchor::Take, follow, command(pressed, 1, 5.0)), (Some(1), 5.0));
    assert_eq!(steer(Anchor::Keep, follow, command(pressed, 1, 6.0)), (Some(1), 6.0));
    assert_eq!(steer(Anchor::Keep, follow, command(open, 1, 7.0)), (Some(1), 6.0));
    assert_eq!(steer(Anchor::Keep, follow, command(pressed, 2, 7.0)), (Some(1), 6.0));
    assert_eq!(steer(Anchor::Keep, follow, command(pressed, 1, 40.0)), (Some(1), 15.0), "no more than the soft limit");
    assert_eq!(steer(Anchor::Keep, Goal::Rest, command(pressed, 1, 6.0)).0, None);
}

#[test]
fn after_a_reset_an_arm_at_rest_goes_on_from_where_it_stands_and_one_that_moves_brakes() {
    use farprobe_safety::{Cause, Press, State as LadderState};
    for (speed, forgotten) in [(0.0, true), (AT_REST, true), (1.1 * AT_REST, false), (-0.1, false)] {
        let (mut servo, start) = servo();
        let velocities = joints([0.0, speed, 0.0, 0.0, 0.0, 0.0, 0.0]);
        (servo.ladder, servo.sent) = (Ladder::Fault, Some(JointSetpoint { positions: start, velocities }));
        let (goal, anchor, press) = (Goal::Rest, Anchor::Keep, Press::None);
        let reset = Directive { state: LadderState::Idle, cause: Cause::Reset, goal, anchor, press };
        let step = servo.follow_ladder(Time::from_millis(5), &reset);
        assert_eq!(step.map(|step| (step.from, step.to)), Some((Ladder::Fault, Ladder::Idle)));
        assert_eq!(servo.sent.is_none(), forgotten, "{speed} rad/s");
        // Once it is told, the cause stands on without another reset.
        servo.sent = Some(JointSetpoint { positions: start, velocities });
        assert_eq!(servo.follow_ladder(Time::from_millis(6), &reset), None);
        assert!(servo.sent.is_some());
    }
}
