//! Every step in which a file gets into a local folder fails, or is the last before the power goes: nothing that was acknowledged
//! is lost, and the store goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::support::faulty_disk::{Fault, Plan};
use crate::support::faulty_puts::FaultyPuts;
use crate::support::store::{contents, is_whole, records, tiny};
use engine::{Durability, Place, PutStep, Store, StoreOptions};
use serde_json::json;

fn options() -> StoreOptions {
    // The power only takes names away: what the log has stays.
    let durability = Durability::Interval(Duration::from_secs(86_400));
    StoreOptions { durability, log_file: 300, ..tiny() }
}

/// Writes, flushes and compactions, with a power cut half of the way through and another at the end; then everything is looked at.
/// The steps that were taken.
async fn run(plan: Option<Plan>) -> Result<Vec<PutStep>, String> {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyPuts::new(plan));
    let place = |disk: &Arc<FaultyPuts>| Place::local_on(folder.path(), disk.clone()).unwrap();
    let mut acknowledged = BTreeMap::new();
    let mut next = 0;
    for _ in 0..2 {
        let Ok(store) = Store::open_at(place(&disk), options()).await else {
            disk.heal();
            continue;
        };
        for step in 0..7 {
            next += 1;
            let id = format!("r{}", next * 7 % 10);
            // Only the log decides about writes.
            let written = store.append("set", records(&json!({"_id": id, "nn": next}))).await;
            written.map_err(|error| format!("{id} was refused: {error}"))?;
            acknowledged.insert(id, next);
            match step {
                2 => drop(store.flush().await),
                5 => {
                    drop(store.compact("set").await);
                    drop(store.clean().await);
                }
                _ => {}
            }
            let found = contents(&store, "set").await.map_err(|error| error.to_string())?;
            if found != acknowledged {
                return Err(format!("{found:?} is there; acknowledged was {acknowledged:?}"));
            }
        }
        drop(store);
        // What goes on behind it has the disk until it has ended.
        while Arc::strong_count(&disk) > 1 {
            tokio::task::yield_now().await;
        }
        disk.cut_power();
    }
    disk.heal();
    let place = place(&disk);
    let store = Store::open_at(place.clone(), options()).await.map_err(|error| error.to_string())?;
    let found = contents(&store, "set").await.map_err(|error| error.to_string())?;
    if found != acknowledged {
        return Err(format!("{found:?} is there at the end; acknowledged was {acknowledged:?}"));
    }
    store.flush().await.map_err(|error| error.to_string())?;
    store.close().await.map_err(|error| error.to_string())?;
    is_whole(&place).await?;
    Ok(disk.steps())
}

#[tokio::test]
async fn whatever_step_of_putting_a_file_fails_nothing_acknowledged_is_lost() {
    let steps = run(None).await.unwrap();
    let kinds: BTreeSet<PutStep> = steps.iter().copied().collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    for first in 0..steps.len() {
        // once, for a while, or for good: the steps take turns in how
        let fault = [Fault::Refused, Fault::Done][first % 2];
        let plan = Plan { first, count: [1, 4, usize::MAX][first / 2 % 3], fault };
        if let Err(problem) = run(Some(plan)).await {
            panic!("{plan:?}, {:?}: {problem}", steps[first]);
        }
    }
}

#[tokio::test]
async fn a_disk_that_says_that_it_has_synced_names_and_has_not_is_found_out() {
    let steps = run(None).await.unwrap();
    let names: Vec<usize> = (0..steps.len()).filter(|step| steps[*step] == PutStep::SyncName).collect();
    let mut found_out = false;
    for first in names {
        let lied = Plan { first, count: 1, fault: Fault::Lied };
        found_out = found_out || run(Some(lied)).await.is_err();
    }
    assert!(found_out, "the power cut takes nothing away");
}
