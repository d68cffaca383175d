//! Targets of weir-auth.
