//! The controller daemon on the hospital cart.
fn main() {}
