//! What holds of every text taken as a query string. The fuzzer and the test of its corpus both come here.

use chrono::{DateTime, Utc};
use query_lang::{Cursor, LONGEST, Policy, Query, parse, read_timestamp};

/// Panics when a law is broken.
pub fn hold(text: &str) {
    let now = DateTime::from_timestamp(1_392_200_430, 0).expect("a moment in 2014");
    let open = parse(text, &Policy { raw_queries_allowed: true }, now);
    let strict = parse(text, &Policy { raw_queries_allowed: false }, now);
    match &open {
        Ok(query) => reads_back(query, now),
        Err(error) => {
            assert!(strict.is_err(), "what an open data set refuses, a strict one refuses too");
            let there = error.position().map(|position| &text[position..]);
            assert!(there.is_none_or(|there| !there.starts_with('&')), "the place is that of a parameter");
            assert_eq!(error.marked(text).is_some(), error.position().is_some());
            assert!(!error.to_string().is_empty());
        }
    }
    if let Ok(query) = &strict {
        assert_eq!(open.as_ref(), Ok(query), "a policy refuses, and changes nothing");
    }
    let _ = read_timestamp(text);
    let _ = Cursor::read(text);
    let escaped = query_lang::for_url(text);
    assert!(escaped.bytes().all(|byte| byte.is_ascii_graphic()));
    if escaped.len() <= LONGEST {
        assert_eq!(parse(&escaped, &Policy { raw_queries_allowed: true }, now).is_ok(), open.is_ok());
    }
}

fn reads_back(query: &Query, now: DateTime<Utc>) {
    let printed = query.to_string();
    let policy = Policy { raw_queries_allowed: true };
    // A very long text may grow too long when it is printed with all blanks and escapes.
    if printed.len() <= LONGEST {
        assert_eq!(parse(&printed, &policy, now).as_ref(), Ok(query), "{printed}");
    }
    let window = query.window(now);
    assert_eq!(window.periods.is_some(), query.period.is_some());
    if let Some(periods) = window.periods {
        assert!(periods.start <= periods.end || periods.count() == 0);
        assert_eq!(periods.starts().take(20).count() as u64, periods.count().min(20), "{printed}");
    }
}
