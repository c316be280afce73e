//! The geometry and the limits of an arm, read from a URDF description.

use farprobe_geom::{Joints, MAX_AXES, NewtonMetre, Radian, RadianPerSecond};
use nalgebra::{Isometry3, Translation3, Unit, UnitQuaternion, Vector3};
use urdf_rs::JointType;

use crate::chain::Chain;

/// A serial arm of at most [`MAX_AXES`] revolute joints with a probe on its flange.
///
/// Fixed joints of the description are folded into their neighbours, so the model is one rigid transform and one axis for
/// each joint. The description's root link is frame `base`; its last link is the flange.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmModel {
    name: String,
    axes: usize,
    pub(crate) joints: [JointModel; MAX_AXES],
    limits: [JointLimits; MAX_AXES],
    /// From the frame that turns with the last joint to the flange.
    pub(crate) flange: Isometry3<f64>,
    /// From the flange to the probe tip.
    pub(crate) probe: Isometry3<f64>,
    /// All of that, as the kinematics want it.
    pub(crate) chain: Chain,
}

/// Where a joint sits and how it turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct JointModel {
    /// From the frame that turns with the joint before (or `base`) to this joint's frame at angle zero.
    pub(crate) origin: Isometry3<f64>,
    /// The axis of rotation in the joint's own frame.
    pub(crate) axis: Unit<Vector3<f64>>,
}

/// What a joint can do, as its maker states it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointLimits {
    /// The smallest angle, rad.
    pub lower: Radian,
    /// The largest angle, rad; above `lower`.
    pub upper: Radian,
    /// The largest speed in either direction, rad/s; positive.
    pub speed: RadianPerSecond,
    /// The largest torque in either direction, N·m; positive.
    pub effort: NewtonMetre,
}

/// Why a description makes no arm, and what to mend in it. The description is configuration: its author is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The text is not URDF.
    #[error("the arm description is not readable as URDF: {reason}; mend the file")]
    NotUrdf {
        /// What the reader stumbled over.
        reason: String,
    },
    /// No link is free of a parent, or several are.
    #[error("the arm description has {count} root links; exactly one link must be nobody's child")]
    Roots {
        /// How many links have no parent.
        count: usize,
    },
    /// More than one joint leaves a link.
    #[error("the arm description branches at link `{link}`; keep only the chain from the base to the flange")]
    Branch {
        /// The link with several children.
        link: String,
    },
    /// Some joints hang on no link of the chain, or run in a circle.
    #[error("joint `{joint}` is not on the chain from the base to the flange; remove it or connect its parent link")]
    Unconnected {
        /// A joint that was not reached.
        joint: String,
    },
    /// A joint of a kind this model does not have.
    #[error("joint `{joint}` is of type {kind}; only `revolute` (with limits) and `fixed` joints can be used")]
    Kind {
        /// The joint.
        joint: String,
        /// Its type in URDF's words.
        kind: &'static str,
    },
    /// The chain has no joint that turns, or too many.
    #[error("the arm description has {count} revolute joints; 1 to {MAX_AXES} can be used")]
    Axes {
        /// How many revolute joints there are.
        count: usize,
    },
    /// A joint without usable limits.
    #[error("joint `{joint}`: {wrong}; state `lower` below `upper`, and `velocity` and `effort` above zero")]
    Limits {
        /// The joint.
        joint: String,
        /// What is wrong with them.
        wrong: &'static str,
    },
    /// A joint whose numbers make no place or no axis.
    #[error("joint `{joint}`: {wrong}; state finite numbers and an axis that is not zero")]
    Geometry {
        /// The joint.
        joint: String,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// The pose of the probe on the flange is not finite.
    #[error("the pose of the probe on the flange is not finite; mend the configuration of the probe's mount")]
    Probe,
}

impl ArmModel {
    /// Reads a URDF description. `probe_on_flange` is the pose of the probe tip (frame `tip`, z out of the probe) in the
    /// axes of the last link, m.
    ///
    /// Meshes, inertias and materials are ignored. Allocates: not for the real-time thread.
    pub fn from_urdf(text: &str, probe_on_flange: Isometry3<f64>) -> Result<Self, ModelError> {
        let robot =
            urdf_rs::read_from_string(text).map_err(|error| ModelError::NotUrdf { reason: error.to_string() })?;
        if !is_finite(&probe_on_flange) {
            return Err(ModelError::Probe);
        }
        let mut joints = [JointModel::default(); MAX_AXES];
        let mut limits = [JointLimits::NONE; MAX_AXES];
        let mut axes = 0;
        let mut since_last_axis = Isometry3::identity();
        for joint in chain(&robot)? {
            since_last_axis *= origin_of(joint)?;
            match kind_of(joint)? {
                Kind::Fixed => {}
                Kind::Revolute => {
                    let (axis, range) = (axis_of(joint)?, JointLimits::of(joint)?);
                    if let (Some(slot), Some(limit)) = (joints.get_mut(axes), limits.get_mut(axes)) {
                        *slot = JointModel { origin: since_last_axis, axis };
                        *limit = range;
                    }
                    since_last_axis = Isometry3::identity();
                    axes += 1;
                }
            }
        }
        if axes == 0 || axes > MAX_AXES {
            return Err(ModelError::Axes { count: axes });
        }
        let (flange, probe) = (since_last_axis, probe_on_flange);
        let chain = Chain::new(joints.get(..axes).unwrap_or(&joints), &(flange * probe));
        Ok(Self { name: robot.name, axes, joints, limits, flange, probe, chain })
    }

    /// The robot's name in its description.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many joints turn, 1 to [`MAX_AXES`].
    pub const fn axes(&self) -> usize {
        self.axes
    }

    /// What each joint can do, from the base outwards; [`ArmModel::axes`] entries.
    pub fn limits(&self) -> &[JointLimits] {
        self.limits.get(..self.axes).unwrap_or(&self.limits)
    }

    /// The pose of the probe tip in the axes of the flange, m.
    pub const fn probe_on_flange(&self) -> &Isometry3<f64> {
        &self.probe
    }

    /// The middle of each joint's range, rad: the posture that is farthest from every limit.
    pub fn middle(&self) -> Joints {
        let mut middle = Joints::zero(self.axes);
        for (angle, limit) in middle.as_mut_slice().iter_mut().zip(&self.limits) {
            *angle = 0.5 * (limit.lower + limit.upper).get();
        }
        middle
    }

    /// Whether every angle is finite and within its joint's range, and there is one for each joint.
    pub fn allows(&self, positions: &Joints) -> bool {
        positions.axes() == self.axes
            && positions.as_slice().iter().zip(self.limits()).all(|(angle, limit)| limit.contains(*angle))
    }
}

impl JointLimits {
    /// Of a joint that can't turn; fills the places behind an arm's last joint.
    const NONE: Self =
        Self { lower: Radian::ZERO, upper: Radian::ZERO, speed: RadianPerSecond::ZERO, effort: NewtonMetre::ZERO };

    /// Whether this angle, rad, is within the joint's range; NaN is not.
    pub fn contains(&self, angle: f64) -> bool {
        (self.lower.get()..=self.upper.get()).contains(&angle)
    }

    /// Reads and checks the limits of a joint.
    fn of(joint: &urdf_rs::Joint) -> Result<Self, ModelError> {
        let fault = |wrong| ModelError::Limits { joint: joint.name.clone(), wrong };
        let limit = &joint.limit;
        let read = Self {
            lower: Radian::new(limit.lower).map_err(|_| fault("`lower` is not finite"))?,
            upper: Radian::new(limit.upper).map_err(|_| fault("`upper` is not finite"))?,
            speed: RadianPerSecond::new(limit.velocity).map_err(|_| fault("`velocity` is not finite"))?,
            effort: NewtonMetre::new(limit.effort).map_err(|_| fault("`effort` is not finite"))?,
        };
        if read.lower >= read.upper {
            return Err(fault("`lower` is not below `upper`"));
        }
        if read.speed <= RadianPerSecond::ZERO {
            return Err(fault("`velocity` is not above zero"));
        }
        if read.effort <= NewtonMetre::ZERO {
            return Err(fault("`effort` is not above zero"));
        }
        Ok(read)
    }
}

impl Default for JointModel {
    fn default() -> Self {
        Self { origin: Isometry3::identity(), axis: Vector3::z_axis() }
    }
}

/// The kinds of joint the model has.
enum Kind {
    Fixed,
    Revolute,
}

fn kind_of(joint: &urdf_rs::Joint) -> Result<Kind, ModelError> {
    let kind = match joint.joint_type {
        JointType::Fixed => return Ok(Kind::Fixed),
        JointType::Revolute => return Ok(Kind::Revolute),
        // Without limits there is no range to stay in; a real arm's cables have one.
        JointType::Continuous => "continuous",
        JointType::Prismatic => "prismatic",
        JointType::Floating => "floating",
        JointType::Planar => "planar",
        JointType::Spherical => "spherical",
    };
    Err(ModelError::Kind { joint: joint.name.clone(), kind })
}

/// The joints from the root link to the last one, in order.
fn chain(robot: &urdf_rs::Robot) -> Result<Vec<&urdf_rs::Joint>, ModelError> {
    let is_child = |name: &str| robot.joints.iter().any(|joint| joint.child.link == name);
    let roots: Vec<&str> = robot.links.iter().map(|link| link.name.as_str()).filter(|name| !is_child(name)).collect();
    let &[mut tail] = roots.as_slice() else {
        return Err(ModelError::Roots { count: roots.len() });
    };
    let mut chain: Vec<&urdf_rs::Joint> = Vec::with_capacity(robot.joints.len());
    // A joint is taken at most once, so that a circle ends the search instead of running for ever.
    while chain.len() < robot.joints.len() {
        let mut leaving = robot.joints.iter().filter(|joint| joint.parent.link == tail);
        let Some(next) = leaving.next() else { break };
        if leaving.next().is_some() {
            return Err(ModelError::Branch { link: tail.to_owned() });
        }
        tail = &next.child.link;
        chain.push(next);
    }
    let reached = |joint: &urdf_rs::Joint| chain.iter().any(|known| core::ptr::eq(*known, joint));
    match robot.joints.iter().find(|joint| !reached(joint)) {
        Some(joint) => Err(ModelError::Unconnected { joint: joint.name.clone() }),
        None => Ok(chain),
    }
}

fn origin_of(joint: &urdf_rs::Joint) -> Result<Isometry3<f64>, ModelError> {
    let [roll, pitch, yaw] = *joint.origin.rpy;
    let origin = Isometry3::from_parts(
        Translation3::from(*joint.origin.xyz),
        UnitQuaternion::from_euler_angles(roll, pitch, yaw),
    );
    if is_finite(&origin) {
        Ok(origin)
    } else {
        Err(ModelError::Geometry { joint: joint.name.clone(), wrong: "`origin` is not finite" })
    }
}

fn axis_of(joint: &urdf_rs::Joint) -> Result<Unit<Vector3<f64>>, ModelError> {
    /// URDF asks for a unit vector; one shorter than this has no direction worth normalising.
    const SHORTEST_AXIS: f64 = 1e-6;
    let fault = ModelError::Geometry { joint: joint.name.clone(), wrong: "`axis` has no direction" };
    let axis = Vector3::from(*joint.axis.xyz);
    if !axis.norm().is_finite() {
        return Err(fault);
    }
    Unit::try_new(axis, SHORTEST_AXIS).ok_or(fault)
}

fn is_finite(isometry: &Isometry3<f64>) -> bool {
    isometry.translation.vector.iter().chain(isometry.rotation.coords.iter()).all(|value| value.is_finite())
}

#[cfg(test)]
mod tests;
