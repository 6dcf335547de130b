//! How much work reading a query takes, counted instead of timed: so many characters or parameters looked at.
//!
//! Nothing is counted outside of the tests of this crate. There, work that grows faster than the text is a failure: everybody may
//! send a query, and nobody may keep a core busy with one.

/// Notes that so many characters, or parameters, have been looked at.
#[cfg(not(test))]
pub(crate) fn add(_: usize) {}

#[cfg(test)]
pub(crate) use tests::add;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use chrono::DateTime;

    use crate::{LONGEST, Policy, parse};

    thread_local! {
        static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn add(steps: usize) {
        STEPS.with(|counted| counted.set(counted.get() + steps));
    }

    /// The steps that it takes to read, or refuse, a query string, and to print what was read.
    fn steps(query_string: &str) -> usize {
        STEPS.with(|counted| counted.set(0));
        if let Ok(query) = parse(query_string, &Policy { raw_queries_allowed: true }, DateTime::UNIX_EPOCH) {
            let printed = query.to_string();
            add(printed.len());
        }
        STEPS.with(Cell::get)
    }

    /// What stands before, what is repeated, and what stands behind: the shapes that are hardest to read.
    const HARDEST: [(&str, &str, &str); 24] = [
        ("", "&", ""),
        ("", "limit=1&", ""),
        ("", "group_by=aa&", ""),
        ("group_by=aa", "&filter_by=bb:c", ""),
        ("group_by=aa", "&collect=bb:sum", ""),
        ("limit=1", "&filter=aa=1", ""),
        ("limit=1", "&fields=aa", ""),
        ("fields=aa", ",bb", ""),
        ("filter=aa+in+(1", ",1", ")"),
        ("filter=aa+in+(1", ",1", ""),
        ("filter=aa='", "%C3%A9", "'"),
        ("filter=aa='", "''", "'"),
        ("filter=aa='", "x", ""),
        ("filter=aa=", "9", ""),
        ("filter=aa=", "x", ""),
        ("filter=", "x", ""),
        ("filter=aa=1", "+", ""),
        ("filter=", "((((((((aa=1+or+aa=1))))))))+and+", "aa=1"),
        ("filter=", "((((((((((((((((aa=1+or+", "aa=1"),
        ("filter=", "not+", "aa=1"),
        ("sort_by=", "aa:", "ascending"),
        ("cursor=", "W1s", ""),
        ("start_at=", "2014-", "&end_at=2014-01-01T00:00:00Z"),
        ("limit=", "0", "1"),
    ];

    #[test]
    fn work_grows_no_faster_than_the_text() {
        for (before, piece, after) in HARDEST {
            let steps_a_byte = |length: usize| {
                let times = (length - before.len() - after.len()) / piece.len();
                let text = format!("{before}{}{after}", piece.repeat(times));
                steps(&text) as f64 / text.len() as f64
            };
            let (short, long) = (steps_a_byte(2_000), steps_a_byte(LONGEST));
            let shape = format!("{before}{piece}..{after}");
            assert!(long <= short * 1.1, "{shape}: {short:.1} steps a byte of 2,000, {long:.1} of {LONGEST}");
            assert!(long < 100.0, "{shape}: {long:.1} steps a byte");
        }
    }

    #[test]
    fn everything_that_is_read_is_counted() {
        for text in ["filter_by=aa:xxxxxxxx", "filter=aa='xxxxxxxx'", "fields=xxxxxxxxxx", "limit=000000001"]
        {
            assert!(steps(text) > 2 * text.len(), "{text}: {} steps", steps(text));
        }
    }
}
