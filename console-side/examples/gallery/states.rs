//! Made-up exams, told to the model event by event: what the gallery shows and the tests look at.

use std::time::Duration;

use farprobe_console::model::{
    Caption, Completeness, Event, HandleKind, HandleStatus, Hop, LatencySnapshot, Model, Opening, Percentiles,
    ShownPicture,
};
use farprobe_control::{ArmModel, inverse};
use farprobe_geom::{Base, Joints, Metre, Newton, NewtonMetre, Pose, Time, Wrench};
use farprobe_proto::{
    Applied, Arming, CartDatagram, Cause, Clutch, Contact, Epoch, Event as Notice, ImageGeometry, Ladder, LeaseStatus,
    Limits, LinkReadiness, Objection, PictureStamp, Role, ScannerSettings, ScannerState, Severity, SourceKind, State,
    TGC_BANDS, Welcome,
};
use farprobe_session::console::{Culprit, PictureFault, PictureVerdict};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

use crate::fan;

/// A model at a moment.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) model: Model,
    pub(crate) now: Time,
}

/// The refusal with the longest words.
const REFUSED: Cause = Cause::Refused(Objection::SentNotAsPermitted);

/// Every state worth looking at.
pub(crate) fn all() -> Vec<Scene> {
    let exam = Exam::in_contact();
    vec![
        exam.clone().scene("engaged"),
        Exam::new().scene("no_cart"),
        Exam::connected(LeaseStatus::Free).scene("no_lease"),
        Exam::connected(LeaseStatus::HeldBy(String::from("Dr Lin Wei"))).scene("held_by_other"),
        Exam::welcomed(Role::Observer, LeaseStatus::Free).scene("observer"),
        exam.clone().ladder(Ladder::Hold, Cause::ClutchOpened).scene("hold"),
        exam.clone().frozen().scene("frozen_by_operator"),
        exam.clone()
            .ladder(Ladder::Soften, Cause::PictureFrozen)
            .picture_fault(PictureFault::Frozen)
            .scene("picture_frozen"),
        exam.clone().stale_picture().scene("stale_picture"),
        exam.clone().picture_fault(PictureFault::Late(Culprit::Link)).scene("late_picture"),
        exam.clone().ladder(Ladder::Release, Cause::TimedOut).began_by(Cause::LinkLost).scene("release"),
        exam.clone().ladder(Ladder::Soften, REFUSED).scene("refused"),
        exam.clone().silent(1_400).scene("link_silent"),
        exam.clone().lost().scene("link_lost"),
        exam.clone().ladder(Ladder::EStop, Cause::OperatorStop).scene("estop"),
        exam.clone().ladder(Ladder::Fault, Cause::ForceSensor).scene("fault"),
        exam.clone().force(17.2).scene("above_soft_limit"),
        exam.clone().handle_lost().scene("handle_lost"),
        exam.clone().recorded().scene("recorded"),
        exam.scanner_asked().scene("scanner_asked"),
    ]
}

/// The same with the longest words there are. What to do stands at their end.
pub(crate) fn wordy() -> Vec<Scene> {
    let exam = Exam::in_contact();
    let mut handle = exam.clone().ladder(Ladder::Soften, Cause::HandleLost);
    let remedy = "the gamepad is not heard any more and none else is plugged in: REMEDY: plug one in, or end the program and \
                  choose another handle with --handle";
    handle.tell(Event::Handle(self::handle(Clutch::HandleLost, Some(String::from(remedy)))));
    let mut told = exam.clone();
    let text = "The arm did not follow: it is 4 mm from where it was sent, and its own protection has stopped it. Nobody can \
                drive before the staff have looked at the patient, at the arm and at the emergency stop beside it. REMEDY: \
                ask the staff to reset the cart";
    told.tell(Event::Notice(notice(Severity::Alarm, text)));
    let mut refused = Exam::new();
    refused.tell(Event::Refused {
        reason: String::from("the certificate of the cart was signed by an authority that this console does not know"),
        remedy: String::from("REMEDY: ask whoever keeps the identities of this site"),
    });
    let mut held = Exam::connected(LeaseStatus::HeldBy(String::from("Professor Maria-Magdalena von Hohenstein-Meier")));
    held.say("REMEDY");
    vec![
        handle.scene("wordy_handle"),
        told.scene("wordy_event"),
        refused.scene("wordy_refusal"),
        held.scene("wordy_holder"),
    ]
}

/// A console that is being told of an exam.
#[derive(Clone)]
pub(crate) struct Exam {
    pub(crate) model: Model,
    pub(crate) now: Time,
    arm: ArmModel,
    joints: Joints,
    states: u64,
    pictures: u64,
}

impl Exam {
    /// A console that has just started.
    pub(crate) fn new() -> Self {
        let now = Time::from_millis(1_000);
        let probe = Isometry3::from_parts(Translation3::new(0.0, 0.0, 0.16), UnitQuaternion::identity());
        let arm = ArmModel::from_urdf(URDF, probe).unwrap();
        let joints = Joints::from_slice(&[0.0, -0.6, 0.0, -2.3, 0.0, 1.8, 0.8]).unwrap();
        Self { model: Model::new(now), now, arm, joints, states: 0, pictures: 0 }
    }

    /// An operator's console, connected to a cart, with a picture in air.
    pub(crate) fn connected(lease: LeaseStatus) -> Self {
        Self::welcomed(Role::Operator, lease)
    }

    /// The same with this role.
    fn welcomed(role: Role, lease: LeaseStatus) -> Self {
        let mut exam = Self::new();
        exam.tell(Event::Connecting { address: String::from("cart-3.ward:4433") });
        exam.wait(600);
        exam.tell(Event::Connected(Box::new(Welcome { role, ..welcome() })));
        exam.tell(Event::Lease(lease));
        exam.tell(Event::Handle(handle(Clutch::Open, None)));
        exam.tell(Event::Latency(Box::new(latency())));
        for step in 0..40 {
            exam.wait(20);
            exam.state(target(0.0, 0.03), Ladder::Idle, Cause::Armed, 0.1 + 0.02 * f64::from(step % 3));
        }
        exam.picture();
        exam
    }

    /// Eleven seconds of scanning at 8 N.
    pub(crate) fn in_contact() -> Self {
        let mut exam = Self::connected(LeaseStatus::Yours(Epoch(4)));
        exam.tell(Event::DesiredForce(Newton::literal(8.0)));
        exam.tell(Event::Notice(notice(Severity::Info, "The staff allow motion.")));
        exam.tell(Event::Handle(handle(Clutch::Pressed, None)));
        for step in 0..560_u16 {
            exam.wait(20);
            let seconds = f64::from(step) * 0.02;
            let approach = (0.03 - 0.01 * seconds).max(0.0);
            let contact = (seconds - 3.0).clamp(0.0, 1.0);
            let breath = 0.25 * (seconds * 1.6).sin() + 0.1 * (seconds * 41.0).sin();
            let force = 0.15 + contact * (7.9 + breath);
            exam.state(target(seconds - 4.0, approach), Ladder::Engaged, Cause::ClutchPressed, force);
            if step % 8 == 0 {
                exam.stamp(step % 560 == 552);
            }
        }
        let caption = Caption { text: String::from("Slide along the costal margin"), progress: 0.42 };
        exam.tell(Event::Caption(Some(caption)));
        exam
    }

    pub(crate) fn scene(self, name: &'static str) -> Scene {
        Scene { name, model: self.model, now: self.now + Duration::from_millis(12) }
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.model.apply(self.now, event);
    }

    /// The cart has something to say.
    pub(crate) fn say(&mut self, text: &str) {
        self.tell(Event::Notice(notice(Severity::Info, text)));
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
    }

    /// One state with the tip at `target` and this force on it.
    pub(crate) fn state(&mut self, target: Pose<Base>, ladder: Ladder, cause: Cause, force: f64) {
        if let Some(joints) = inverse(&self.arm, &target, &self.joints) {
            self.joints = joints;
        }
        self.states += 1;
        let state = State {
            sequence: self.states,
            sampled_at: self.now,
            sent_at: self.now,
            echo: None,
            applied: Some(Applied { sequence: self.states, sampled_at: self.now, applied_at: self.now }),
            ladder,
            cause,
            origin: cause,
            arming: Arming::Armed,
            link: LinkReadiness::Green,
            epoch: Some(Epoch(4)),
            contact: if force > 0.5 { Contact::Touching } else { Contact::Free },
            joints: self.joints,
            tip: self.arm.forward(&self.joints),
            wrench: Wrench::new(Vector3::new(0.0, 0.0, -force), Vector3::zeros()),
            force_target: self.model.desired_force,
            limits: limits(),
        };
        self.tell(Event::Cart(CartDatagram::State(state)));
    }

    fn last(&self) -> State {
        self.model.robot.state.unwrap().1
    }

    /// A new picture, drawn anew only if it is `seen`.
    fn stamp(&mut self, seen: bool) {
        let pixels = match &self.model.picture.newest {
            Some(last) if !seen => last.pixels.clone(),
            _ => fan::picture(0.03),
        };
        self.pictures += 1;
        let captured_at = Time::from_nanos(self.now.as_nanos() - 34_000_000);
        let stamp = PictureStamp {
            number: self.pictures,
            captured_at,
            encoded_at: captured_at,
            epoch: Some(Epoch(4)),
            applied_sequence: self.states,
            tip: Pose::identity(),
            force: Newton::literal(8.0),
        };
        let (decoded_at, completeness) = (self.now, Completeness::Complete);
        self.tell(Event::Picture(ShownPicture {
            pixels,
            stamp,
            captured_at: Some(captured_at),
            decoded_at,
            completeness,
        }));
    }

    pub(crate) fn picture(&mut self) {
        self.stamp(true);
    }

    pub(crate) fn ladder(mut self, ladder: Ladder, cause: Cause) -> Self {
        let last = self.last();
        self.wait(4);
        if ladder != Ladder::Engaged {
            self.tell(Event::Handle(handle(Clutch::Open, None)));
        }
        self.state(last.tip, ladder, cause, last.wrench.force.norm());
        self
    }

    /// What lies behind a state that only time has brought.
    fn began_by(mut self, origin: Cause) -> Self {
        let last = self.last();
        self.wait(4);
        let state = State { sequence: last.sequence + 1, origin, ..last };
        self.states = state.sequence;
        self.tell(Event::Cart(CartDatagram::State(state)));
        self
    }

    pub(crate) fn force(mut self, force: f64) -> Self {
        let tip = self.last().tip;
        for step in 1..=10_u8 {
            self.wait(40);
            let ramp = 8.0 + (force - 8.0) * f64::from(step) / 10.0;
            self.state(tip, Ladder::Engaged, Cause::ClutchPressed, ramp);
        }
        self.stamp(false);
        self
    }

    pub(crate) fn frozen(mut self) -> Self {
        let mut state = scanner(SourceKind::Simulated);
        state.settings.frozen = true;
        let reply = farprobe_proto::ScannerReply { number: Some(1), result: Ok(()), state };
        self.tell(Event::Scanner(Box::new(reply)));
        self.ladder(Ladder::Hold, Cause::FrozenByOperator)
    }

    pub(crate) fn recorded(mut self) -> Self {
        let state = scanner(SourceKind::Recorded { name: String::from("liver-convex-2019") });
        let reply = farprobe_proto::ScannerReply { number: None, result: Ok(()), state };
        self.tell(Event::Scanner(Box::new(reply)));
        self
    }

    pub(crate) fn scanner_asked(mut self) -> Self {
        let settings =
            ScannerSettings { depth: Metre::literal(0.12), gain_db: 6.0, ..scanner(SourceKind::Simulated).settings };
        self.tell(Event::ScannerWanted(settings));
        self
    }

    pub(crate) fn picture_fault(mut self, fault: PictureFault) -> Self {
        self.tell(Event::PictureJudged(PictureVerdict::Lost(fault)));
        self
    }

    /// States go on, pictures do not.
    pub(crate) fn stale_picture(mut self) -> Self {
        self.tell(Event::Handle(handle(Clutch::Open, None)));
        let tip = self.last().tip;
        for _ in 0..30 {
            self.wait(40);
            self.state(tip, Ladder::Soften, Cause::PictureStale, 6.0);
        }
        self.picture_fault(PictureFault::Late(Culprit::Console))
    }

    /// The cart is not heard: the console lets go. What it last knew of the scanner was no good either.
    pub(crate) fn silent(mut self, millis: u64) -> Self {
        self.tell(Event::PictureJudged(PictureVerdict::Flagged(PictureFault::Late(Culprit::Cart))));
        self.tell(Event::Handle(handle(Clutch::Open, None)));
        self.wait(millis);
        self
    }

    pub(crate) fn lost(mut self) -> Self {
        self.tell(Event::Handle(handle(Clutch::Open, None)));
        self.tell(Event::Lost { reason: String::from("no packet came for 3 s") });
        self.wait(2_600);
        self.tell(Event::Reconnecting { attempt: 2 });
        self
    }

    pub(crate) fn handle_lost(self) -> Self {
        let mut exam = self.ladder(Ladder::Soften, Cause::HandleLost);
        let remedy = String::from("plug the gamepad in again");
        exam.tell(Event::Handle(handle(Clutch::HandleLost, Some(remedy))));
        exam
    }
}

const URDF: &str = include_str!("../../../assets/arms/fr3.urdf");

/// The couch beside the arm's base, the patient's head to the left.
fn couch() -> Isometry3<f64> {
    let turn = UnitQuaternion::from_euler_angles(0.0, 0.0, std::f64::consts::FRAC_PI_2);
    Isometry3::from_parts(Translation3::new(0.52, -0.05, -0.06), turn)
}

/// Where the tip is: along the costal margin with `seconds`, `above` the skin by so many metres.
fn target(seconds: f64, above: f64) -> Pose<Base> {
    let along = seconds.max(0.0);
    let (x, y) = (0.05 + 0.016 * along, 0.05 * (along * 0.9).sin());
    let z = 0.11 + 0.11 * (1.0 - (y / 0.16).powi(2)).max(0.0).sqrt() + above;
    let tilt = UnitQuaternion::from_euler_angles(std::f64::consts::PI + 0.15 * (along * 0.9).sin(), 0.1, 0.0);
    Pose::new(couch() * Isometry3::from_parts(Translation3::new(x, y, z), tilt))
}

pub(crate) fn welcome() -> Welcome {
    Welcome {
        version: 1,
        role: Role::Operator,
        software: String::from("farprobe-cart 0.1.0"),
        cart: String::from("Cart 3, Ward B"),
        now: Time::ZERO,
        arm_urdf: String::from(URDF),
        probe_on_flange: ([0.0, 0.0, 0.16], [1.0, 0.0, 0.0, 0.0]),
        couch: Pose::new(couch()),
        patient_outline: outline(),
        limits: limits(),
        default_force: Newton::literal(5.0),
        workspace_radius: Metre::literal(0.5),
        scanner: scanner(SourceKind::Simulated),
        simulated_arm: true,
        demo: true,
        tip: Pose::identity(),
        standing: None,
    }
}

/// Rings across a torso and around a head.
fn outline() -> Vec<[f32; 3]> {
    let turn = |step: u8| (f32::from(step) / 32.0 * std::f32::consts::TAU).sin_cos();
    let torso = (0..11_u8).flat_map(move |ring| {
        let x = -0.30 + 0.75 * f32::from(ring) / 10.0;
        (0..32).map(move |step| [x, 0.16 * turn(step).1, 0.11 + 0.11 * turn(step).0])
    });
    let head = (0..32).map(move |step| [0.60, 0.09 * turn(step).1, 0.10 + 0.09 * turn(step).0]);
    let face = (0..32).map(move |step| [0.60 + 0.09 * turn(step).0, 0.0, 0.10 + 0.09 * turn(step).1]);
    torso.chain(head).chain(face).collect()
}

pub(crate) fn limits() -> Limits {
    Limits { soft_force: Newton::literal(15.0), hard_force: Newton::literal(20.0), torque: NewtonMetre::literal(1.0) }
}

pub(crate) fn scanner(source: SourceKind) -> ScannerState {
    let depth = 0.15;
    let pixel = depth / (f64::from(fan::HEIGHT) - f64::from(fan::FACE_ROW) - 8.0);
    let settings = ScannerSettings {
        depth: Metre::literal(0.15),
        gain_db: 0.0,
        tgc_db: [-4.0, -2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 4.0],
        focus: Metre::literal(0.07),
        dynamic_range_db: 60.0,
        frozen: false,
    };
    assert_eq!(settings.tgc_db.len(), TGC_BANDS);
    let geometry = ImageGeometry {
        width: fan::WIDTH,
        height: fan::HEIGHT,
        pixel: Metre::new(pixel).ok(),
        axis_column: f32::from(fan::WIDTH) * 0.5,
        face_row: fan::FACE_ROW,
    };
    ScannerState { settings, geometry, source }
}

fn handle(clutch: Clutch, lost: Option<String>) -> HandleStatus {
    let (name, kind) = (String::from("Xbox gamepad"), HandleKind::Gamepad);
    HandleStatus { name, kind, clutch, opening: Opening::ByHand, lost }
}

fn notice(severity: Severity, text: &str) -> Notice {
    Notice { at: Time::ZERO, severity, text: String::from(text) }
}

pub(crate) fn latency() -> LatencySnapshot {
    let hops = [
        ("sample", 0.9),
        ("uplink", 12.4),
        ("apply", 0.6),
        ("arm", 8.2),
        ("capture", 16.6),
        ("encode", 5.4),
        ("downlink", 17.3),
        ("decode", 2.6),
        ("present", 9.8),
    ];
    let percentiles = |p50, p95, p99| Some(Percentiles { p50, p95, p99 });
    LatencySnapshot {
        hand_to_eye_ms: percentiles(73.8, 92.1, 101.0),
        command_age_ms: percentiles(13.9, 16.2, 19.4),
        picture_latency_ms: percentiles(25.3, 31.0, 36.2),
        round_trip_ms: Some(25.1),
        command_loss_percent: Some(0.1),
        picture_loss_percent: Some(0.0),
        oldest_picture_ms: Some(204.0),
        clock_error_bound_ms: Some(0.4),
        hops: hops.map(|(name, ms)| Hop { name: String::from(name), ms }).to_vec(),
    }
}
