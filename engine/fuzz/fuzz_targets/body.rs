//! The body of a write is taken or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    engine::fuzzing::body(bytes);
});
