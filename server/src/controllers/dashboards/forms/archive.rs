//! All tables of a dashboard in one file, with a text about where they are from.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};

use chrono::{DateTime, Datelike, Timelike, Utc};
use spotlight_renderer::page::plain_text;
use spotlight_renderer::present::{Presenter, ordinary};
use spotlight_renderer::view::form::Form;
use spotlight_renderer::view::page::Dashboard;
use spotlight_renderer::view::provenance::Provenance;
use spotlight_renderer::view::{Module, json};
use zip::ZipWriter;
use zip::result::{ZipError, ZipResult};
use zip::write::SimpleFileOptions;

use super::{FormError, Written, table};

/// The archive: for each module its facts as JSON and, where it has one, its table as CSV with what machines want to know about it.
pub fn write(page: &Dashboard, from: &Provenance, presenter: &Presenter<'_>) -> Result<Written, FormError> {
    let mut files = Files::begin(from.retrieved);
    let mut readme = Readme(String::new());
    readme.lines(presenter.origin_of_whole(from));
    for module in ordinary(&page.modules) {
        let name = files.name_of(module, &page.path);
        let own = presenter.provenance_of(page, module, from);
        let mut names = vec![format!("{name}.json")];
        let facts = super::stated(json::module(module, false), &own);
        files.add(&names[0], &facts.body, facts.lasting.as_deref())?;
        let rows = module.facts().and_then(|facts| presenter.file_table(facts, &own.language));
        if let Some(values) = rows.as_deref() {
            let csv = format!("{name}.csv");
            files.add(&csv, &table::csv(values), None)?;
            let stated = super::described(values, &csv, &own);
            let about = format!("{csv}-metadata.json");
            files.add(&about, &stated.body, stated.lasting.as_deref())?;
            names.splice(0..0, [csv, about]);
        }
        readme.tell(&plain_text(&module.title), presenter.origin_of_part(&own, &names));
    }
    files.add("README.txt", readme.0.as_bytes(), Some(b""))?;
    files.end(from)
}

struct Files {
    archive: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
    names: BTreeSet<String>,
    lasting: Vec<u8>,
}

impl Files {
    fn begin(retrieved: DateTime<Utc>) -> Files {
        let part = |number: u32| u8::try_from(number).unwrap_or_default();
        let time = zip::DateTime::from_date_and_time(
            u16::try_from(retrieved.year()).unwrap_or_default(),
            part(retrieved.month()),
            part(retrieved.day()),
            part(retrieved.hour()),
            part(retrieved.minute()),
            part(retrieved.second()),
        );
        Files {
            archive: ZipWriter::new(Cursor::new(Vec::new())),
            options: SimpleFileOptions::default().last_modified_time(time.unwrap_or_default()),
            names: BTreeSet::new(),
            lasting: Vec::new(),
        }
    }

    /// A name that no other module of the dashboard has: its path below the dashboard's.
    fn name_of(&mut self, module: &Module, above: &str) -> String {
        let below = module.path.strip_prefix(above).unwrap_or(&module.path);
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name: String =
            below.trim_matches('/').chars().map(|c| if allowed(c) { c } else { '-' }).take(100).collect();
        let mut own = name.clone();
        let mut count = 1;
        while !self.names.insert(own.clone()) {
            count += 1;
            own = format!("{name}-{count}");
        }
        own
    }

    /// Adds a file. `lasting` is what of it tells no time, if that is not all.
    fn add(&mut self, name: &str, content: &[u8], lasting: Option<&[u8]>) -> ZipResult<()> {
        self.archive.start_file(name, self.options)?;
        self.archive.write_all(content).map_err(ZipError::Io)?;
        self.lasting.extend(name.bytes());
        self.lasting.extend(lasting.unwrap_or(content));
        Ok(())
    }

    fn end(mut self, from: &Provenance) -> Result<Written, FormError> {
        self.lasting.extend(from.lasting().to_string().bytes());
        let body = self.archive.finish()?.into_inner();
        Ok(Written { form: Form::Zip, body, lasting: Some(self.lasting) })
    }
}

/// What people read first.
struct Readme(String);

impl Readme {
    fn lines(&mut self, lines: Vec<(String, String)>) {
        for (label, text) in lines {
            self.0.push_str(&format!("{label}: {text}\r\n"));
        }
    }

    fn tell(&mut self, title: &str, lines: Vec<(String, String)>) {
        self.0.push_str(&format!("\r\n{title}\r\n"));
        self.lines(lines);
    }
}
