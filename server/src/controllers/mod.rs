//! One file a resource: a handler takes a request apart, calls the library that knows, and puts the answer together.

pub mod admin;
pub mod admin_api;
pub mod dashboards;
pub mod operations;
pub mod read;
mod read_body;
pub mod status;
pub mod write;
