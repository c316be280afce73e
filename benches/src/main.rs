//! Latency, jitter, codec and impairment runs.
fn main() {}
