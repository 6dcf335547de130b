//! Running a collector. No collector is built into this program yet, and a job says so to whoever asked for it.

use stagecraft::Job;

use super::Failure;
use crate::state::AppState;

/// Says which collector there would have to be.
///
/// # Errors
/// Always.
pub fn run(state: &AppState, job: &Job) -> Result<String, Failure> {
    let slug = job.argument["collector"].as_str().unwrap_or_default();
    let catalog = state.registry.catalog();
    let collector = catalog.collectors().find(|collector| collector.slug == slug);
    let collector = collector.ok_or_else(|| Failure::ForGood(format!("the collector {slug} was removed")))?;
    let kind = catalog.collector_type(collector.type_id);
    let entry_point = kind.map(|kind| kind.entry_point.clone()).unwrap_or_default();
    Err(Failure::ForGood(format!("no collector of this kind is built yet: {entry_point}")))
}
