//! Running the grouping kernel over a scan, on all cores when there is enough work.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool};
use futures::future::try_join_all;
use query_lang::{Query, Window};

use super::QueryFailure;
use super::group::Groups;
use super::kernel::{Grouping, Kernel};
use super::scan::{Scan, Unit};
use super::trace::Trace;
use super::workers::Workers;
use crate::schema::{SEQUENCE, TIMESTAMP};
use crate::snapshot::Snapshot;

/// The groups of a query, sorted by their keys, then by period.
///
/// # Errors
/// When a collect does not suit the values, a segment cannot be read, or there is not memory enough.
pub async fn groups(
    snapshot: &Snapshot,
    query: &Query,
    window: &Window,
    workers: &Workers,
    memory: &Arc<dyn MemoryPool>,
    trace: &Arc<Trace>,
) -> Result<Groups, QueryFailure> {
    let begin = Instant::now();
    let scan = Arc::new(Scan::plan(snapshot, query, window, trace).await?);
    let grouping = Grouping::of(query);
    let mut columns = scan.columns(grouping.keys());
    columns.extend(grouping.needs_time().then(|| TIMESTAMP.to_owned()));
    columns.extend(grouping.needs_order().then(|| SEQUENCE.to_owned()));
    columns.sort_unstable();
    columns.dedup();

    // Always the same shares, so that sums of floats always come out the same.
    let shares = scan.shares(workers.shares(scan.rows()));
    trace.plan(&scan, || {
        let threads = if shares.len() > 1 { format!(", {} threads", shares.len()) } else { String::new() };
        Ok::<_, QueryFailure>(vec![format!("{grouping}{threads}"), format!("  {}", scan.describe(&columns))])
    })?;
    trace.step("plan", begin);
    let kernels = shares.iter().map(|units| share(&scan, units, &columns, &grouping, workers, memory));
    let mut kernels = try_join_all(kernels).await?.into_iter();
    let Some(kernel) = kernels.next() else { return Ok(Groups::default()) };
    let others: Vec<Kernel> = kernels.collect();
    let values = kernel.groups() * (others.len() + 1) * grouping.width();
    let begin = Instant::now();
    let merge = move || {
        let mut kernel = kernel;
        others.iter().for_each(|other| kernel.merge(other));
        Ok(kernel.finish())
    };
    let groups = workers.run(values, merge).await?;
    trace.step("merge", begin);
    Ok(groups)
}

/// The groups of some units.
async fn share(
    scan: &Arc<Scan>,
    units: &[Unit],
    columns: &[String],
    grouping: &Grouping,
    workers: &Workers,
    memory: &Arc<dyn MemoryPool>,
) -> Result<Kernel, QueryFailure> {
    let reservation = MemoryConsumer::new("groups").register(memory);
    let mut kernel = Kernel::new(grouping);
    for unit in units {
        let Some(batch) = scan.read(unit, columns, workers).await? else { continue };
        let begin = Instant::now();
        let values = batch.num_rows() * grouping.width();
        kernel = workers.run(values, move || add(kernel, &batch)).await?;
        scan.trace().step("group", begin);
        reservation.try_resize(kernel.bytes())?;
    }
    Ok(kernel)
}

fn add(mut kernel: Kernel, batch: &RecordBatch) -> Result<Kernel, QueryFailure> {
    kernel.update(batch)?;
    Ok(kernel)
}
