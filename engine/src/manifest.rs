//! Manifests: numbered files, each the complete truth about the segments of one data set.
//!
//! A commit writes the next number, which must not be there yet, so that two writers cannot both win and a reader always
//! sees one whole version. A file that no manifest names is an orphan.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::log::sync_folder;

/// The form of the manifests that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// How many manifests are kept.
const KEPT: usize = 3;

/// The segments of a data set, and how far in the log they go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this file.
    pub format: u32,
    /// The name of the data set.
    pub data_set: String,
    /// Its own number.
    pub number: u64,
    /// Writes up to this position of the log are in the segments.
    pub position: u64,
    /// The sequence number of the next row.
    pub next_sequence: i64,
    /// The live segments, oldest first.
    pub segments: Vec<SegmentEntry>,
}

/// One live segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// The name of the file in the folder of the data set.
    pub file: String,
    /// Rows in the file.
    pub rows: u64,
    /// Rows that no longer count: replaced or deleted since the file was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dead: Vec<u32>,
}

/// Reads the newest manifest of a folder; the default where there is none.
///
/// # Errors
/// When it cannot be read or was written by a newer program: the error names the file.
pub fn newest(folder: &Path) -> io::Result<Manifest> {
    Ok(newest_with_path(folder)?.map(|(manifest, _)| manifest).unwrap_or_default())
}

/// The same with the path of its file; `None` where there is none.
///
/// # Errors
/// As [`newest`].
pub fn newest_with_path(folder: &Path) -> io::Result<Option<(Manifest, PathBuf)>> {
    let Some((_, path)) = numbers(folder)?.pop() else { return Ok(None) };
    let broken = |reason: String| {
        io::Error::new(io::ErrorKind::InvalidData, format!("the manifest {} {reason}", path.display()))
    };
    let manifest: Manifest =
        serde_json::from_slice(&fs::read(&path)?).map_err(|error| broken(format!("is broken: {error}")))?;
    if manifest.format > FORMAT {
        return Err(broken(format!("has format {}; this program reads up to {FORMAT}", manifest.format)));
    }
    Ok(Some((manifest, path)))
}

/// Commits a manifest as the next number and makes it durable. Returns it, numbered.
///
/// # Errors
/// When it cannot be written, or another writer was first.
pub fn commit(folder: &Path, mut manifest: Manifest) -> io::Result<Manifest> {
    manifest.number += 1;
    manifest.format = FORMAT;
    let text = serde_json::to_vec_pretty(&manifest)?;
    let draft = folder.join(format!("draft-{:020}", manifest.number));
    let mut file = File::create(&draft)?;
    file.write_all(&text)?;
    file.sync_all()?;
    // A hard link fails when the name is taken, which a rename does not.
    let result = fs::hard_link(&draft, path_of(folder, manifest.number));
    fs::remove_file(&draft)?;
    result?;
    sync_folder(folder)?;
    Ok(manifest)
}

/// Removes older manifests and the files that none of the kept ones names.
///
/// # Errors
/// When a file cannot be removed.
pub fn clean(folder: &Path) -> io::Result<()> {
    let mut numbers = numbers(folder)?;
    let kept = numbers.split_off(numbers.len().saturating_sub(KEPT));
    for (_, path) in numbers {
        fs::remove_file(path)?;
    }
    let mut named: Vec<String> = Vec::new();
    for (_, path) in kept {
        let manifest: Manifest = serde_json::from_slice(&fs::read(path)?)?;
        named.extend(manifest.segments.into_iter().map(|segment| segment.file));
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_segment = path.extension().is_some_and(|extension| extension == "parquet");
        if is_segment && !named.iter().any(|known| known == name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("manifest-{number:020}.json"))
}

/// The manifests of a folder, oldest first.
fn numbers(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("manifest-").and_then(|rest| rest.strip_suffix(".json"));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_writers_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let first = commit(folder.path(), Manifest { position: 7, ..Manifest::default() }).unwrap();
        assert_eq!(newest(folder.path()).unwrap(), first);
        let late = commit(folder.path(), Manifest { position: 9, ..Manifest::default() });
        assert_eq!(late.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(newest(folder.path()).unwrap().position, 7);
    }

    #[test]
    fn broken_and_newer_manifests_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(folder.path(), 1);
        fs::write(&path, "{").unwrap();
        assert!(
            newest(folder.path())
                .unwrap_err()
                .to_string()
                .contains("manifest-00000000000000000001.json is broken")
        );
        let newer = Manifest { format: 99, ..Manifest::default() };
        fs::write(&path, serde_json::to_vec(&newer).unwrap()).unwrap();
        assert!(newest(folder.path()).unwrap_err().to_string().contains("has format 99"));
    }

    #[test]
    fn orphans_go_and_named_segments_stay() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.parquet", "b.parquet"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let segments = vec![SegmentEntry { file: "a.parquet".to_owned(), rows: 0, dead: Vec::new() }];
        commit(folder.path(), Manifest { segments, ..Manifest::default() }).unwrap();
        clean(folder.path()).unwrap();
        assert!(folder.path().join("a.parquet").exists() && !folder.path().join("b.parquet").exists());
    }
}
