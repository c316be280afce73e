//! Both ends of the conversation between console and cart: freshness, lease, clock, link quality, latency accounting.
//!
//! Pure: nothing here has a clock, a socket or a thread of its own. Time is an argument, always of the machine the value
//! lives on; a parameter in the peer's time says so.
//!
//! The cart's end ([`cart`]) decides which commands may reach the control law. What of it runs in the real-time thread
//! ([`cart::CartEnd`] and its parts) neither allocates nor locks nor panics. The console's end ([`console`]) numbers the
//! commands, estimates the cart's clock and watches what comes back. [`accounting`] turns the stamps of both ends into the
//! latencies that the live strip, the summary, the metrics and the benchmark show: one code path for all of them.
#![forbid(unsafe_code)]

pub mod accounting;
pub mod cart;
pub mod console;

mod minimum;

#[cfg(test)]
mod testing;
