//! The latency figures the window shows; `farprobe-session` measures them.

/// Latency figures of the last few seconds. A figure that is not known yet is `None`, never zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LatencySnapshot {
    /// From a handle sample to the first picture that shows its effect, ms.
    pub hand_to_eye_ms: Option<Percentiles>,
    /// From handle sample to the tick that applied the command, ms.
    pub command_age_ms: Option<Percentiles>,
    /// From capture to decoded, ms.
    pub picture_latency_ms: Option<Percentiles>,
    /// The command path's round trip, ms.
    pub round_trip_ms: Option<f64>,
    /// Commands that did not arrive, %.
    pub command_loss_percent: Option<f64>,
    /// Pictures that did not arrive whole, %.
    pub picture_loss_percent: Option<f64>,
    /// One-way figures may be wrong by this much, ms: the bound of the clock estimate.
    pub clock_error_bound_ms: Option<f64>,
    /// The path of a motion from hand to eye, in order.
    pub hops: Vec<Hop>,
}

/// Three points of a distribution, ms.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Percentiles {
    /// Half are better.
    pub p50: f64,
    /// One in 20 is worse.
    pub p95: f64,
    /// One in 100 is worse.
    pub p99: f64,
}

/// One step of the path from hand to eye.
#[derive(Debug, Clone, PartialEq)]
pub struct Hop {
    /// What happens in it, in one word or two: "uplink", "encode".
    pub name: String,
    /// Its median, ms.
    pub ms: f64,
}
