//! Both ends of the conversation: freshness, lease, clock, link quality, latency accounting.
