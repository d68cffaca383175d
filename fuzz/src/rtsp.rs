//! Targets of weir-rtsp.
