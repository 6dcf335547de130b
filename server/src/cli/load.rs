//! `performance-platform load`.

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use stagecraft::NewDataSet;

use super::data_dir::DataDir;
use super::remote::{self, Remote};
use super::{DataSetPath, counted};
use crate::ingest;
use crate::state::AppState;
use crate::worker::written;

/// Records in one append.
const BATCH: usize = 1_000;

/// Options of `load`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// The data set: its group and type. Created in the data directory when it is not there.
    #[arg(value_name = "GROUP/TYPE")]
    data_set: DataSetPath,
    /// The file: JSON with one record a line, or one JSON list. `-` reads standard input.
    file: PathBuf,
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    remote: Remote,
}

/// Appends a file, a thousand records at a time. Each thousand is all or nothing.
///
/// # Errors
/// When a record is refused; tells which lines were taken before.
pub async fn run(args: LoadArgs) -> anyhow::Result<()> {
    let (input, size): (Box<dyn Read + Send>, Option<u64>) = if args.file.as_os_str() == "-" {
        (Box::new(std::io::stdin()), None)
    } else {
        let file = std::fs::File::open(&args.file)
            .with_context(|| format!("cannot read {}", args.file.display()))?;
        let size = file.metadata()?.len();
        (Box::new(file), Some(size))
    };
    let progress = progress_bar(size);
    let mut batches = Batches::new(Box::new(BufReader::new(progress.wrap_read(input))));
    let target = Target::new(&args).await?;
    let mut taken = 0;
    while let Some(batch) = batches.next()? {
        let (first, count) = (taken + 1, batch.count);
        target.append(&args.data_set, batch.json).await.with_context(|| match taken {
            0 => "nothing was appended".to_owned(),
            _ => format!("records {first} to {} were refused; the {taken} before them are in", taken + count),
        })?;
        taken += count;
    }
    progress.finish_and_clear();
    target.close().await?;
    eprintln!("{} appended to {}", counted(taken as u64, "record"), args.data_set);
    Ok(())
}

fn progress_bar(size: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = size.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let style = ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Where the records go.
enum Target {
    Folder(Box<AppState>),
    Server { url: String, token: Option<String> },
}

impl Target {
    async fn new(args: &LoadArgs) -> anyhow::Result<Self> {
        if let Some(url) = &args.remote.server {
            return Ok(Self::Server { url: url.clone(), token: args.remote.token.clone() });
        }
        let state = args.data.open("send to it with --server http://127.0.0.1:3000 --token TOKEN").await?;
        let DataSetPath { data_group, data_type } = &args.data_set;
        if state.registry.data_set_by(data_group, data_type).is_none() {
            state.registry.ensure_data_group(data_group).await?;
            state.registry.ensure_data_type(data_type).await?;
            let mut new = NewDataSet::of(data_group, data_type);
            new.settings.raw_queries_allowed = Some(true);
            let made = state.registry.create_data_set(new).await?;
            eprintln!("created the data set {} ({})", args.data_set, made.name);
        }
        Ok(Self::Folder(Box::new(state)))
    }

    async fn append(&self, path: &DataSetPath, json: Vec<u8>) -> anyhow::Result<()> {
        match self {
            Self::Server { url, token } => remote::append(url, token.as_deref(), path, json).await,
            Self::Folder(state) => {
                let data_set = state
                    .registry
                    .data_set_by(&path.data_group, &path.data_type)
                    .ok_or_else(|| anyhow!("the data set {path} is gone"))?;
                let now = chrono::Utc::now();
                match ingest::append(state, &data_set, json.into(), now).await {
                    Ok(appended) => {
                        written(state, &data_set, appended.range, 0, now).await;
                        Ok(())
                    }
                    Err(refused) => Err(anyhow!("{}", refused.sentence())),
                }
            }
        }
    }

    async fn close(self) -> anyhow::Result<()> {
        if let Self::Folder(state) = self {
            state.store.close().await?;
        }
        Ok(())
    }
}

/// A JSON list of records, and how many they are.
struct Batch {
    json: Vec<u8>,
    count: usize,
}

/// Cuts a file into batches: a JSON list by its elements, anything else by lines.
struct Batches {
    input: Box<dyn BufRead + Send>,
    list: Option<std::vec::IntoIter<Box<serde_json::value::RawValue>>>,
    started: bool,
    line: usize,
}

impl Batches {
    fn new(input: Box<dyn BufRead + Send>) -> Self {
        Self { input, list: None, started: false, line: 0 }
    }

    fn next(&mut self) -> anyhow::Result<Option<Batch>> {
        if !std::mem::replace(&mut self.started, true) && self.begins_list()? {
            let mut text = Vec::new();
            self.input.read_to_end(&mut text)?;
            let list: Vec<Box<serde_json::value::RawValue>> =
                serde_json::from_slice(&text).context("the file begins like a JSON list, but is not one")?;
            self.list = Some(list.into_iter());
        }
        let mut json = vec![b'['];
        let mut count = 0;
        while count < BATCH {
            let Some(record) = self.record()? else { break };
            if count > 0 {
                json.push(b',');
            }
            json.extend(record);
            count += 1;
        }
        json.push(b']');
        Ok((count > 0).then_some(Batch { json, count }))
    }

    fn begins_list(&mut self) -> anyhow::Result<bool> {
        let start = self.input.fill_buf()?;
        Ok(start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'['))
    }

    fn record(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        if let Some(list) = &mut self.list {
            return Ok(list.next().map(|record| record.get().as_bytes().to_vec()));
        }
        let mut text = Vec::new();
        loop {
            text.clear();
            if self.input.read_until(b'\n', &mut text)? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if text.trim_ascii().is_empty() {
                continue;
            }
            if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&text) {
                bail!("line {} is not JSON: {error}", self.line);
            }
            return Ok(Some(text.trim_ascii().to_vec()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(text: &'static str) -> Vec<(usize, String)> {
        let mut batches = Batches::new(Box::new(text.as_bytes()));
        let mut found = Vec::new();
        while let Some(batch) = batches.next().unwrap() {
            found.push((batch.count, String::from_utf8(batch.json).unwrap()));
        }
        found
    }

    #[test]
    fn lines_and_lists_give_the_same_batches() {
        let expected = vec![(2, r#"[{"a":1},{"a":2}]"#.to_owned())];
        assert_eq!(batches("{\"a\":1}\n\n{\"a\":2}\n"), expected);
        assert_eq!(batches(" [ {\"a\":1} , {\"a\":2} ]"), expected);
        assert_eq!(batches(""), []);
    }

    #[test]
    fn a_broken_line_is_named() {
        let mut batches = Batches::new(Box::new("{\"a\":1}\n{oops\n".as_bytes()));
        let error = batches.next().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with("line 2 is not JSON"), "{error}");
    }
}
