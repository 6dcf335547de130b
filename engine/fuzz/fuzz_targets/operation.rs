//! The payload of a frame of the log is applied or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    engine::fuzzing::operation(bytes);
});
