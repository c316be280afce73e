//! The specialist's console.
fn main() {}
