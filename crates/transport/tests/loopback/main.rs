//! Endpoints against each other, over real sockets on the loopback interface. One binary: each would be linked on its own.
// Helpers of tests fail as tests do; clippy's exemption for tests does not reach them.
#![allow(clippy::unwrap_used)]

mod blackout;
mod door;
mod folders;
mod foreign;
mod frames;
mod hostile;
mod link;
mod paths;
mod rebind;
mod refusals;
mod sink;
mod support;
mod wire;
