//! Collectors: from something that is not records to records.
//!
//! This crate will own the readers of spreadsheets (CSV, XLS, XLSX), the clients of analytics and uptime providers, and the
//! imports from older systems; one file a provider. A collector yields records and never writes to the store itself: the
//! server takes what it yields in by the one way that there is for records.
