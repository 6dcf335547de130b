//! The tests of the engine from outside, as one program: each file is a topic, and all of them are linked once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

mod fuzz_corpus;
mod log_faults;
mod object_stores;
mod put_faults;
mod query_limits;
mod query_model;
mod read_vectors;
mod retention;
mod store;
mod streams;
mod support;
