//! RTP: packet views and builders, sequence numbers, jitter, reordering (RFC 3550).
