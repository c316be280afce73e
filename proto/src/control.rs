//! The control stream: one bidirectional QUIC stream, opened by the console.

use farprobe_geom::{Base, Metre, Newton, Patient, Pose, Time};
use serde::{Deserialize, Serialize};

use crate::{CartReport, Epoch, Limits, ScannerReply, ScannerRequest, ScannerState, Standing, StopNotice, Transition};

/// The version of everything in this crate. A console of another version may look, never drive.
pub const PROTOCOL_VERSION: u16 = 9;

/// Console → cart. `Hello` comes first and once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ConsoleMessage {
    /// Who is there and what they want.
    Hello(Hello),
    /// Ask for the right to drive.
    RequestLease,
    /// Give the right to drive back.
    ReleaseLease,
    /// Turn the scanner's controls.
    Scanner(ScannerRequest),
    /// Stop.
    Stop(StopNotice),
    /// WebRTC signalling.
    Signal(Signal),
    /// Ask for the cart's side of the summary.
    RequestReport,
    /// The console closes in good order.
    Goodbye,
}

/// Cart → console. `Welcome` or `Refused` comes first and once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CartMessage {
    /// The hello was accepted.
    Welcome(Box<Welcome>),
    /// The hello was refused; the cart closes the connection.
    Refused(Refusal),
    /// Who holds the right to drive. Sent on every change and as the answer to a request.
    Lease(LeaseStatus),
    /// Answer and echo of the scanner.
    Scanner(Box<ScannerReply>),
    /// Something the operator should know.
    Event(Event),
    /// A step of the ladder. States come more often, but some are lost, and two steps may lie between two of them.
    Step(Transition),
    /// WebRTC signalling.
    Signal(Signal),
    /// The cart's side of the summary.
    Report(Box<CartReport>),
}

/// The console introduces itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The console's [`PROTOCOL_VERSION`].
    pub version: u16,
    /// The role asked for. The certificate decides whether it is granted.
    pub role: Role,
    /// The console program and its version, for the log.
    pub software: String,
}

/// What a party may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// May hold the lease and drive.
    Operator,
    /// May look and stop.
    Observer,
}

/// The cart introduces itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// The cart's [`PROTOCOL_VERSION`].
    pub version: u16,
    /// The role granted. An unknown version is granted [`Role::Observer`] at most.
    pub role: Role,
    /// The cart program and its version.
    pub software: String,
    /// The cart's name, from its certificate.
    pub cart: String,
    /// The cart's clock as it wrote this message.
    pub now: Time,
    /// The arm's description (URDF text), for drawing it.
    pub arm_urdf: String,
    /// Where the probe tip stands on the arm's flange: position in m and quaternion w, x, y, z.
    #[serde(deserialize_with = "crate::checked::pose_parts")]
    pub probe_on_flange: ([f64; 3], [f64; 4]),
    /// Where the couch stands.
    pub couch: Pose<Base>,
    /// A coarse outline of the patient for drawing, m, in the frame `patient`; empty when unknown.
    #[serde(deserialize_with = "crate::checked::finite_points")]
    pub patient_outline: Vec<[f32; 3]>,
    /// The limits in force.
    pub limits: Limits,
    /// The contact force a new exam starts with, N.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub default_force: Newton,
    /// How far the probe may be from `couch` before it touches, m.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub workspace_radius: Metre,
    /// The scanner.
    pub scanner: ScannerState,
    /// Whether the arm is simulated.
    pub simulated_arm: bool,
    /// Whether the identities are those of a demo.
    pub demo: bool,
    /// The probe tip now.
    pub tip: Pose<Patient>,
    /// How the ladder stands: the steps told later go on from here. `None` if the cart does not know it yet.
    pub standing: Option<Standing>,
}

/// Why a hello was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The certificate does not carry the role asked for.
    Role {
        /// The role the certificate carries.
        certified: Role,
    },
    /// The first message was no hello.
    HelloExpected,
    /// The cart has as many consoles as it serves.
    Full,
    /// The cart is shutting down.
    ShuttingDown,
}

/// Who holds the right to drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeaseStatus {
    /// This console, under this epoch.
    Yours(Epoch),
    /// Nobody.
    Free,
    /// Somebody else; named as their certificate names them.
    HeldBy(String),
    /// The request was refused.
    Refused(LeaseRefusal),
}

/// Why a lease was not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeaseRefusal {
    /// Somebody else holds it.
    Held,
    /// The role may not drive.
    Role,
    /// The versions differ.
    Version,
}

/// Something the operator should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, cart clock.
    pub at: Time,
    /// How much it matters.
    pub severity: Severity,
    /// In words: who is to blame and what to do.
    pub text: String,
}

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Needs attention.
    Warning,
    /// Needs action.
    Alarm,
}

/// WebRTC signalling. Travels inside the QUIC connection, so the DTLS fingerprint is bound to the same identities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signal {
    /// The session description of the cart (offer).
    Offer(String),
    /// The session description of the console (answer).
    Answer(String),
    /// One more ICE candidate, as JSON.
    Candidate(String),
    /// Ask for a picture that needs no other, after loss.
    KeyPicture,
}

/// What the staff do at the bedside. Never travels from a console: there is no message for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bedside {
    /// The patient has consented to the exam.
    Consent,
    /// Allow motion.
    Arm,
    /// Take the permission back.
    Disarm,
    /// The consent no longer holds: the patient has taken it back, or another is on the couch. Takes the permission back, too.
    Withdraw,
    /// Stop now.
    Stop,
    /// Leave `Fault` or `EStop`.
    Reset,
}
