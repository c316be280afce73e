//! Tests of the gate as a whole. Each test's name begins with the requirement of `SAFETY.md` it holds.

mod agility;
mod approach;
mod descent;
mod driving;
mod envelope;
mod following;
mod forces;
mod freezing;
mod joints;
mod lifting;
mod limits;
mod monitor;
mod pressing;
mod random;
pub(crate) mod scene;
mod sensor;
mod tissue;
mod touch;
mod trace;
mod walk;
