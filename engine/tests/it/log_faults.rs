//! Every step that the log takes on its disk fails in every way, or is the last before the power goes: what was acknowledged is
//! there, once, and what was refused is not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::support::faulty_disk::{Fault, FaultyDisk, Handle, Plan, Step};
use crate::support::store::{contents, is_whole, records, tiny};
use engine::{Place, Store, StoreOptions};
use object_store::memory::InMemory;
use serde_json::json;

fn options() -> StoreOptions {
    // so that the log has many files
    StoreOptions { log_file: 300, ..tiny() }
}

/// What clients know of a data set.
#[derive(Default)]
struct Journal {
    /// What was acknowledged, and what there was not from the beginning.
    acknowledged: BTreeMap<String, i64>,
    /// What was refused, `None` for a removal.
    refused: Vec<(String, Option<i64>)>,
    next: i64,
}

impl Journal {
    async fn write(&mut self, store: &Store) {
        self.next += 1;
        let (id, number) = (format!("r{}", self.next * 7 % 10), self.next);
        let value = (number % 5 != 0).then_some(number);
        let result = match value {
            Some(value) => store.append("set", records(&json!({"_id": id, "nn": value}))).await,
            None => store.delete("set", &id).await.map(|_| ()),
        };
        match (result, value) {
            (Err(_), value) => self.refused.push((id, value)),
            (Ok(()), Some(value)) => drop(self.acknowledged.insert(id, value)),
            (Ok(()), None) => drop(self.acknowledged.remove(&id)),
        }
    }

    /// What there is after a start: what was acknowledged. A refused write may be there too if the power went before what it
    /// had left on the disk could be cut off, and then it is what there is from now on.
    fn check_and_adopt(
        &mut self,
        found: BTreeMap<String, i64>,
        refused_may_be_there: bool,
    ) -> Result<(), String> {
        let ids: BTreeSet<&String> = found.keys().chain(self.acknowledged.keys()).collect();
        for id in ids {
            let there = found.get(id).copied();
            let is_refused = refused_may_be_there && self.refused.contains(&(id.clone(), there));
            if there != self.acknowledged.get(id).copied() && !is_refused {
                return Err(format!("{id} is {there:?}; acknowledged was {:?}", self.acknowledged.get(id)));
            }
        }
        self.acknowledged = found;
        Ok(())
    }
}

/// Writes, flushes, compactions and clean-ups, with a power cut half of the way through and another at the end; then everything is
/// looked at. The steps that the log took.
async fn run(plan: Option<Plan>) -> Result<Vec<Step>, String> {
    let (objects, folder) = (Arc::new(InMemory::new()), tempfile::tempdir().unwrap());
    let disk = FaultyDisk::new(plan);
    let place = |disk: &Arc<FaultyDisk>, folder: &Path| {
        Place::on(objects.clone(), "memory://bucket", folder)
            .with_log_disk(Arc::new(Handle(Arc::clone(disk))))
    };
    let mut journal = Journal::default();
    // a step that keeps failing may leave a frame that was refused
    let can_be_mended = plan.is_none_or(|plan| plan.count == 1);
    for round in 0..2 {
        let opened = Store::open_at(place(&disk, folder.path()), options()).await;
        let Ok(store) = opened else {
            // even a log that cannot be begun is no harm to what is there
            disk.heal();
            continue;
        };
        let found = contents(&store, "set").await.map_err(|error| error.to_string())?;
        journal.check_and_adopt(found, !can_be_mended)?;
        for step in 0..7 {
            journal.write(&store).await;
            let found = contents(&store, "set").await.map_err(|error| error.to_string())?;
            if found != journal.acknowledged {
                return Err(format!("{found:?} is there; acknowledged was {:?}", journal.acknowledged));
            }
            match step {
                2 => drop(store.flush().await),
                5 if round > 0 => {
                    drop(store.compact("set").await);
                    drop(store.clean().await);
                }
                _ => {}
            }
        }
        drop(store);
        // the thread of the log has the disk until it has ended
        while Arc::strong_count(&disk) > 1 {
            std::thread::yield_now();
        }
        disk.cut_power();
    }
    disk.heal();
    let place = place(&disk, folder.path());
    let store = Store::open_at(place.clone(), options()).await.map_err(|error| error.to_string())?;
    let found = contents(&store, "set").await.map_err(|error| error.to_string())?;
    journal.check_and_adopt(found, !can_be_mended)?;
    // and it goes on
    for _ in 0..4 {
        journal.write(&store).await;
    }
    store.close().await.map_err(|error| error.to_string())?;
    let found = contents(&store, "set").await.map_err(|error| error.to_string())?;
    journal.check_and_adopt(found, false)?;
    is_whole(&place).await?;
    Ok(disk.steps())
}

#[tokio::test]
async fn whatever_step_of_the_log_fails_nothing_acknowledged_is_lost_and_nothing_refused_is_there() {
    let steps = run(None).await.unwrap();
    for step in [Step::Create, Step::Append, Step::Sync, Step::Remove] {
        assert!(steps.iter().filter(|taken| **taken == step).count() > 1, "{step:?} in {steps:?}");
    }
    let mut taken = BTreeSet::new();
    for first in 0..steps.len() {
        let faults = [Fault::Refused, Fault::Half, Fault::Done];
        // once, and then for a while or for good: the steps take turns in how
        let once = faults.map(|fault| Plan { first, count: 1, fault });
        let longer = Plan { first, count: [2, 5, usize::MAX][first / 3 % 3], fault: faults[first % 3] };
        for plan in once.into_iter().chain([longer]) {
            match run(Some(plan)).await {
                Ok(steps) => taken.extend(steps),
                Err(problem) => panic!("{plan:?}, {:?}: {problem}", steps[first]),
            }
        }
    }
    assert!(taken.contains(&Step::Cut), "what failed writes leave is cut off");
}

#[tokio::test]
async fn a_disk_that_says_that_it_has_synced_and_has_not_is_found_out() {
    let plan = Plan { first: 0, count: usize::MAX, fault: Fault::Lied };
    let problem = run(Some(plan)).await.unwrap_err();
    assert!(problem.contains("acknowledged was"), "{problem}");
}
