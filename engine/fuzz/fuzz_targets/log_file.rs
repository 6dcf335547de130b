//! A file of the log is read to where it is whole.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    engine::fuzzing::log_file(bytes);
});
