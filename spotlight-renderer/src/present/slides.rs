//! A dashboard for screens on walls: a slide for each figure, and after them the tables.

use std::sync::Arc;

use crate::chart::Chart;
use crate::page::model::{Change, Direction, Figure, Head, Table};
use crate::page::{self, Slide, plain_text};
use crate::view::page::Dashboard;
use crate::view::{Body, Facts, Headline, Module, Name};
use crate::words::say;

use super::Presenter;

/// Seconds for which a slide is shown unless the address says otherwise.
const INTERVAL: u32 = 5;
/// How much of a table fits a slide.
const ROWS: usize = 5;
/// And how many columns.
const COLUMNS: usize = 2;

impl Presenter<'_> {
    /// The slides of a dashboard; `interval` is a parameter of the address.
    pub fn slides(&self, dashboard: &Dashboard) -> String {
        self.speaking(dashboard.language.as_deref(), || self.written_slides(dashboard))
    }

    fn written_slides(&self, dashboard: &Dashboard) -> String {
        let mut figures = Vec::new();
        let mut tables = Vec::new();
        dashboard.modules.iter().for_each(|module| self.collect(module, "", &mut figures, &mut tables));
        figures.append(&mut tables);
        let interval =
            self.request.parameter("interval").and_then(|text| text.parse().ok()).unwrap_or(INTERVAL);
        let head = Head {
            title: format!("{} - {}", dashboard.heading, self.options.product),
            path: dashboard.path.clone(),
            hidden: true,
            lang: dashboard.language.clone(),
            ..Head::default()
        };
        let department = dashboard.abbreviation.as_deref();
        page::slides(&head, &dashboard.heading, department, &figures, interval, self.options)
    }

    fn collect(&self, module: &Module, above: &str, figures: &mut Vec<Slide>, tables: &mut Vec<Slide>) {
        let title = format!("{above}{}", plain_text(&module.title));
        match &module.body {
            Body::Section(children) | Body::Tabs(children) => {
                let above = format!("{title}: ");
                children.iter().for_each(|child| self.collect(child, &above, figures, tables));
            }
            Body::Facts(facts) => match module.kind.as_str() {
                "table" => tables.extend(self.table_slide(title, facts)),
                "list" | "journey" | "completion_table" | "column" => {}
                "grouped_timeseries" | "comparison" => {
                    figures.extend(facts.charts.iter().flat_map(|chart| series_slides(&title, chart)));
                }
                "realtime" => {
                    let live = |slide: Slide| Slide { live: Some(module.slug.clone()), ..slide };
                    figures.extend(figure_slides(title, facts).into_iter().map(live));
                }
                _ => figures.extend(figure_slides(title, facts)),
            },
            Body::Failed | Body::Unknown => {}
        }
    }

    fn table_slide(&self, title: String, facts: &Facts) -> Option<Slide> {
        let table = facts.table.as_ref().filter(|table| !table.rows.is_empty())?;
        let whole = self.table(table, title.clone(), |_, _| String::new());
        let short = Table {
            columns: whole
                .columns
                .into_iter()
                .take(COLUMNS)
                .map(|column| page::model::Column { sort_href: None, ..column })
                .collect(),
            rows: Arc::new(
                whole.rows.iter().take(ROWS).map(|row| row.iter().take(COLUMNS).cloned().collect()).collect(),
            ),
            written: Arc::default(),
            ..whole
        };
        Some(Slide { title, figure: None, table: Some(short), live: None })
    }
}

/// A slide for each figure of a module. Modules along time say how the newest value compares with the one before.
fn figure_slides(title: String, facts: &Facts) -> Vec<Slide> {
    let own = facts.headline.iter().filter(|entry| entry.name != Name::Previous).count();
    let along_time = facts.charts.iter().find(|chart| chart.span.is_some());
    if let Some(chart) = along_time.filter(|_| own <= 1) {
        return latest_of(chart, 0).map(|figure| slide(title, figure)).into_iter().collect();
    }
    super::module::figures(&facts.headline)
        .into_iter()
        .map(|mut figure| {
            let title = figure.name.take().map_or_else(|| title.clone(), |name| format!("{title}: {name}"));
            slide(title, promoted(figure, &facts.headline))
        })
        .collect()
}

/// A figure without a value shows the earlier one, if there is one.
fn promoted(figure: Figure, headline: &[Headline]) -> Figure {
    if figure.value.is_some() {
        return figure;
    }
    let before = headline.iter().find(|entry| entry.name == Name::Previous && entry.trend.is_empty());
    match before.and_then(|entry| Some((entry, entry.value.clone()?))) {
        Some((entry, value)) => {
            Figure { value: Some(value.text), label: entry.label.clone(), ..Figure::default() }
        }
        None => {
            Figure { value: None, label: Some(say("slides-no-latest").into_owned()), ..Figure::default() }
        }
    }
}

fn series_slides(title: &str, chart: &Chart) -> Vec<Slide> {
    let named = chart.series.iter().enumerate().filter(|(_, series)| !series.dashed);
    named
        .filter_map(|(index, series)| {
            Some(slide(format!("{title} ({})", series.name), latest_of(chart, index)?))
        })
        .collect()
}

/// The newest value of a series and its change; the value before where the newest is missing.
fn latest_of(chart: &Chart, series: usize) -> Option<Figure> {
    let values = &chart.series.get(series)?.values;
    let last = chart.ended().min(values.len()).checked_sub(1)?;
    let at = |place: Option<usize>| {
        let place = place?;
        Some((chart.slots.get(place)?.label.clone(), (*values.get(place)?)?))
    };
    let (now, before) = (at(Some(last)), at(last.checked_sub(1)));
    Some(match (now, before) {
        (Some((label, value)), before) => Figure {
            value: Some((chart.format)(value)),
            label: Some(label),
            change: before
                .filter(|(_, before)| *before != 0.0)
                .map(|(label, before)| change(value, before, label)),
            ..Figure::default()
        },
        (None, Some((label, value))) => {
            Figure { value: Some((chart.format)(value)), label: Some(label), ..Figure::default() }
        }
        (None, None) => Figure { label: Some(say("slides-no-latest").into_owned()), ..Figure::default() },
    })
}

fn change(value: f64, before: f64, label: String) -> Change {
    match crate::module::change(value, before) {
        Some((text, _)) if text.text == "0%" => Change {
            text: say("slides-no-change").into_owned(),
            direction: Some(Direction::Level),
            label: Some(label),
            ..Change::default()
        },
        Some((text, _)) => Change {
            text: text.text,
            direction: Some(if value > before { Direction::Up } else { Direction::Down }),
            label: Some(label),
            ..Change::default()
        },
        None => Change { label: Some(label), ..Change::default() },
    }
}

fn slide(title: String, figure: Figure) -> Slide {
    Slide { title, figure: Some(figure), table: None, live: None }
}
