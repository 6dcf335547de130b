//! From a dashboard definition and data to a page: figures, charts, tables, HTML.
//!
//! What flows where: [`site`] finds out what an address means; [`definition`] reads what is stored about it and what it asks;
//! [`rows`] and [`module`] make facts of the answers; [`view`] holds them. From there they go to machines ([`view::json`]) or, put
//! into words by [`present`], to people ([`mod@page`], [`chart`]). [`lint`] says what is wrong with a definition. Nothing here fetches
//! anything: [`data`] says what is needed.

pub mod case;
pub mod chart;
pub mod data;
pub mod definition;
pub mod format;
pub mod lint;
pub mod module;
pub mod page;
mod pattern;
pub mod present;
pub mod rows;
pub mod site;
pub mod view;
pub mod words;
pub mod written;
