//! RTCP: compound packets, reports, feedback, extended reports, the send interval (RFC 3550).
