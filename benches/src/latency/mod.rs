//! Latency runs: what a run is made of, whatever it measures.
//!
//! A *run* measures one way through the system. It has *subjects* (Farprobe, and what it is judged by), of which the *floor* is
//! there twice: the same program run a second time shows what the machine makes of no difference at all. Every subject has its
//! turn in each *round*, so that whatever the machine does meanwhile, it does to all. A *layout* says on which cores the two ends
//! run, and a *link* what lies between them. The two ends are [processes of their own](ends).

pub(crate) mod command;
pub(crate) mod ends;
mod gather;
mod layout;
mod rounds;
mod slots;
pub(crate) mod statistics;

pub(crate) use slots::FLOOR_AGAIN;
pub(crate) use statistics::Spread;
