//! The demo site.

fn main() {}
