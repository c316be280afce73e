//! Values of every message, for the tests.

use farprobe_geom::{Base, Frame, Joints, Metre, Newton, NewtonMetre, Pose, Time, Twist, Wrench};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use proptest::prelude::*;

use crate::*;

// Numbers that `f32` holds exactly, so that a value comes back equal.
fn f32s() -> impl Strategy<Value = f32> {
    any::<f32>().prop_filter("finite", |value| value.is_finite())
}

fn f64s() -> impl Strategy<Value = f64> {
    f32s().prop_map(f64::from)
}

fn times() -> impl Strategy<Value = Time> {
    any::<u64>().prop_map(Time::from_nanos)
}

fn newtons() -> impl Strategy<Value = Newton> {
    (0.0..1e6f64).prop_map(Newton::literal)
}

fn metres() -> impl Strategy<Value = Metre> {
    (0.0..10.0f64).prop_map(Metre::literal)
}

fn vectors() -> impl Strategy<Value = Vector3<f64>> {
    prop::array::uniform3(f64s()).prop_map(Vector3::from)
}

fn poses<F: Frame>() -> impl Strategy<Value = Pose<F>> {
    (prop::array::uniform3(-1e3..1e3f64), prop::array::uniform3(-3.0..3.0f64)).prop_map(|(position, axis)| {
        Pose::new(Isometry3::from_parts(Translation3::from(position), UnitQuaternion::new(Vector3::from(axis))))
    })
}

fn epochs() -> impl Strategy<Value = Option<Epoch>> {
    any::<Option<u64>>().prop_map(|epoch| epoch.map(Epoch))
}

fn healths() -> impl Strategy<Value = PictureHealth> {
    use PictureHealth::{Absent, Concealed, Frozen, FrozenByOperator, Good};
    prop::sample::select(vec![Good, Concealed, Frozen, FrozenByOperator, Absent])
}

fn commands() -> impl Strategy<Value = Command> {
    let stamps = (any::<u64>(), any::<u64>(), times(), times(), any::<u32>());
    let motion = (poses(), vectors(), vectors(), newtons());
    let clutch = prop::sample::select(vec![Clutch::Open, Clutch::Pressed, Clutch::HandleLost]);
    let seen = (clutch, any::<u16>(), healths(), prop::option::of((times(), any::<u32>())));
    (stamps, motion, seen).prop_map(|(stamps, (target, linear, angular, desired_force), seen)| Command {
        epoch: Epoch(stamps.0),
        sequence: stamps.1,
        sampled_at: stamps.2,
        sent_at: stamps.3,
        clutch: seen.0,
        clutch_in: stamps.4,
        target,
        twist: Twist::new(linear, angular),
        desired_force,
        picture: PictureReport { age_ms: seen.1, health: seen.2 },
        echo: seen.3.map(|(cart_sent_at, held_us)| StateEcho { cart_sent_at, held_us }),
    })
}

fn limits() -> impl Strategy<Value = Limits> {
    (newtons(), newtons(), 0.0..10.0f64).prop_map(|(soft_force, hard_force, torque)| Limits {
        soft_force,
        hard_force,
        torque: NewtonMetre::literal(torque),
    })
}

fn ladders() -> impl Strategy<Value = Ladder> {
    use Ladder::{EStop, Engaged, Fault, Hold, Idle, Parked, Ready, Release, Retract, Soften};
    prop::sample::select(vec![Idle, Ready, Engaged, Hold, Soften, Release, Retract, Parked, Fault, EStop])
}

fn causes() -> impl Strategy<Value = Cause> {
    // The discriminants of `Cause` have no gap: every one that decodes is taken.
    let plain = (0..64u8).prop_filter_map("a known cause", |number| postcard::from_bytes(&[number]).ok());
    prop_oneof![4 => plain, 1 => objections().prop_map(Cause::Refused)]
}

fn objections() -> impl Strategy<Value = Objection> {
    (0..64u8, any::<u8>()).prop_filter_map("a known objection", |(number, joint)| {
        let (objection, _) = postcard::take_from_bytes(&[number, joint]).ok()?;
        Some(objection)
    })
}

pub(super) fn states() -> impl Strategy<Value = State> {
    let stamps = (any::<u64>(), times(), times(), epochs());
    let echo = prop::option::of((any::<u64>(), times(), times()));
    let applied = prop::option::of((any::<u64>(), times(), times()));
    let arm = (prop::collection::vec(f64s(), 0..=7), poses(), vectors(), vectors(), newtons(), limits());
    let flags = (any::<bool>(), any::<bool>(), 0..6u8);
    (stamps, (echo, applied), (ladders(), causes(), causes()), arm, flags).prop_map(
        |(stamps, (echo, applied), why, arm, flags)| State {
            sequence: stamps.0,
            sampled_at: stamps.1,
            sent_at: stamps.2,
            echo: echo.map(|(sequence, console_sent_at, received_at)| Echo { sequence, console_sent_at, received_at }),
            applied: applied.map(|(sequence, sampled_at, applied_at)| Applied { sequence, sampled_at, applied_at }),
            ladder: why.0,
            cause: why.1,
            origin: why.2,
            arming: if flags.0 { Arming::Armed } else { Arming::Disarmed },
            epoch: stamps.3,
            link: postcard::from_bytes(&[flags.2]).unwrap(),
            contact: if flags.1 { Contact::Touching } else { Contact::Free },
            joints: Joints::from_slice(&arm.0).unwrap(),
            tip: arm.1,
            wrench: Wrench::new(arm.2, arm.3),
            force_target: arm.4,
            limits: arm.5,
        },
    )
}

fn settings() -> impl Strategy<Value = ScannerSettings> {
    (metres(), f32s(), prop::array::uniform8(f32s()), metres(), f32s(), any::<bool>()).prop_map(|s| ScannerSettings {
        depth: s.0,
        gain_db: s.1,
        tgc_db: s.2,
        focus: s.3,
        dynamic_range_db: s.4,
        frozen: s.5,
    })
}

fn scanners() -> impl Strategy<Value = ScannerState> {
    let source = prop_oneof![
        Just(SourceKind::Live),
        Just(SourceKind::Simulated),
        any::<String>().prop_map(|name| SourceKind::Recorded { name }),
    ];
    let pixel = prop::option::of((1e-6..1e-2f64).prop_map(Metre::literal));
    (settings(), any::<[u16; 2]>(), pixel, f32s(), f32s(), source).prop_map(|s| ScannerState {
        settings: s.0,
        geometry: ImageGeometry { width: s.1[0], height: s.1[1], pixel: s.2, axis_column: s.3, face_row: s.4 },
        source: s.5,
    })
}

fn signals() -> impl Strategy<Value = Signal> {
    prop_oneof![
        any::<String>().prop_map(Signal::Offer),
        any::<String>().prop_map(Signal::Answer),
        any::<String>().prop_map(Signal::Candidate),
        Just(Signal::KeyPicture),
    ]
}

fn stops() -> impl Strategy<Value = StopNotice> {
    any::<u32>().prop_map(|number| StopNotice { number })
}

fn roles() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![Role::Operator, Role::Observer])
}

pub(super) fn console_messages() -> impl Strategy<Value = ConsoleMessage> {
    let hello = (any::<u16>(), roles(), any::<String>());
    prop_oneof![
        hello.prop_map(|(version, role, software)| ConsoleMessage::Hello(Hello { version, role, software })),
        Just(ConsoleMessage::RequestLease),
        Just(ConsoleMessage::ReleaseLease),
        (any::<u32>(), settings())
            .prop_map(|(number, settings)| ConsoleMessage::Scanner(ScannerRequest { number, settings })),
        stops().prop_map(ConsoleMessage::Stop),
        signals().prop_map(ConsoleMessage::Signal),
        Just(ConsoleMessage::RequestReport),
        Just(ConsoleMessage::Goodbye),
    ]
}

pub(super) fn welcomes() -> impl Strategy<Value = Welcome> {
    let who = (any::<u16>(), roles(), any::<String>(), any::<String>(), any::<String>());
    let arm = (poses::<Base>(), poses::<Base>(), prop::collection::vec(prop::array::uniform3(f32s()), 0..9), limits());
    let rest = (times(), newtons(), metres(), scanners(), any::<[bool; 2]>(), poses(), standings());
    (who, arm, rest).prop_map(|(who, (flange, couch, patient_outline, limits), rest)| Welcome {
        version: who.0,
        role: who.1,
        software: who.2,
        cart: who.3,
        now: rest.0,
        arm_urdf: who.4,
        probe_on_flange: flange.to_parts(),
        couch,
        patient_outline,
        limits,
        default_force: rest.1,
        workspace_radius: rest.2,
        scanner: rest.3,
        simulated_arm: rest.4[0],
        demo: rest.4[1],
        tip: rest.5,
        standing: rest.6,
    })
}

fn transitions() -> impl Strategy<Value = Transition> {
    (times(), (ladders(), ladders()), (causes(), causes()), epochs())
        .prop_map(|(at, (from, to), (cause, origin), epoch)| Transition { at, from, to, cause, origin, epoch })
}

fn standings() -> impl Strategy<Value = Option<Standing>> {
    let standing = (times(), ladders(), causes(), causes());
    prop::option::of(standing.prop_map(|(at, ladder, cause, origin)| Standing { at, ladder, cause, origin }))
}

pub(super) fn reports() -> impl Strategy<Value = CartReport> {
    let force = (newtons(), prop::option::of(newtons()), newtons(), any::<bool>(), f64s());
    let rt = (any::<u64>(), any::<u64>(), prop::array::uniform3(f64s()), any::<bool>());
    (any::<[u64; 8]>(), prop::array::uniform6(f64s()), force, rt).prop_map(|(n, x, force, rt)| CartReport {
        duration_s: x[0],
        commands_applied: n[0],
        stale_applied: n[1],
        refused: RefusedCommands { old: n[2], late: n[3], epoch: n[4], malformed: n[5], jump: n[6] },
        excess_transit_ms: [x[1], x[2], x[3]],
        pictures_sent: n[7],
        force: ForceReport {
            peak: force.0,
            mean_in_contact: force.1,
            settled_s: force.4,
            regulated: force.2,
            is_true_force: force.3,
        },
        rt_loop: RtLoopReport {
            ticks: rt.0,
            overruns: rt.1,
            step_us_p50: rt.2[0],
            step_us_p999: rt.2[1],
            lateness_us_p99: rt.2[2],
            realtime_scheduling: rt.3,
            ticks_lost: n[0],
        },
        cpu_percent: x[4],
        rss_mb: x[5],
    })
}

pub(super) fn cart_messages() -> impl Strategy<Value = CartMessage> {
    use LeaseRefusal::{Held, Role as WrongRole, Version};
    let refusal = prop_oneof![
        roles().prop_map(|certified| Refusal::Role { certified }),
        Just(Refusal::HelloExpected),
        Just(Refusal::Full),
        Just(Refusal::ShuttingDown),
    ];
    let lease = prop_oneof![
        any::<u64>().prop_map(|epoch| LeaseStatus::Yours(Epoch(epoch))),
        Just(LeaseStatus::Free),
        any::<String>().prop_map(LeaseStatus::HeldBy),
        prop::sample::select(vec![Held, WrongRole, Version]).prop_map(LeaseStatus::Refused),
    ];
    let error = prop::sample::select(vec![ScannerError::OutOfRange, ScannerError::NotOffered, ScannerError::Device]);
    let reply = (any::<Option<u32>>(), prop::result::maybe_ok(Just(()), error), scanners());
    let severity = prop::sample::select(vec![Severity::Info, Severity::Warning, Severity::Alarm]);
    let event = (times(), severity, any::<String>());
    prop_oneof![
        welcomes().prop_map(|welcome| CartMessage::Welcome(Box::new(welcome))),
        refusal.prop_map(CartMessage::Refused),
        lease.prop_map(CartMessage::Lease),
        reply.prop_map(|(number, result, state)| CartMessage::Scanner(Box::new(ScannerReply {
            number,
            result,
            state
        }))),
        event.prop_map(|(at, severity, text)| CartMessage::Event(Event { at, severity, text })),
        transitions().prop_map(CartMessage::Step),
        signals().prop_map(CartMessage::Signal),
        reports().prop_map(|report| CartMessage::Report(Box::new(report))),
    ]
}

pub(super) fn pictures() -> impl Strategy<Value = PictureStamp> {
    (any::<[u64; 2]>(), times(), times(), epochs(), poses(), newtons()).prop_map(|p| PictureStamp {
        number: p.0[0],
        captured_at: p.1,
        encoded_at: p.2,
        epoch: p.3,
        applied_sequence: p.0[1],
        tip: p.4,
        force: p.5,
    })
}

pub(super) fn console_datagrams() -> impl Strategy<Value = ConsoleDatagram> {
    prop_oneof![commands().prop_map(ConsoleDatagram::Command), stops().prop_map(ConsoleDatagram::Stop)]
}

pub(super) fn cart_datagrams() -> impl Strategy<Value = CartDatagram> {
    let notices = (times(), times()).prop_map(|(captured_at, made_at)| PictureNotice { captured_at, made_at });
    prop_oneof![states().prop_map(CartDatagram::State), notices.prop_map(CartDatagram::Picture)]
}
