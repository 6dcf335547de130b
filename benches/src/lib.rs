//! Benchmarks: what it costs, measured beside the alternatives.
//!
//! The programs are in `src/bin`, small measurements in `benches`, what measures other databases in `peers/`. Nothing here asserts on time; figures go into
//! `README.md`, with the command that made them.

pub mod records;
pub mod times;
