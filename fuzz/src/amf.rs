//! Targets of weir-amf.
