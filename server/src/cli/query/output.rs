//! Where the answer goes, and in which form.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use engine::Snapshot;
use engine::output::Answer;
use engine::query::{Bytestream, QueryEngine, QueryFailure};
use query_lang::{Format, Query};
use serde_json::Value;

use super::{QueryArgs, table};

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// A table for people.
    Table,
    /// A list of rows.
    Json,
    /// A header line and a line a row.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Columns as an Arrow IPC stream.
    Arrow,
    /// Columns as a Parquet file.
    Parquet,
}

/// The form that is wanted: as said, as the file's name ends, as the question says, or what suits.
pub fn format(args: &QueryArgs, query: &Query) -> anyhow::Result<OutputFormat> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let ending = args.output.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    Ok(match (ending, query.format) {
        (Some("json"), _) => OutputFormat::Json,
        (Some("csv"), _) => OutputFormat::Csv,
        (Some("ndjson" | "jsonl"), _) => OutputFormat::Ndjson,
        (Some("arrow" | "arrows"), _) => OutputFormat::Arrow,
        (Some("parquet"), _) => OutputFormat::Parquet,
        (Some("txt"), _) => OutputFormat::Table,
        (_, Format::Csv) => OutputFormat::Csv,
        (_, Format::Ndjson) => OutputFormat::Ndjson,
        (_, Format::Arrow) => OutputFormat::Arrow,
        (_, Format::Parquet) => OutputFormat::Parquet,
        (Some(other), Format::Json) => {
            bail!("a file that ends in .{other} may hold anything: say which --format it shall have")
        }
        (None, Format::Json) if args.output.is_none() && io::stdout().is_terminal() => OutputFormat::Table,
        (None, Format::Json) => OutputFormat::Json,
    })
}

/// Where an answer goes.
pub struct Output {
    pub format: OutputFormat,
    file: Option<PathBuf>,
}

impl Output {
    /// To a file, else to standard output.
    ///
    /// # Errors
    /// When a terminal would be shown a file of columns.
    pub fn new(format: OutputFormat, file: Option<PathBuf>) -> anyhow::Result<Self> {
        let columns = matches!(format, OutputFormat::Arrow | OutputFormat::Parquet);
        if columns && file.is_none() && io::stdout().is_terminal() {
            bail!("this format is not for a terminal: give --output FILE, or send it to another program");
        }
        Ok(Self { format, file })
    }

    /// A large answer piece by piece, in its form; `None` for a small one, and for a table, whose columns are as wide as their
    /// widest cell.
    ///
    /// # Errors
    /// [`QueryFailure`].
    pub async fn stream(
        &self,
        queries: &QueryEngine,
        snapshot: &Snapshot,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Result<Option<Bytestream>, QueryFailure> {
        if self.format == OutputFormat::Table || !query.is_raw() || query.cursor.is_some() {
            return Ok(None);
        }
        queries.stream(snapshot, query, self.format.asked(), now).await
    }

    /// Writes an answer in its form.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, answer: &Answer, query: &Query) -> anyhow::Result<()> {
        let text = match self.format {
            OutputFormat::Table => format!("{}\n", table::of(&answer.rows(), query)).into_bytes(),
            OutputFormat::Json => json(&answer.rows())?,
            OutputFormat::Csv => answer.write(Format::Csv)?,
            OutputFormat::Ndjson => answer.write(Format::Ndjson)?,
            OutputFormat::Arrow => answer.write(Format::Arrow)?,
            OutputFormat::Parquet => answer.write(Format::Parquet)?,
        };
        self.copy(text.as_slice())?;
        if let Some(next) = &answer.next {
            eprintln!("there is more: go on with cursor={next}");
        }
        hint(&answer.unknown_keys);
        Ok(())
    }

    /// Writes JSON that is no list of rows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, value: &Value) -> anyhow::Result<()> {
        self.copy(json(value)?.as_slice())
    }

    /// Writes what comes, as it comes.
    ///
    /// # Errors
    /// When it cannot be read or written. A file is left as it was then.
    pub fn copy(&self, mut from: impl Read) -> anyhow::Result<()> {
        let Some(file) = &self.file else {
            return match io::copy(&mut from, &mut io::stdout().lock()) {
                // Somebody like `head` has read enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => Ok(result.map(|_| ())?),
            };
        };
        let mut name = file.clone().into_os_string();
        name.push(".partial");
        let partial = PathBuf::from(name);
        let written = write_whole(&partial, &mut from).and_then(|()| std::fs::rename(&partial, file));
        if written.is_err() {
            // It may not even be there; what went wrong is told in any case.
            let _ = std::fs::remove_file(&partial);
        }
        written.with_context(|| format!("cannot write {}", file.display()))
    }
}

/// Tells of keys that no record has, beside the answer.
pub fn hint(unknown_keys: &[String]) {
    if !unknown_keys.is_empty() {
        eprintln!("no record has {}", unknown_keys.join(", "));
    }
}

fn write_whole(path: &Path, from: &mut impl Read) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    io::copy(from, &mut file)?;
    file.flush()
}

fn json(value: &impl serde::Serialize) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_as_it_was() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the line is cut"))
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.csv");
        let output = Output::new(OutputFormat::Csv, Some(path.clone())).unwrap();
        output.copy("a,b\n".as_bytes()).unwrap();
        assert!(output.copy("c".as_bytes().chain(Broken)).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a,b\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }
}
