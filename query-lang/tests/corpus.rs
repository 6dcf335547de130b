//! Everything that the fuzzer has found worth keeping, and texts of the greatest length and depth.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod laws;

use std::path::Path;

use query_lang::{Policy, parse};

#[test]
fn the_laws_hold_for_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/parse");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        println!("{}", path.display());
        laws::hold(&String::from_utf8_lossy(&bytes));
        count += 1;
    }
    assert!(count > 100, "the corpus is there");
}

/// Texts of one shape, repeated until they are as long as a query may be: each is read or refused as the short one is.
#[test]
fn the_laws_hold_for_the_longest_texts() {
    for (before, piece, after) in [
        ("", "&", ""),
        ("", "limit=1&", ""),
        ("", "group_by=aa&", ""),
        ("", "group_by=aa&group_by=bb&collect=cc:sum&", ""),
        ("", "filter_by=aa:x&", ""),
        ("", "fields=aa,bb&", ""),
        ("", "filter=aa=1&", ""),
        ("fields=", "aa,", "aa"),
        ("filter=", "not+", "aa=1"),
        ("filter=", "(", ""),
        ("filter=", "(aa=1+or+", ""),
        ("filter=aa+in+(", "1,", "2)"),
        ("filter=aa='", "''", "'"),
        ("filter=aa='", "%C3%A9", "'"),
        ("filter=aa=", "9", ""),
        ("filter=aa=1", "+", ""),
        ("sort_by=", "aa:", "ascending"),
        ("sort_by=aa", ":previous", ":ascending"),
        ("cursor=", "W1s", ""),
        ("start_at=", "2014-", "&end_at=2014-01-01T00:00:00Z"),
        ("limit=", "0", "1"),
    ] {
        for size in [500, query_lang::LONGEST] {
            let times = (size - before.len() - after.len()) / piece.len();
            println!("{before}{piece}{after}");
            laws::hold(&format!("{before}{}{after}", piece.repeat(times)));
        }
    }
}

#[test]
fn a_longer_text_is_refused_unread() {
    let policy = Policy { raw_queries_allowed: true };
    let parsed = |length: usize| parse(&"&".repeat(length), &policy, chrono::DateTime::UNIX_EPOCH);
    assert!(parsed(query_lang::LONGEST).is_ok());
    let error = parsed(query_lang::LONGEST + 1).unwrap_err();
    assert_eq!(error.to_string(), "the query is too long: at most 65535 bytes");
}
