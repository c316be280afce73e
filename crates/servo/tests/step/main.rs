//! The step held to its contract by whole exams on the simulated arm: it never allocates, and what it gives out is finite.
// Helpers of tests fail as tests do; clippy's exemption for tests does not reach them.
#![allow(clippy::unwrap_used)]

mod at_rest;
mod disagreement;
mod exam;
mod finite;
mod no_alloc;
mod plausible;
mod refused;
mod stalls;
mod told;
mod touch;

/// Turns an allocation within `assert_no_alloc` into an abort, for every test of this binary.
#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;
