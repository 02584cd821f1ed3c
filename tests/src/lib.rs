//! Tests that cross the parts.
