use super::*;
use crate::fixtures::{FR3, fr3};
use proptest::prelude::*;

fn error_of(text: &str) -> ModelError {
    ArmModel::from_urdf(text, Isometry3::identity()).expect_err("this description must be refused")
}

#[test]
fn the_fr3_has_its_published_limits() {
    let model = fr3();
    assert_eq!((model.name(), model.axes(), model.limits().len()), ("fr3", 7, 7));
    let limit = model.limits()[5];
    assert_eq!((limit.lower.get(), limit.upper.get(), limit.speed.get()), (0.5445, 4.5169, 4.18));
    assert_eq!(model.limits()[3].effort.get(), 87.0);
    assert!(model.allows(&model.middle()));
    assert!(!model.allows(&Joints::zero(7)), "joint 4 of an FR3 can't be straight");
    assert!(!model.allows(&Joints::zero(6)));
}

#[test]
fn each_fault_of_a_description_is_named() {
    assert!(matches!(error_of("no robot"), ModelError::NotUrdf { .. }));
    assert_eq!(error_of(r#"<robot name="x"><link name="a"/></robot>"#), ModelError::Axes { count: 0 });
    let named = |joint: &str| joint.to_owned();
    assert_eq!(
        error_of(&FR3.replacen("revolute", "continuous", 1)),
        ModelError::Kind { joint: named("joint1"), kind: "continuous" }
    );
    assert!(matches!(error_of(&FR3.replacen("upper=\"2.7437\"", "upper=\"-3\"", 1)), ModelError::Limits { .. }));
    assert!(matches!(error_of(&FR3.replacen("xyz=\"0 0 1\"", "xyz=\"0 0 0\"", 1)), ModelError::Geometry { .. }));
    assert!(matches!(error_of(&FR3.replacen("xyz=\"0 0 0.333\"", "xyz=\"0 0 inf\"", 1)), ModelError::Geometry { .. }));
    assert_eq!(
        error_of(&FR3.replacen("parent link=\"link2\"", "parent link=\"link1\"", 1)),
        ModelError::Branch { link: named("link1") }
    );
    assert_eq!(error_of(&FR3.replacen("parent link=\"base\"", "parent link=\"flange\"", 1)).to_string(), {
        ModelError::Unconnected { joint: named("joint1") }.to_string()
    });
    assert_eq!(
        error_of(&FR3.replacen("</robot>", "<link name=\"loose\"/></robot>", 1)),
        ModelError::Roots { count: 2 }
    );
    let nowhere = Isometry3::translation(f64::NAN, 0.0, 0.0);
    assert_eq!(ArmModel::from_urdf(FR3, nowhere), Err(ModelError::Probe));
}

#[test]
fn eight_joints_are_too_many() {
    let eighth = FR3.replacen("type=\"fixed\"", "type=\"revolute\"", 1).replacen(
        "<child link=\"flange\"/>",
        "<child link=\"flange\"/><limit lower=\"-1\" upper=\"1\" velocity=\"1\" effort=\"1\"/>",
        1,
    );
    assert_eq!(error_of(&eighth), ModelError::Axes { count: 8 });
}

proptest! {
    #[test]
    fn a_damaged_description_never_panics(at in 0..FR3.len(), len in 0..200usize, with in "[<>/a-z0-9\" .-]{0,8}") {
        let end = (at + len).min(FR3.len());
        let damaged = format!("{}{with}{}", &FR3[..at], &FR3[end..]);
        let _ = ArmModel::from_urdf(&damaged, Isometry3::identity());
    }
}
