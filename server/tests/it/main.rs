//! The tests of the server from outside, as one program: each file is a topic, and all of them are linked once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

mod access;
mod admin_api;
mod admin_api_rules;
mod audit_log;
mod bad_input;
mod browser;
mod clients;
mod conformance;
mod crash;
mod dashboards;
mod demo;
mod disk_full;
mod documents;
mod history;
mod listener;
mod openapi;
mod operations;
mod organisation_pages;
mod page_forms;
mod problem_report;
mod query_command;
mod query_language;
mod read_api;
mod read_over_http;
mod refusals;
mod s3;
mod secrets;
mod shared_registry;
mod sign_on;
mod support;
mod transforms;
mod user_command;
mod user_roles;

#[path = "../../../stagecraft/tests/support/mod.rs"]
mod postgres;
