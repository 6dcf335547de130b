//! A disk under a local folder of files: any step of putting one can fail, and names that were not synced are gone when the power
//! goes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use engine::{PutDisk, PutStep};

use super::faulty_disk::{Fault, Plan};

/// The disk.
#[derive(Debug)]
pub struct FaultyPuts(Mutex<State>);

#[derive(Debug)]
struct State {
    plan: Option<Plan>,
    /// All steps so far.
    steps: Vec<PutStep>,
    /// Files that a power cut takes away.
    unsynced: Vec<PathBuf>,
}

impl FaultyPuts {
    /// One whose steps fail as planned.
    pub fn new(plan: Option<Plan>) -> FaultyPuts {
        FaultyPuts(Mutex::new(State { plan, steps: Vec::new(), unsynced: Vec::new() }))
    }

    /// All steps so far.
    pub fn steps(&self) -> Vec<PutStep> {
        self.lock().steps.clone()
    }

    /// From now on nothing fails.
    pub fn heal(&self) {
        self.lock().plan = None;
    }

    /// What a loss of power leaves.
    pub fn cut_power(&self) {
        for path in std::mem::take(&mut self.lock().unsynced) {
            fs::remove_file(path).unwrap();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl PutDisk for FaultyPuts {
    fn take(&self, step: PutStep, path: &Path, how: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        let mut state = self.lock();
        let number = state.steps.len();
        state.steps.push(step);
        let planned =
            state.plan.filter(|plan| (plan.first..plan.first.saturating_add(plan.count)).contains(&number));
        let failure = || Err(io::Error::other("the disk has failed"));
        match planned.map(|plan| plan.fault) {
            Some(Fault::Refused | Fault::Half) => return failure(),
            Some(Fault::Lied) => return Ok(()),
            Some(Fault::Done) | None => {}
        }
        let is_new = !path.exists();
        // What is durable is only noted: nothing has to wait for the disk of the machine.
        if !matches!(step, PutStep::Sync | PutStep::SyncName) {
            how()?;
        }
        match step {
            PutStep::Name if is_new => state.unsynced.push(path.to_owned()),
            PutStep::SyncName => state.unsynced.retain(|file| file.parent() != Some(path)),
            _ => {}
        }
        if planned.is_some() { failure() } else { Ok(()) }
    }
}
