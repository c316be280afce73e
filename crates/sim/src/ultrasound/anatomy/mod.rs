//! What lies where in the resting body: organs painted over each other, deep ones first.

mod shape;
mod torso;

pub(super) use shape::{Points, Shape};

use super::array::SEGMENT;
use super::speckle::Complex;
use super::tissue::Tissue;

/// Half width of the echo of a smooth border along the line, m: a pulse's.
const BORDER_WIDTH: f32 = 0.35e-3;
/// Beyond this many widths a border's echo is below 1 %.
const BORDER_REACH: f32 = 2.2;
/// How much stronger than 0 the echo of a border is that runs along the line. Real borders are a little rough, and scatter.
const GRAZING_SHARE: f32 = 0.06;
/// The most by which slow noise moves a rough border, in units of the roughness; noise beyond it is cut.
const MOST_ROUGH: f32 = 2.5;

/// One organ, layer, vessel or stone.
#[derive(Debug, Clone)]
pub(super) struct Organ {
    /// Where it is.
    pub(super) shape: Shape,
    /// What it is made of.
    pub(super) tissue: Tissue,
    /// Amplitude of its border's echo at right angles, in units of liver's mean scatter.
    pub(super) border: f32,
    /// How far the border wanders in and out over centimetres, m.
    pub(super) roughness: f32,
    /// How far the border moves outwards at the height of a pulse, m.
    pub(super) pulsation: f32,
}

impl Organ {
    /// An organ that stands still in smooth borders.
    pub(super) fn new(shape: Shape, tissue: Tissue, border: f32) -> Self {
        Self { shape, tissue, border, roughness: 0.0, pulsation: 0.0 }
    }

    fn rough(self, roughness: f32) -> Self {
        Self { roughness, ..self }
    }

    fn pulsing(self, pulsation: f32) -> Self {
        Self { pulsation, ..self }
    }
}

/// Everything in a body.
#[derive(Debug, Clone)]
pub(super) struct Anatomy {
    /// What is where nothing else is.
    pub(super) ground: Tissue,
    /// Deep to shallow: later ones cover earlier ones.
    pub(super) organs: Vec<Organ>,
}

/// The organs that reach into some part of a picture, a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Near(u128);

/// What a segment's samples lie in.
#[derive(Debug, Clone)]
pub(super) struct Slab {
    /// Tissue of each sample.
    pub(super) tissue: [Tissue; SEGMENT],
    /// Echo of smooth borders at each sample, amplitude in units of liver's mean scatter.
    pub(super) echo: [f32; SEGMENT],
}

/// What is the same for a whole segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    /// Distance between samples, m.
    pub(super) pitch: f32,
    /// Slow noise in the segment's middle.
    pub(super) slow: Complex,
    /// Height of the pulse, 0..1.
    pub(super) pulse: f32,
}

impl Anatomy {
    /// The torso of a patient with a gallstone.
    pub(super) fn torso() -> Self {
        torso::anatomy()
    }

    /// A body of one material that scatters evenly, like the blocks that scanners are tested on.
    pub(super) fn uniform() -> Self {
        Self { ground: Tissue::Phantom, organs: vec![outside()] }
    }

    /// The organs that may reach into a ball of tissue: those whose border is nearer than `radius` (m) or around it.
    ///
    /// Without this, a picture would spend most of its time on organs that are somewhere else.
    pub(super) fn near(&self, centre: [f32; 3], skin: f32, radius: f32) -> Near {
        let reach = radius + BORDER_REACH * BORDER_WIDTH;
        let bits = self.organs.iter().enumerate().filter(|(_, organ)| {
            organ.shape.distance(centre, skin) < reach + MOST_ROUGH * organ.roughness + organ.pulsation
        });
        Near(bits.map(|(number, _)| 1_u128.checked_shl(number as u32).unwrap_or(0)).fold(0, |all, bit| all | bit))
    }

    /// Classifies the samples of a segment; `near` names the organs that reach into its surroundings.
    pub(super) fn paint(&self, near: Near, points: &Points, around: &Surroundings) -> Slab {
        let mut slab = Slab { tissue: [self.ground; SEGMENT], echo: [0.0; SEGMENT] };
        let middle = SEGMENT / 2;
        let centre = [points.x[middle], points.y[middle], points.z[middle]];
        // Compression brings up to a third more tissue into a segment, and an ellipsoid's distance is of the first order.
        let reach = around.pitch * SEGMENT as f32 * 0.8 + BORDER_REACH * BORDER_WIDTH;
        let mut left = near.0;
        while left != 0 {
            let number = left.trailing_zeros() as usize;
            left &= left - 1;
            let Some(organ) = self.organs.get(number) else { break };
            let shift =
                organ.roughness * around.slow[0].clamp(-MOST_ROUGH, MOST_ROUGH) - organ.pulsation * around.pulse;
            let distance = organ.shape.distance(centre, points.skin[middle]) + shift;
            if distance > reach {
                continue;
            }
            if distance < -reach {
                slab = Slab { tissue: [organ.tissue; SEGMENT], echo: [0.0; SEGMENT] };
                continue;
            }
            let mut distances = [0.0; SEGMENT];
            organ.shape.distances(points, &mut distances);
            slab.cover(organ, &distances, shift, around);
        }
        slab
    }
}

impl Slab {
    /// Paints one organ by the distances of the samples from its border.
    fn cover(&mut self, organ: &Organ, distances: &[f32; SEGMENT], shift: f32, around: &Surroundings) {
        // No border is equally smooth all over.
        let border = organ.border * (0.75 + 0.4 * around.slow[1]).clamp(0.35, 1.6);
        let edge = BORDER_REACH * BORDER_WIDTH;
        for i in 0..SEGMENT {
            let distance = distances[i] + shift;
            if distance < 0.0 {
                self.tissue[i] = organ.tissue;
                // What lies deeper has no border here any more.
                self.echo[i] = 0.0;
            }
            if distance.abs() < edge && border > 0.0 {
                let next = (i + 1).min(SEGMENT - 1);
                let slope = (distances[next] - distances[next - 1]) / around.pitch;
                // Along the line the distance changes by the cosine of the angle between line and normal.
                let cosine = slope.abs().min(1.0);
                let facing = GRAZING_SHARE + (1.0 - GRAZING_SHARE) * cosine.powi(4);
                let profile = 1.0 - (distance / edge).powi(2);
                self.echo[i] = self.echo[i].max(border * facing * profile * profile);
            }
        }
    }
}

/// The air around the body. On the probe's side the scanner takes it for gel.
fn outside() -> Organ {
    Organ::new(Shape::Layer(0.0), Tissue::Gas, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loudest border echo on a line that meets a level border of strength 10 at this angle from its normal.
    fn echo_at(angle: f32) -> f32 {
        let border = Organ::new(Shape::below([0.0, 0.0, 1.0], [0.0, 0.0, 0.0]), Tissue::Liver, 10.0);
        let anatomy = Anatomy { ground: Tissue::Phantom, organs: vec![border] };
        let pitch = 0.1e-3;
        let along = |i: usize| (i as f32 - SEGMENT as f32 / 2.0) * pitch;
        let points = Points {
            x: std::array::from_fn(|i| along(i) * angle.sin()),
            y: [0.0; SEGMENT],
            z: std::array::from_fn(|i| -along(i) * angle.cos()),
            skin: [0.1; SEGMENT],
        };
        let around = Surroundings { pitch, slow: [0.0; 2], pulse: 0.0 };
        let near = anatomy.near([0.0; 3], 0.1, 0.002);
        anatomy.paint(near, &points, &around).echo.into_iter().fold(0.0, f32::max)
    }

    #[test]
    fn a_border_echoes_less_the_more_obliquely_it_is_met() {
        let echoes = [0.0_f32, 20.0, 40.0, 60.0, 80.0].map(|degrees| echo_at(degrees.to_radians()));
        assert!(echoes.windows(2).all(|pair| pair[1] < 0.9 * pair[0]), "{echoes:?}");
        assert!(echoes[3] < 0.2 * echoes[0] && echoes[4] > 0.0, "{echoes:?}");
    }

    #[test]
    fn no_organ_is_lost_by_looking_at_the_neighbourhood_only() {
        let anatomy = Anatomy::torso();
        assert!(anatomy.organs.len() <= u128::BITS as usize);
        let every = Near(u128::MAX);
        // Segments all over the body, down and slanted, with the ball that a group of segments would have around it.
        for i in 0..4000_u32 {
            let spread = |step: f32| (i as f32 * step).fract();
            let centre =
                [spread(0.618_034) * 0.5 - 0.2, spread(0.754_878) * 0.28 - 0.14, spread(0.569_84) * 0.2 + 0.01];
            let slant = [0.0003 * (spread(0.414) - 0.5), 0.0003 * (spread(0.237) - 0.5), -0.00025];
            let axis = |axis: usize| std::array::from_fn(|k| centre[axis] + slant[axis] * (k as f32 - 8.0));
            let points = Points { x: axis(0), y: axis(1), z: axis(2), skin: [0.03 + spread(0.3) * 0.08; SEGMENT] };
            let around = Surroundings { pitch: 0.3e-3, slow: [spread(0.9) * 4.0 - 2.0, 0.0], pulse: spread(0.7) };
            let near = anatomy.near(centre, points.skin[8], 0.010);
            let (some, all) = (anatomy.paint(near, &points, &around), anatomy.paint(every, &points, &around));
            assert_eq!(some.tissue, all.tissue, "{centre:?}");
        }
    }
}
