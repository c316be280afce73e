//! What the people around the robot want: the operator through the session, the staff through the bedside switch.

use farprobe_geom::{Anchor, Metre, Pose, Radian, Time};
use farprobe_proto::{self as proto, Bedside, Command, Epoch, PictureHealth, PictureReport};
use farprobe_safety::{Arming, Facts, Lease, LinkQuality, Reset, Session, Shutdown, StopSource, Stride};
use farprobe_session::cart::{AgeLimit, CartEnd, LinkFault, LinkVerdict, Verdict};

use crate::{Inbound, Permission, wire};

/// Before the first command nothing is known of the picture.
const NO_PICTURE: PictureReport = PictureReport { age_ms: u16::MAX, health: PictureHealth::Absent };

/// Collects what arrives between two ticks, and says at each tick what it amounts to.
#[derive(Debug)]
pub(crate) struct Operator {
    end: CartEnd,
    /// The newest fresh command since the last tick.
    pending: Option<Received>,
    /// What the last fresh command said of the picture, and when it arrived.
    picture: (PictureReport, Time),
    /// Whether driving may begin, as the gate was last told.
    link: LinkVerdict,
    /// Where the operator's target was last, and the press of the clutch it belongs to.
    target: Option<(u32, Pose<Anchor>)>,
    bedside: BedsideSwitch,
    remote_stop: bool,
    shutdown: bool,
}

/// A fresh command and its arrival, cart clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Received {
    pub(crate) arrived: Time,
    pub(crate) command: Command,
}

/// The switch at the bedside.
#[derive(Debug)]
struct BedsideSwitch {
    permission: Permission,
    stop: bool,
    reset: bool,
}

impl BedsideSwitch {
    fn act(&mut self, action: Bedside) {
        self.permission = self.permission.after(action);
        self.stop |= action == Bedside::Stop;
        self.reset |= action == Bedside::Reset;
    }

    fn is_armed(&self) -> bool {
        self.permission == Permission::Armed
    }
}

impl Operator {
    pub(crate) fn new(limit: AgeLimit) -> Self {
        Self {
            end: CartEnd::new(limit),
            pending: None,
            picture: (NO_PICTURE, Time::ZERO),
            link: LinkVerdict::NotGreen(LinkFault::Silent),
            target: None,
            bedside: BedsideSwitch { permission: Permission::default(), stop: false, reset: false },
            remote_stop: false,
            shutdown: false,
        }
    }

    pub(crate) fn receive(&mut self, inbound: Inbound) {
        match inbound {
            Inbound::Command { arrived, command } => {
                if self.end.receive(arrived, &command) == Verdict::Fresh {
                    self.picture = (command.picture, arrived);
                    self.pending = Some(Received { arrived, command });
                } else if self.end.inbox().is_closed() {
                    // Who broke the rules moves nothing any more, nor by what came before in the same tick.
                    self.pending = None;
                }
            }
            Inbound::RemoteStop => self.remote_stop = true,
            Inbound::Lease(epoch) => {
                self.end.set_epoch(epoch);
                self.pending = None;
                self.picture = (NO_PICTURE, Time::ZERO);
            }
            Inbound::Bedside(action) => self.bedside.act(action),
            Inbound::Shutdown => self.shutdown = true,
        }
    }

    /// The newest fresh command since the last tick; each is given once.
    pub(crate) fn take(&mut self) -> Option<Received> {
        self.pending.take()
    }

    /// Fills in what the people want. A stop and a reset are told once.
    pub(crate) fn tell(&mut self, now: Time, command: Option<&Received>, facts: &mut Facts) {
        facts.arming = if self.bedside.is_armed() { Arming::Armed } else { Arming::Disarmed };
        let remote = core::mem::take(&mut self.remote_stop);
        facts.stop = match (core::mem::take(&mut self.bedside.stop), remote) {
            (true, _) => Some(StopSource::Bedside),
            (false, true) => Some(StopSource::Operator),
            (false, false) => None,
        };
        facts.reset = if core::mem::take(&mut self.bedside.reset) { Reset::Requested } else { Reset::None };
        facts.lease = self.epoch().map_or(Lease::Free, |Epoch(epoch)| Lease::Held { epoch });
        facts.command = command.map(|Received { command, .. }| farprobe_safety::Command {
            clutch: wire::clutch(command.clutch),
            clutch_in: command.clutch_in,
        });
        facts.stride = command.map_or(Stride::NONE, |received| self.stride(&received.command));
        let (report, at) = self.picture;
        facts.picture = wire::picture(report, now.saturating_since(at));
        facts.round_trip = self.end.round_trip(now);
        self.link = self.end.link(now);
        facts.link_quality = if self.link == LinkVerdict::Green { LinkQuality::Green } else { LinkQuality::Red };
        facts.session = if self.end.inbox().is_closed() { Session::Closed } else { Session::Open };
        facts.shutdown = if self.shutdown { Shutdown::Requested } else { Shutdown::None };
    }

    /// How far this command moves the target. With the clutch open there is none.
    fn stride(&mut self, command: &Command) -> Stride {
        if command.clutch != proto::Clutch::Pressed {
            self.target = None;
            return Stride::NONE;
        }
        let before = self.target.replace((command.clutch_in, command.target));
        // The anchor is where the clutch was pressed: a press begins at no distance from it.
        let before = before
            .filter(|(clutch_in, _)| *clutch_in == command.clutch_in)
            .map_or_else(Pose::identity, |(_, target)| target);
        let linear = (command.target.position() - before.position()).norm();
        let angular = before.rotation().angle_to(&command.target.rotation());
        // What is no number is further than any hand goes.
        let (far, around) = (Stride::LONGEST.linear * 2.0, Stride::LONGEST.angular * 2.0);
        Stride { linear: Metre::new(linear).unwrap_or(far), angular: Radian::new(angular).unwrap_or(around) }
    }

    pub(crate) fn epoch(&self) -> Option<Epoch> {
        self.end.inbox().epoch()
    }

    /// The lease in force, if its session was closed.
    pub(crate) fn closed_session(&self) -> Option<Epoch> {
        self.epoch().filter(|_| self.end.inbox().is_closed())
    }

    pub(crate) fn arming(&self) -> proto::Arming {
        if self.bedside.is_armed() { proto::Arming::Armed } else { proto::Arming::Disarmed }
    }

    pub(crate) fn link(&self) -> proto::LinkReadiness {
        self.link.into()
    }

    pub(crate) fn refused(&self) -> proto::RefusedCommands {
        self.end.inbox().refused()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::{Newton, Twist};
    use nalgebra::{Isometry3, Vector3};

    /// A command of this console that was sampled and arrives at as many ms as its sequence.
    fn command(sequence: u64, clutch: proto::Clutch, clutch_in: u32, target: Pose<Anchor>) -> Command {
        let at = Time::from_millis(sequence.min(1_000));
        Command {
            epoch: Epoch(1),
            sequence,
            sampled_at: at,
            sent_at: at,
            clutch,
            clutch_in,
            target,
            twist: Twist::zero(),
            desired_force: Newton::ZERO,
            picture: NO_PICTURE,
            echo: None,
        }
    }

    #[test]
    fn a_stride_is_how_far_one_command_moves_the_target_of_a_press() {
        use proto::Clutch::{HandleLost, Open, Pressed};
        let mut operator = Operator::new(AgeLimit::DEFAULT);
        let mut stride = |clutch, clutch_in, x: f64, turned: f64| {
            let target = Pose::new(Isometry3::new(Vector3::x() * x, Vector3::z() * turned));
            let stride = operator.stride(&command(1, clutch, clutch_in, target));
            [stride.linear.get(), stride.angular.get()]
        };
        let near = |stride: [f64; 2], expected: [f64; 2]| {
            assert!(stride.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{stride:?} {expected:?}");
        };
        near(stride(Open, 0, 0.5, 0.5), [0.0, 0.0]);
        near(stride(Pressed, 1, 0.02, 0.1), [0.02, 0.1]);
        near(stride(Pressed, 1, 0.05, 0.15), [0.03, 0.05]);
        near(stride(Pressed, 1, -0.01, 0.15), [0.06, 0.0]);
        // Another press begins where the probe stands.
        near(stride(Pressed, 2, 0.004, 0.0), [0.004, 0.0]);
        near(stride(HandleLost, 2, 0.5, 0.0), [0.0, 0.0]);
        near(stride(Pressed, 2, 0.005, 0.0), [0.005, 0.0]);
    }

    #[test]
    fn a_target_that_is_no_number_is_further_than_any_hand_goes() {
        let mut operator = Operator::new(AgeLimit::DEFAULT);
        let target = Pose::new(Isometry3::new(Vector3::x() * f64::NAN, Vector3::x() * f64::NAN));
        let stride = operator.stride(&command(1, proto::Clutch::Pressed, 1, target));
        assert!(stride.linear > Stride::LONGEST.linear, "{stride:?}");
        assert!(stride.angular > Stride::LONGEST.angular, "{stride:?}");
    }

    #[test]
    fn motion_is_allowed_while_the_staff_allow_it_and_not_before_or_after() {
        let mut operator = Operator::new(AgeLimit::DEFAULT);
        let mut armed = |inbound: &[Bedside]| {
            for action in inbound {
                operator.receive(Inbound::Bedside(*action));
            }
            let mut facts = Facts::UNKNOWN;
            operator.tell(Time::ZERO, None, &mut facts);
            assert_eq!(facts.arming == Arming::Armed, operator.arming() == proto::Arming::Armed, "both are told alike");
            facts.arming
        };
        assert_eq!(armed(&[]), Arming::Disarmed);
        assert_eq!(armed(&[Bedside::Consent]), Arming::Disarmed);
        assert_eq!(armed(&[Bedside::Arm]), Arming::Armed);
        assert_eq!(armed(&[Bedside::Stop]), Arming::Armed, "the ladder stops it");
        assert_eq!(armed(&[Bedside::Disarm]), Arming::Disarmed);
    }

    #[test]
    fn what_was_refused_is_counted() {
        let mut operator = Operator::new(AgeLimit::DEFAULT);
        let command = command(1, proto::Clutch::Open, 0, Pose::identity());
        let said = Inbound::Command { arrived: command.sent_at, command };
        // Nobody holds the lease; then it is taken, and once more it is an old one.
        for inbound in [said, Inbound::Lease(Some(Epoch(1))), said, said] {
            operator.receive(inbound);
        }
        assert_eq!((operator.refused().epoch, operator.refused().old), (1, 1));
    }

    #[test]
    fn each_stop_and_each_reset_is_told_once_and_the_staffs_stop_comes_first() {
        let mut operator = Operator::new(AgeLimit::DEFAULT);
        let mut told = |inbound: &[Inbound]| {
            for inbound in inbound {
                operator.receive(*inbound);
            }
            let mut facts = Facts::UNKNOWN;
            operator.tell(Time::ZERO, None, &mut facts);
            (facts.stop, facts.reset)
        };
        let (bedside, remote) = (Inbound::Bedside(Bedside::Stop), Inbound::RemoteStop);
        assert_eq!(told(&[]), (None, Reset::None));
        assert_eq!(told(&[remote]), (Some(StopSource::Operator), Reset::None));
        assert_eq!(told(&[remote, bedside]), (Some(StopSource::Bedside), Reset::None));
        // What the staff do afterwards takes back neither.
        assert_eq!(told(&[bedside, Inbound::Bedside(Bedside::Disarm)]), (Some(StopSource::Bedside), Reset::None));
        let reset = Inbound::Bedside(Bedside::Reset);
        assert_eq!(told(&[reset, Inbound::Bedside(Bedside::Consent)]), (None, Reset::Requested));
        assert_eq!(told(&[]), (None, Reset::None));
    }

    #[test]
    fn a_console_that_breaks_the_rules_moves_nothing_by_what_it_said_before_in_the_same_tick() {
        let mut operator = Operator::new(AgeLimit::DEFAULT);
        operator.receive(Inbound::Lease(Some(Epoch(1))));
        let mut say = |sequence: u64| {
            let command = command(sequence, proto::Clutch::Open, 0, Pose::identity());
            operator.receive(Inbound::Command { arrived: command.sent_at, command });
            (operator.pending.map(|received| received.command.sequence), operator.closed_session())
        };
        assert_eq!(say(1), (Some(1), None));
        assert_eq!(say(1), (Some(1), None), "said twice: the first counts");
        assert_eq!(say(1 << 40), (None, Some(Epoch(1))));
        assert_eq!(say(2), (None, Some(Epoch(1))));
    }
}
