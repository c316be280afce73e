//! The torso: an adult lying on the back, with one gallstone.
//!
//! Positions are in metres in the resting body (frame `patient`: x to the head, y to the left, z up; skin of the belly at z
//! = 0.22 in the middle, flanks at y = ±0.16). Sizes are those of textbooks of sectional anatomy, rounded; distances were
//! moved where the elliptic torso asks for it. The heart is not drawn: above the diaphragm there is lung only.

use std::f32::consts::TAU;

use super::shape::Ribs;
use super::{Anatomy, Organ, Shape, outside};
use crate::ultrasound::tissue::Tissue;

/// Depths below the skin at which the layers of the wall end, m: dermis, fat, outer and inner muscles (with the peritoneum).
const WALL: [f32; 4] = [0.0020, 0.0105, 0.0160, 0.0215];
/// Tip of the costal arch (the xiphoid), m, and how far it falls to the sides.
const ARCH: Shape = Shape::UnderArch { tip: 0.165, fall: 0.75 };
/// Ribs 26 mm apart, 12 mm high and 7 mm thick, embedded in the outer muscles.
const RIBS: Ribs = Ribs { spacing: 0.026, fall: 0.35, depth: 0.0160, half: [0.0060, 0.0035] };

// Strengths of borders, in units of liver's mean scatter (1 = 0 dB, 10 = 20 dB).
const FASCIA: f32 = 5.0;
const CAPSULE: f32 = 2.2;
const VESSEL_WALL: f32 = 3.0;
const BARE_WALL: f32 = 0.6;
const BONE_SURFACE: f32 = 16.0;
const STONE_SURFACE: f32 = 16.0;
const GAS_SURFACE: f32 = 14.0;

pub(super) fn anatomy() -> Anatomy {
    let mut organs = chest();
    organs.extend(back());
    organs.extend(liver());
    organs.extend(great_vessels());
    organs.extend(gallbladder());
    organs.extend(kidney([0.020, -0.076, 0.100], 0.20));
    organs.extend(kidney([0.030, 0.080, 0.098], -0.20));
    organs.extend(bowel_gas());
    organs.extend(wall());
    Anatomy { ground: Tissue::Bowel, organs }
}

/// The dome that the diaphragm spans over the belly's organs.
fn dome(shrink: f32) -> Shape {
    let half = [0.105, 0.148, 0.098].map(|half| half - shrink);
    Shape::ellipsoid([0.075, -0.005, 0.105], half, 0.0)
}

/// Lung above the dome, the diaphragm along it, and the spleen under its left half.
fn chest() -> Vec<Organ> {
    let lung = Shape::All(vec![Shape::Not(Box::new(dome(0.0))), Shape::below([-1.0, 0.0, 0.0], [0.090, 0.0, 0.0])]);
    let arch = Shape::All(vec![
        dome(0.0),
        Shape::Not(Box::new(dome(0.0022))),
        Shape::below([-1.0, 0.0, 0.0], [0.090, 0.0, 0.0]),
    ]);
    let spleen = Shape::All(vec![dome(0.004), Shape::ellipsoid([0.070, 0.108, 0.090], [0.050, 0.028, 0.042], 0.25)]);
    vec![
        Organ::new(lung, Tissue::Gas, GAS_SURFACE).rough(0.0006),
        Organ::new(arch, Tissue::Diaphragm, 0.0).rough(0.0006),
        Organ::new(spleen, Tissue::Spleen, CAPSULE).rough(0.0006),
    ]
}

/// The spine with its muscles.
fn back() -> Vec<Organ> {
    let along = |y: f32, z: f32, radius: f32| Shape::tube([-0.25, y, z], [0.35, y, z], [radius; 2]);
    vec![
        Organ::new(along(-0.048, 0.075, 0.023), Tissue::Muscle, CAPSULE).rough(0.002),
        Organ::new(along(0.048, 0.075, 0.023), Tissue::Muscle, CAPSULE).rough(0.002),
        Organ::new(along(0.0, 0.072, 0.022), Tissue::Bone, BONE_SURFACE).rough(0.001),
    ]
}

/// The liver with portal and hepatic veins. Portal veins have bright walls, hepatic veins hardly any.
fn liver() -> Vec<Organ> {
    let body = Shape::All(vec![
        dome(0.003),
        // The visceral surface: from low in the right flank to high under the left ribs, and rising to the back.
        Shape::below([-1.0, 0.45, -0.30], [0.028, -0.100, 0.160]),
        // The left lobe is thin and lies in front.
        Shape::below([0.0, 0.85, -1.0], [0.0, 0.0, 0.085]),
    ]);
    let mut organs = vec![Organ::new(body, Tissue::Liver, CAPSULE).rough(0.0012)];
    let portal: [([f32; 3], [f32; 3], [f32; 2]); 6] = [
        ([0.055, -0.008, 0.128], [0.092, -0.042, 0.132], [0.0062, 0.0060]),
        ([0.092, -0.042, 0.132], [0.110, -0.085, 0.130], [0.0052, 0.0036]),
        ([0.092, -0.042, 0.132], [0.108, -0.008, 0.155], [0.0042, 0.0026]),
        ([0.110, -0.085, 0.130], [0.095, -0.115, 0.135], [0.0030, 0.0014]),
        ([0.110, -0.085, 0.130], [0.133, -0.100, 0.120], [0.0030, 0.0014]),
        ([0.108, -0.008, 0.155], [0.116, 0.025, 0.170], [0.0024, 0.0013]),
    ];
    let hepatic: [([f32; 3], [f32; 3], [f32; 2]); 3] = [
        ([0.147, -0.020, 0.118], [0.103, -0.108, 0.115], [0.0052, 0.0016]),
        ([0.147, -0.020, 0.118], [0.085, -0.058, 0.172], [0.0046, 0.0014]),
        ([0.147, -0.020, 0.118], [0.113, 0.022, 0.172], [0.0042, 0.0014]),
    ];
    organs.extend(portal.map(|(from, to, radii)| walled(from, to, radii, 0.0008)).into_iter().flatten());
    organs.extend(hepatic.map(|(from, to, radii)| Organ::new(Shape::tube(from, to, radii), Tissue::Blood, BARE_WALL)));
    organs.extend(twigs());
    organs
}

/// A vessel or bladder with a wall of this thickness (m) around it.
fn walled(from: [f32; 3], to: [f32; 3], radii: [f32; 2], wall: f32) -> [Organ; 2] {
    [
        Organ::new(Shape::tube(from, to, radii.map(|radius| radius + wall)), Tissue::Wall, 0.0),
        Organ::new(Shape::tube(from, to, radii), Tissue::Blood, VESSEL_WALL),
    ]
}

/// Small portal branches: short bright-walled tubes through the right lobe, spread by the golden angle.
fn twigs() -> impl Iterator<Item = Organ> {
    const GOLDEN: f32 = 0.618_034;
    (0..18).map(|i| {
        let i = i as f32;
        let spread = |step: f32| (i * step).fract();
        let middle =
            [0.062 + 0.090 * spread(GOLDEN), -0.115 + 0.105 * spread(0.754_878), 0.095 + 0.085 * spread(0.569_84)];
        let angle = TAU * spread(0.414_214);
        let reach = [0.010 * angle.cos(), 0.010 * angle.sin(), 0.007 * (2.0 * angle).sin()];
        let from = [middle[0] - reach[0], middle[1] - reach[1], middle[2] - reach[2]];
        let to = [middle[0] + reach[0], middle[1] + reach[1], middle[2] + reach[2]];
        Organ::new(Shape::tube(from, to, [0.0016, 0.0009]), Tissue::Blood, VESSEL_WALL)
    })
}

/// Aorta and inferior vena cava in front of the spine. The artery's wall moves about half a millimetre with each beat.
fn great_vessels() -> [Organ; 4] {
    let [wall, aorta] = walled([-0.030, 0.010, 0.106], [0.300, 0.014, 0.106], [0.0085, 0.0100], 0.0012);
    let [thin, cava] = cava();
    [thin, cava.pulsing(0.0003), wall.pulsing(0.0005), aorta.pulsing(0.0006)]
}

/// The inferior vena cava, 14 mm wide where it begins and 21 mm behind the liver: it follows the spine's curve up the belly,
/// leans to the right, and turns forward and to the middle through the diaphragm. Its wall is thin.
fn cava() -> [Organ; 2] {
    const WALL: f32 = 0.0006;
    const COURSE: [([f32; 3], f32); 6] = [
        ([-0.060, -0.010, 0.093], 0.0070),
        ([0.010, -0.015, 0.099], 0.0078),
        ([0.060, -0.022, 0.104], 0.0088),
        ([0.105, -0.026, 0.109], 0.0098),
        ([0.150, -0.021, 0.118], 0.0105),
        ([0.190, -0.009, 0.138], 0.0105),
    ];
    let along = |more: f32| {
        let pieces = COURSE.windows(2).map(|pair| {
            let [(from, first), (to, second)] = [pair[0], pair[1]];
            Shape::tube(from, to, [first + more, second + more])
        });
        Shape::any(pieces)
    };
    [Organ::new(along(WALL), Tissue::Wall, 0.0), Organ::new(along(0.0), Tissue::Blood, BARE_WALL)]
}

/// The gallbladder under the liver, and a stone of 11 mm on its back wall, where it lies when the patient is supine.
fn gallbladder() -> [Organ; 3] {
    let [wall, bladder] = walled([0.044, -0.042, 0.165], [0.080, -0.033, 0.146], [0.0150, 0.0070], 0.0014);
    let stone = Shape::sphere([0.0535, -0.0370, 0.1525], 0.0055);
    let bladder = Organ { tissue: Tissue::Bile, ..bladder };
    [wall.rough(0.0004), bladder.rough(0.0004), Organ::new(stone, Tissue::Stone, STONE_SURFACE)]
}

/// A kidney in its fat: cortex, a ring of pyramids and the sinus. `turn` is from +x towards +y, rad.
fn kidney(centre: [f32; 3], turn: f32) -> Vec<Organ> {
    let shell = |half: [f32; 3]| Shape::ellipsoid(centre, half, turn);
    let mut organs = vec![
        Organ::new(shell([0.059, 0.0315, 0.0280]), Tissue::PerirenalFat, 0.0).rough(0.0016),
        Organ::new(shell([0.055, 0.0285, 0.0255]), Tissue::Cortex, CAPSULE).rough(0.0012),
    ];
    let (sin, cos) = turn.sin_cos();
    organs.extend((0..8).map(|i| {
        let (up, along) = (TAU * i as f32 / 8.0).sin_cos();
        let reach = 0.036 * along;
        let middle = [centre[0] + cos * reach, centre[1] + sin * reach, centre[2] + 0.0145 * up];
        Organ::new(Shape::ellipsoid(middle, [0.0062, 0.0080, 0.0050], turn), Tissue::Medulla, 0.0)
    }));
    organs.push(Organ::new(shell([0.032, 0.013, 0.0095]), Tissue::Sinus, 0.0).rough(0.0022));
    organs
}

/// Gas in stomach and colon.
fn bowel_gas() -> [Organ; 4] {
    [
        ([0.085, 0.062, 0.165], [0.026, 0.024, 0.009]),
        ([-0.045, 0.095, 0.150], [0.030, 0.014, 0.012]),
        ([-0.060, -0.105, 0.140], [0.028, 0.013, 0.012]),
        ([0.010, 0.030, 0.178], [0.009, 0.022, 0.006]),
    ]
    .map(|(centre, half)| Organ::new(Shape::ellipsoid(centre, half, 0.0), Tissue::Gas, GAS_SURFACE).rough(0.003))
}

/// The wall of belly and chest, from inside to outside.
fn wall() -> [Organ; 6] {
    let [dermis, fat, outer, inner] = WALL;
    [
        Organ::new(Shape::Layer(inner), Tissue::Muscle, FASCIA).rough(0.0006),
        Organ::new(Shape::Layer(outer), Tissue::Muscle, FASCIA * 0.6).rough(0.0008),
        Organ::new(Shape::All(vec![Shape::Ribs(RIBS), ARCH]), Tissue::Bone, BONE_SURFACE),
        Organ::new(Shape::Layer(fat), Tissue::Fat, FASCIA * 0.8).rough(0.0009),
        Organ::new(Shape::Layer(dermis), Tissue::Skin, FASCIA),
        outside(),
    ]
}
