//! Targets of weir-rtmp.
