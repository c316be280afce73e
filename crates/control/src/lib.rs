//! Kinematics, force law, command interpolation, clutch and scaling.
