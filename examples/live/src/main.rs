//! The live server: every session of weir, driven by tokio.

fn main() {}
