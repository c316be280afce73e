//! QUIC endpoints and identities; opaque datagrams and streams.
