//! From a dashboard definition and data to a page: figures, charts, tables, HTML.
//!
//! Data flows definition -> queries -> rows -> view models -> [`chart`] and page -> HTML. Nothing here fetches anything.

pub mod chart;
pub mod compose;
pub mod data;
pub mod definition;
pub mod format;
pub mod module;
pub mod page;
pub mod rows;
pub mod view;
