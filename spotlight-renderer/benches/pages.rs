//! What it costs to make a page of a file: answers and definition are in memory, everything else is made anew each time.
//!
//! ```sh
//! cargo bench -p spotlight-renderer --bench pages -- FILE...
//! ```
//!
//! The files are those that `performance-platform render --case` takes. Without any it takes the largest recorded dashboards.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that panics has failed")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::executor::block_on;
use spotlight_renderer::case::Case;

/// How long each file is rendered over and over.
const TIME: Duration = Duration::from_secs(3);
/// How many recorded dashboards are taken where no file is named.
const LARGEST: usize = 3;

fn main() {
    let named: Vec<PathBuf> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).map(PathBuf::from).collect();
    let files = if named.is_empty() { recorded() } else { named };
    println!("{:<50} {:>10} {:>12} {:>10}", "file", "bytes", "us a page", "pages/s");
    for file in files {
        let stored = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let case = Case::new(stored, "/performance").unwrap();
        let bytes = block_on(case.render()).html.len();
        let (begun, mut pages) = (Instant::now(), 0_u32);
        while begun.elapsed() < TIME {
            std::hint::black_box(block_on(case.render()));
            pages += 1;
        }
        let each = begun.elapsed().as_secs_f64() / f64::from(pages);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        println!("{name:<50} {bytes:>10} {:>12.0} {:>10.0}", each * 1e6, 1.0 / each);
    }
}

fn recorded() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/dashboards");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|path| std::cmp::Reverse(std::fs::metadata(path).unwrap().len()));
    files.truncate(LARGEST);
    files
}
