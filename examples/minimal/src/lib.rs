//! What the minimal drivers share.
