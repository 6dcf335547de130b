//! A manifest is read or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    engine::fuzzing::manifest(bytes);
});
