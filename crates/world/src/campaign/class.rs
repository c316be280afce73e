//! The classes of faults, and what is promised in each.

use farprobe_sim::arm::PlantCard;

/// What goes wrong in an exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Nothing: a scan over a good line, of a patient who breathes quietly.
    Scan,
    /// Down onto still tissue of any stiffness, pressing as hard as can be asked for.
    Touch,
    /// The probe rests on soft tissue while the patient breathes deeply: ±10 mm at 0.2–0.5 Hz, up to 5 N/mm.
    BreathingSoft,
    /// The same at 10 N/mm.
    BreathingFirm,
    /// A cough of 20 mm in 300 ms under the probe, tissue up to 5 N/mm.
    Cough,
    /// The same on stiffer tissue: reported.
    CoughStiff,
    /// The line goes dead, for a while or for good; the patient lies still.
    LinkLost,
    /// The same while the patient breathes.
    LinkLostBreathing,
    /// One way of the line goes dead.
    OneWay,
    /// The line comes and goes, 1–20 times a second.
    Flap,
    /// Gilbert–Elliott loss of 5 % in bursts of 2, and ±20 ms of jitter.
    Loss5Burst2,
    /// The same in bursts of 3: reported.
    Loss5Burst3,
    /// The same in bursts of 5: reported.
    Loss5Burst5,
    /// Everything at once: delay, jitter, loss, duplicates, reordering, stalls.
    BadLine,
    /// Somebody on the line flips bits and replays old datagrams.
    Tampered,
    /// The console's clock drifts and steps.
    Clock,
    /// The line goes dead around presses and releases of the clutch.
    ClutchLost,
    /// The cart's machine stalls for up to 5 ms, again and again.
    CartStall,
    /// It stalls for up to a second: reported.
    CartStallLong,
    /// The console's machine stalls.
    ConsoleStall,
    /// The console's program dies and is started again.
    ConsoleDies,
    /// The picture freezes, ages or goes.
    Picture,
    /// The force sensor breaks in one of its ways.
    Sensor,
    /// Stop, disarm and reset at any moment.
    Bedside,
    /// The staff push and lift the probe: reported, for the force is theirs.
    Push,
    /// Two consoles want to drive.
    Rivals,
    /// An authenticated console looks for the stream that presses hardest.
    Adversary,
    /// One that takes the care to touch first, and sends nothing that is refused: it looks longer, and for what presses.
    AdversaryInContact,
    /// The console's program dies for good, and another console takes over.
    ConsoleGone,
    /// The console loses its handle.
    HandleLost,
    /// Somebody alters the setpoints between the cart's program and the arm: reported, for no gate is there.
    Meddled,
    /// The arm stands still and says that it follows: reported, for nothing can take it off.
    ArmFrozen,
    /// Two of the other faults at once.
    TwoFaults,
}

/// Whether a patient's own force may go beyond what is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// 2 N above the hard limit on tissue up to 10 N/mm, 10 % on stiffer (DESIGN §6).
    Overshoot,
    /// The hard limit itself.
    HardLimit,
    /// None: reported.
    Reported,
}

impl Class {
    /// All of them. New ones come last: a class and a seed are an exam, and its draws go by the class's place.
    pub const ALL: [Self; 33] = [
        Self::Scan,
        Self::Touch,
        Self::BreathingSoft,
        Self::BreathingFirm,
        Self::Cough,
        Self::CoughStiff,
        Self::LinkLost,
        Self::LinkLostBreathing,
        Self::OneWay,
        Self::Flap,
        Self::Loss5Burst2,
        Self::Loss5Burst3,
        Self::Loss5Burst5,
        Self::BadLine,
        Self::Tampered,
        Self::Clock,
        Self::ClutchLost,
        Self::CartStall,
        Self::CartStallLong,
        Self::ConsoleStall,
        Self::ConsoleDies,
        Self::Picture,
        Self::Sensor,
        Self::Bedside,
        Self::Push,
        Self::Rivals,
        Self::Adversary,
        Self::AdversaryInContact,
        Self::ConsoleGone,
        Self::HandleLost,
        Self::Meddled,
        Self::ArmFrozen,
        Self::TwoFaults,
    ];

    /// Its name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Touch => "touch",
            Self::BreathingSoft => "breathing-soft",
            Self::BreathingFirm => "breathing-firm",
            Self::Cough => "cough",
            Self::CoughStiff => "cough-stiff",
            Self::LinkLost => "link-lost",
            Self::LinkLostBreathing => "link-lost-breathing",
            Self::OneWay => "one-way",
            Self::Flap => "flap",
            Self::Loss5Burst2 => "loss-5-burst-2",
            Self::Loss5Burst3 => "loss-5-burst-3",
            Self::Loss5Burst5 => "loss-5-burst-5",
            Self::BadLine => "bad-line",
            Self::Tampered => "tampered",
            Self::Clock => "clock",
            Self::ClutchLost => "clutch-lost",
            Self::CartStall => "cart-stall",
            Self::CartStallLong => "cart-stall-long",
            Self::ConsoleStall => "console-stall",
            Self::ConsoleDies => "console-dies",
            Self::Picture => "picture",
            Self::Sensor => "sensor",
            Self::Bedside => "bedside",
            Self::Push => "push",
            Self::Rivals => "rivals",
            Self::Adversary => "adversary",
            Self::AdversaryInContact => "adversary-in-contact",
            Self::ConsoleGone => "console-gone",
            Self::HandleLost => "handle-lost",
            Self::Meddled => "meddled",
            Self::ArmFrozen => "arm-frozen",
            Self::TwoFaults => "two-faults",
        }
    }

    /// The class of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Whether its console is never mended: somebody else takes over from it in the end.
    pub(super) const fn is_taken_over(self) -> bool {
        matches!(self, Self::Adversary | Self::AdversaryInContact | Self::ConsoleGone)
    }

    /// What is promised of the force in it, by an arm of this card.
    pub fn bar(self, plant: &PlantCard) -> Bar {
        if plant.name != PlantCard::A.name {
            return Bar::Reported;
        }
        match self {
            Self::CoughStiff | Self::CartStallLong | Self::Push | Self::Meddled | Self::ArmFrozen => Bar::Reported,
            Self::Cough | Self::LinkLostBreathing => Bar::HardLimit,
            _ => Bar::Overshoot,
        }
    }
}
