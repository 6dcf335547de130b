//! A disk under the log of which any step can fail, and which forgets what was not synced when the power goes.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use engine::{LogDisk, LogFile};

/// What the log can do to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Create,
    Append,
    Sync,
    Cut,
    Remove,
}

/// How a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was done.
    Refused,
    /// It was done in part.
    Half,
    /// It was done, and an error was told.
    Done,
    /// Nothing was done, and no error was told. No log can stand that: tests that hold against everything else must notice it.
    Lied,
}

/// Which steps fail.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The first of them; steps count from 0.
    pub first: usize,
    /// How many; after them the disk is well again.
    pub count: usize,
    pub fault: Fault,
}

/// The disk. Its files are real ones; what is durable of them is only noted.
#[derive(Debug, Default)]
pub struct FaultyDisk(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    plan: Option<Plan>,
    /// All steps so far.
    steps: Vec<Step>,
    /// Bytes of each file that outlive a power cut.
    durable: BTreeMap<PathBuf, u64>,
    /// Files that were removed; a power cut may bring them back.
    removed: BTreeMap<PathBuf, Vec<u8>>,
}

impl FaultyDisk {
    /// One whose steps fail as planned.
    pub fn new(plan: Option<Plan>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { plan, ..State::default() })))
    }

    /// All steps so far.
    pub fn steps(&self) -> Vec<Step> {
        self.state().steps.clone()
    }

    /// From now on everything succeeds.
    pub fn heal(&self) {
        self.state().plan = None;
    }

    /// The power goes: of what was not synced half is there afterwards, and so is what was removed.
    pub fn cut_power(&self) {
        let mut state = self.state();
        for (path, durable) in std::mem::take(&mut state.durable) {
            let Ok(there) = fs::metadata(&path).map(|file| file.len()) else { continue };
            let kept = durable + there.saturating_sub(durable) / 2;
            OpenOptions::new().write(true).open(&path).unwrap().set_len(kept).unwrap();
        }
        for (path, bytes) in std::mem::take(&mut state.removed) {
            fs::write(path, bytes).unwrap();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Notes a step, and says how it fails, if it does.
    fn fault(&self, step: Step) -> Option<Fault> {
        let mut state = self.state();
        let number = state.steps.len();
        state.steps.push(step);
        let plan = state.plan?;
        (plan.first..plan.first.saturating_add(plan.count)).contains(&number).then_some(plan.fault)
    }

    fn note_durable(&self, path: &Path, bytes: u64) {
        self.state().durable.insert(path.to_owned(), bytes);
    }
}

fn failed() -> io::Error {
    io::Error::other("the disk does not want to")
}

/// What a step answers when it is done as far as it is done.
fn answer(fault: Option<Fault>) -> io::Result<()> {
    if matches!(fault, None | Some(Fault::Lied)) { Ok(()) } else { Err(failed()) }
}

/// The disk as a log has it.
#[derive(Debug, Clone)]
pub struct Handle(pub Arc<FaultyDisk>);

impl LogDisk for Handle {
    fn create(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let fault = self.0.fault(Step::Create);
        if fault == Some(Fault::Refused) {
            return Err(failed());
        }
        let file = File::create(path)?;
        self.0.note_durable(path, 0);
        answer(fault)?;
        Ok(Box::new(FaultyFile { disk: Arc::clone(&self.0), path: path.to_owned(), file }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Box::new(FaultyFile { disk: Arc::clone(&self.0), path: path.to_owned(), file }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let fault = self.0.fault(Step::Remove);
        if fault != Some(Fault::Refused) {
            let mut bytes = fs::read(path)?;
            fs::remove_file(path)?;
            let mut state = self.0.state();
            let durable = state.durable.remove(path);
            bytes.truncate(durable.map_or(usize::MAX, |durable| durable as usize));
            state.removed.insert(path.to_owned(), bytes);
        }
        answer(fault)
    }
}

struct FaultyFile {
    disk: Arc<FaultyDisk>,
    path: PathBuf,
    file: File,
}

impl LogFile for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fault = self.disk.fault(Step::Append);
        let written = match fault {
            None | Some(Fault::Done) => bytes,
            Some(Fault::Half) => &bytes[..bytes.len() / 2],
            Some(Fault::Refused | Fault::Lied) => &[],
        };
        self.file.write_all(written)?;
        answer(fault)
    }

    fn sync(&mut self) -> io::Result<()> {
        let fault = self.disk.fault(Step::Sync);
        if matches!(fault, None | Some(Fault::Done)) {
            self.disk.note_durable(&self.path, self.file.metadata()?.len());
        }
        answer(fault)
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        let fault = self.disk.fault(Step::Cut);
        if fault != Some(Fault::Refused) {
            self.file.set_len(bytes)?;
            io::Seek::seek(&mut self.file, io::SeekFrom::Start(bytes))?;
        }
        if matches!(fault, None | Some(Fault::Done)) {
            self.disk.note_durable(&self.path, bytes);
        }
        answer(fault)
    }
}
