//! What fuzzing began with and what it has found, read once more; and changes of it, as far as there is time for them in a test.

use std::path::PathBuf;

use engine::fuzzing;
use proptest::prelude::*;

/// The files of a target: name and content.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has no files");
    files
}

/// Files whose name begins with `good` are what they should be; others only do no harm.
fn replay(target: &str, is_good: impl Fn(&[u8]) -> bool) {
    for (name, bytes) in corpus(target) {
        let good = is_good(&bytes);
        assert!(good || !name.starts_with("good"), "{target}/{name}");
    }
}

#[test]
fn what_fuzzing_found_does_no_harm() {
    replay("body", fuzzing::body);
    replay("log_file", |bytes| fuzzing::log_file(bytes) > 0);
    replay("operation", fuzzing::operation);
    replay("manifest", fuzzing::manifest);
}

/// A file of the corpus with some bytes changed, some taken out, or its end cut off.
fn changed(target: &str) -> impl Strategy<Value = Vec<u8>> {
    let files: Vec<Vec<u8>> =
        corpus(target).into_iter().map(|(_, bytes)| bytes).filter(|bytes| !bytes.is_empty()).collect();
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    (prop::sample::select(files), prop::collection::vec(change, 1..8)).prop_map(|(mut bytes, changes)| {
        for (place, byte, kind) in changes {
            if bytes.is_empty() {
                break;
            }
            let place = place.index(bytes.len());
            match kind {
                0 | 1 => bytes[place] = byte,
                2 => drop(bytes.remove(place)),
                _ => bytes.truncate(place),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn nothing_near_what_is_right_does_harm(
        body in changed("body"),
        log_file in changed("log_file"),
        operation in changed("operation"),
        manifest in changed("manifest"),
    ) {
        fuzzing::body(&body);
        fuzzing::log_file(&log_file);
        fuzzing::operation(&operation);
        fuzzing::manifest(&manifest);
    }
}
