//! query-lang
