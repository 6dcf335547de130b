//! Benchmarks: what it costs, measured beside the alternatives.
//!
//! This crate will own the micro-benchmarks of the engine, the load generator that speaks HTTP, and the comparison with other
//! databases in one run. Nothing here asserts on time; figures go into a page, with the command that made them.
