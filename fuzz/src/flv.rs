//! Targets of weir-flv.
