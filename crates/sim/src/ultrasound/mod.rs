//! The simulated scanner: a B-mode picture computed from the probe's pose in the body.
//!
//! A picture is made as a scanner makes it. Lines run from the curved face through the resting body (`contact` undoes
//! breath and compression), every sample is classified (`anatomy`) and scatters with noise that is fixed to the tissue
//! (`speckle`), sound is lost on the way (`march`), the beam's width, the receiver's noise, gain and logarithm follow
//! (`receive`), and a table turns lines into pixels (`scan_convert`).
//!
//! What it does not do: refraction, speed-of-sound errors, side lobes, mirror pictures, flow, and anatomy seen through the
//! beam's thickness (its speckle has thickness, its borders have none).

mod anatomy;
mod array;
mod contact;
mod march;
mod receive;
mod scan_convert;
mod settings;
mod speckle;
mod tissue;

#[cfg(test)]
mod tests;

use farprobe_geom::{Newton, Patient, Pose, Time};
use nalgebra::Vector3;

use self::anatomy::{Anatomy, Near};
use self::array::{LINES, SAMPLES};
use self::contact::{COLUMN_LINES, COLUMNS, Contact, GROUPS};
use self::march::{ECHOES, March, Medium, Plane};
use self::receive::Receiver;
use self::scan_convert::ScanConverter;
use self::speckle::Speckle;
use crate::body::Body;

pub use scan_convert::{Geometry, HEIGHT, WIDTH};
pub use settings::{Settings, TGC_BANDS};

/// How the probe stands and how hard it is pressed on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProbeView {
    /// The probe tip. The picture's plane is x–z of frame `tip`; lines leave the face towards +z.
    pub tip: Pose<Patient>,
    /// Contact force.
    pub force: Newton,
}

/// The simulated scanner.
///
/// The same body, seed, view, instant and settings give the same picture, byte for byte.
#[derive(Debug)]
pub struct BMode {
    body: Body,
    anatomy: Anatomy,
    speckle: Speckle,
    seed: u64,
    contact: Contact,
    /// The organs around each group of segments, column by column.
    near: Vec<[Near; GROUPS]>,
    prepared: Prepared,
    real: Vec<f32>,
    imaginary: Vec<f32>,
    envelope: Vec<f32>,
    grey: Vec<u8>,
}

/// What is computed anew only when settings change.
#[derive(Debug)]
struct Prepared {
    settings: Settings,
    medium: Medium,
    receiver: Receiver,
    converter: ScanConverter,
}

impl Prepared {
    fn new(settings: Settings) -> Self {
        let depth = settings.depth.get() as f32;
        Self {
            settings,
            medium: Medium::new(depth),
            receiver: Receiver::new(&settings),
            converter: ScanConverter::new(depth),
        }
    }

    /// Follows the settings; the scan converter's table is the only slow part, and depends on depth alone.
    fn follow(&mut self, settings: Settings) {
        if settings.depth != self.settings.depth {
            *self = Self::new(settings);
        } else if settings != self.settings {
            self.receiver = Receiver::new(&settings);
            self.settings = settings;
        }
    }
}

impl BMode {
    /// A scanner for this patient. The seed chooses the scatterers and the receiver's noise.
    pub fn new(body: Body, seed: u64) -> Self {
        Self::of(body, Anatomy::torso(), seed)
    }

    /// A scanner for a body that is filled with one evenly scattering material, as scanners are tested on.
    pub fn uniform_phantom(body: Body, seed: u64) -> Self {
        Self::of(body, Anatomy::uniform(), seed)
    }

    fn of(body: Body, anatomy: Anatomy, seed: u64) -> Self {
        Self {
            body,
            anatomy,
            speckle: Speckle::new(seed),
            seed,
            contact: Contact::new(),
            near: vec![[Near::default(); GROUPS]; COLUMNS],
            prepared: Prepared::new(Settings::default()),
            real: vec![0.0; ECHOES],
            imaginary: vec![0.0; ECHOES],
            envelope: vec![0.0; ECHOES],
            grey: vec![0; ECHOES],
        }
    }

    /// Draws the picture of this instant into `picture`, as [`WIDTH`] × [`HEIGHT`] grey bytes, row by row from the top.
    ///
    /// `picture` keeps its allocation from call to call. Settings out of range are clamped as [`Settings::clamped`] says; a
    /// change of depth costs some tens of milliseconds once. Freezing is the caller's: it shows the old picture.
    pub fn render(&mut self, view: &ProbeView, at: Time, settings: &Settings, picture: &mut Vec<u8>) -> Geometry {
        self.prepared.follow(settings.clamped());
        self.listen(view, at);
        self.receive(at);
        self.prepared.converter.draw(&self.grey, picture);
        self.prepared.converter.geometry()
    }

    /// The echoes of all lines.
    fn listen(&mut self, view: &ProbeView, at: Time) {
        let motion = self.body.motion(at);
        let depth = self.prepared.settings.depth.get() as f32;
        self.contact.update(&self.body, &motion, &view.tip, view.force.get(), depth, &self.speckle);
        for (column, near) in self.near.iter_mut().enumerate() {
            if let Some(balls) = self.contact.balls(column) {
                *near = balls.map(|(node, radius)| self.anatomy.near(node.point, node.skin, radius));
            }
        }
        let across = view.tip.rotation() * Vector3::y();
        let across = [across.x as f32, across.y as f32, across.z as f32];
        let march = March {
            anatomy: &self.anatomy,
            speckle: &self.speckle,
            medium: &self.prepared.medium,
            plane: Plane::new(&self.speckle, across, pulse(motion.heartbeat())),
        };
        let rows = self.real.chunks_exact_mut(SAMPLES).zip(self.imaginary.chunks_exact_mut(SAMPLES));
        for (line, (real, imaginary)) in rows.enumerate() {
            let column = self.contact.line(line);
            if column.coupling > 0.0 {
                march.line(&column, &self.near[line / COLUMN_LINES], (&mut *real, &mut *imaginary));
            } else {
                real.fill(0.0);
                imaginary.fill(0.0);
            }
            march.ring_down(line, column.coupling, self.prepared.receiver.ring_down(), (real, imaginary));
        }
    }

    /// From echoes to grey lines.
    fn receive(&mut self, at: Time) {
        let receiver = &self.prepared.receiver;
        let (mut real, mut imaginary) = ([0.0; SAMPLES], [0.0; SAMPLES]);
        let moment = scramble(self.seed ^ at.as_nanos());
        for line in 0..LINES {
            receiver.focus(&self.real, line, &mut real);
            receiver.focus(&self.imaginary, line, &mut imaginary);
            let rows = line * SAMPLES..(line + 1) * SAMPLES;
            let start = scramble(moment.wrapping_add(line as u64));
            Receiver::envelope(&mut real, &imaginary, &self.speckle, start);
            self.envelope[rows.clone()].copy_from_slice(&real);
            receiver.compress(&real, &mut self.grey[rows]);
        }
    }
}

/// Height of the pulse (0..1) at a phase of the heart (0..1): a quick rise and a slow fall, as an artery's wall shows it.
fn pulse(phase: f64) -> f32 {
    const RISE: f64 = 0.14;
    let height = if phase < RISE {
        (1.0 - (std::f64::consts::PI * phase / RISE).cos()) / 2.0
    } else {
        let fall = (phase - RISE) / (1.0 - RISE);
        (-3.0 * fall).exp() * (1.0 - fall)
    };
    height as f32
}

/// Spreads a number over all bits (the finaliser of `SplitMix64`: Steele, Lea and Flood, OOPSLA 2014).
fn scramble(number: u64) -> u64 {
    let mut word = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
