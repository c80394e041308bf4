//! Self-hosted prepaid credits: one binary.
fn main() {}
