//! The server: HTTP surfaces, authentication, the command line and its configuration.
//!
//! `router` is the table of contents. A request goes from there to one handler in `controllers`, which calls the
//! library that knows: `query-lang` for the question, `engine` for records and answers, `stagecraft` for configuration,
//! `spotlight-renderer` for pages. `listener` takes connections, at a `pace`. `ingest` is the one way for records to come
//! in, whoever brings them. `access` stands before what is not for everybody. `worker` does what was asked for and nobody waits for. `cli` holds one file a command.

pub mod access;
pub mod auth;
pub mod body;
pub mod branding;
pub mod cli;
pub mod clock;
pub mod controllers;
pub mod error;
pub mod ingest;
pub mod listener;
pub mod metrics;
pub mod one_vary;
pub mod openapi;
mod pace;
pub mod page_safety;
pub mod record_schema;
pub mod retention;
pub mod router;
pub mod state;
mod weak_tags;
pub mod worker;
