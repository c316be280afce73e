//! How access units travel in RTP. Pure: no socket, no clock.

pub(crate) mod assembler;
#[cfg(test)]
mod assembler_tests;
pub(crate) mod key_requests;
pub(crate) mod payload;
