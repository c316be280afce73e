//! What Farprobe reads from strangers, and what stands between them and a patient, each behind one function that takes any bytes.
//!
//! A function here returns for whatever it is given; it panics only where a promise is broken. With the feature `fuzzers` each
//! is a program for `cargo fuzz`; `tests/short.rs` runs them all for a moment, always in the same way.
#![forbid(unsafe_code)]

mod decoders;
mod gate;
mod operations;
pub mod seeds;

pub use decoders::{
    arm_description, cart_datagram, cart_message, console_datagram, console_message, exam_script, mouse_report,
    path_knock, picture_stamp, stream_frames, video_packets,
};
pub use gate::gate;
pub use operations::{command_inbox, lease_desk};

/// A function of this crate under its name, with inputs that make sense to it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of the function, and of the fuzzer.
    pub name: &'static str,
    /// Reads the bytes.
    pub read: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 14] = [
    Target { name: "console_datagram", read: console_datagram, seeds: seeds::console_datagrams },
    Target { name: "cart_datagram", read: cart_datagram, seeds: seeds::cart_datagrams },
    Target { name: "console_message", read: console_message, seeds: seeds::console_messages },
    Target { name: "cart_message", read: cart_message, seeds: seeds::cart_messages },
    Target { name: "picture_stamp", read: picture_stamp, seeds: seeds::stamped_pictures },
    Target { name: "stream_frames", read: stream_frames, seeds: seeds::streams },
    Target { name: "path_knock", read: path_knock, seeds: seeds::knocks },
    Target { name: "video_packets", read: video_packets, seeds: seeds::anything },
    Target { name: "arm_description", read: arm_description, seeds: seeds::arm_descriptions },
    Target { name: "exam_script", read: exam_script, seeds: seeds::exam_scripts },
    Target { name: "mouse_report", read: mouse_report, seeds: seeds::mouse_reports },
    Target { name: "lease_desk", read: lease_desk, seeds: seeds::anything },
    Target { name: "command_inbox", read: command_inbox, seeds: seeds::anything },
    Target { name: "gate", read: gate, seeds: seeds::gate_stories },
];
