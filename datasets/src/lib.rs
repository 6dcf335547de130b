//! Invented data sets and dashboards: what the demo shows, what the benchmarks load, what the tests read.
//!
//! A sample data set is a function from a moment and a series (an authority and a licence type, a port and a channel)
//! to a record, or to none where a day is missing. So records are made one at a time, in the order of time, at any
//! scale, and a record does not depend on those before it.
//!
//! `sample` is what a data set is and how its records follow one another; `cadence` says when its records are due;
//! `story` is what happened in this invented country and when (a launch, a redesign, a fee that rose, an outage, a storm) and
//! `holidays` is its calendar; `noise` is chance that can be repeated; `sets` are the data sets, one file for each
//! data group; `dashboards` are the pages that show them, and `transforms` what is computed from them.
//!
//! Nothing here is copied from anywhere: services, authorities, ports and figures are made up. This crate reads no
//! clock: the present is an argument, and so is the seed.

mod cadence;
mod dashboards;
mod holidays;
mod noise;
mod sample;
mod sets;
mod story;
mod transforms;

pub use cadence::Cadence;
pub use dashboards::dashboards;
pub use sample::{Record, SampleDataSet, generate};
pub use sets::{sample_data_set, sample_data_sets};
pub use transforms::transforms;
