//! The safety gate: the last thing before the arm.
