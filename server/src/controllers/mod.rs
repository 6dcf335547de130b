//! One file a resource: a handler takes a request apart, calls the library that knows, and puts the answer together.

pub mod admin_api;
pub mod dashboards;
pub mod read;
pub mod status;
pub mod write;
