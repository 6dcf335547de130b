//! The parts of a page in words.

use chrono::{DateTime, Utc};

use super::{Presenter, day_and_time};
use crate::page::model::{
    Body, Change, Choices, Column, Data, Direction, Figure, Link, Module, Sorted, Table,
};
use crate::page::plain_text;
use crate::rows::sort;
use crate::view::form::Form;
use crate::view::page::Aggregate;
use crate::view::{self, Drawing, Facts, Headline, Name, Trend};
use crate::words::{say, say_with};

/// What readers choose for a page that they do not choose anew for each of its modules.
const KEPT: [&str; 4] = ["from", "to", "compare", "view"];

impl Presenter<'_> {
    /// A module on the page at a path.
    pub(super) fn module(&self, module: &view::Module, page: &str, own_page: bool) -> Module {
        let body = match &module.body {
            view::Body::Failed => Body::Failed,
            view::Body::Unknown => Body::Unknown,
            view::Body::Section(children) => {
                Body::Section(children.iter().map(|child| self.module(child, page, false)).collect())
            }
            view::Body::Tabs(children) => {
                Body::Tabs(children.iter().map(|child| self.module(child, page, false)).collect())
            }
            view::Body::Facts(facts) => Body::Data(self.data(facts, module, page)),
        };
        let leads_on = !own_page && !matches!(module.body, view::Body::Section(_));
        Module {
            slug: module.slug.clone(),
            kind: module.kind.clone(),
            title_html: module.title.clone(),
            href: leads_on.then(|| self.own_address(module)),
            description_html: module.description.clone(),
            classes: module.classes.clone(),
            restricted: module.restricted,
            downloads: self.downloads(module),
            info_html: module.info.clone(),
            // a dashboard says it once, at its beginning
            source: module.updated.filter(|_| own_page).map(|time| self.fresh(time, module)),
            late: late(module).filter(|_| !own_page),
            dates: None,
            choices: match &module.body {
                view::Body::Facts(facts) => {
                    let drawn = facts.charts.iter().any(|chart| chart.has_data());
                    let made = |choices: &&view::Choices| choices.hides_some() || choices.error.is_some();
                    let offered = facts.choices.as_ref().filter(|choices| drawn || made(choices));
                    offered.map(|choices| self.choices(choices, module, page, own_page))
                }
                _ => None,
            },
            unknown: (module.is_unknown && matches!(module.body, view::Body::Facts(_)))
                .then(|| say_with("unknown-type-table", &[("type", module.kind.as_str().into())])),
            uncompared: module.uncompared.map(|missing| {
                say(match missing {
                    view::Uncompared::Nothing => "compare-missing",
                    view::Uncompared::Chart => "compare-in-table",
                })
                .into_owned()
            }),
            outdated: module.outdated.map(|then| say_with("outdated", &day_and_time(then))),
            body,
        }
    }

    /// When data changed last, and by when it will again.
    fn fresh(&self, updated: DateTime<Utc>, module: &view::Module) -> String {
        let updated = self.updated(updated);
        let next = late(module).or_else(|| Some(say_with("update-due", &day_and_time(module.due?.by))));
        next.map_or_else(|| updated.clone(), |next| format!("{updated}. {next}"))
    }

    /// The address of a module's own page, with what was chosen for it here.
    fn own_address(&self, module: &view::Module) -> String {
        let own = format!(".{}", module.slug);
        let stays = |name: &str| KEPT.contains(&name) || name.ends_with(&own);
        let others = self.request.parameters.iter().filter(|(name, _)| !stays(name));
        let left_out: Vec<(&str, Option<&str>)> = others.map(|(name, _)| (name.as_str(), None)).collect();
        self.address(&module.path, &left_out, None)
    }

    fn choices(&self, choices: &view::Choices, module: &view::Module, page: &str, own_page: bool) -> Choices {
        let (scoped_view, scoped_series) =
            (format!("view.{}", module.slug), format!("series.{}", module.slug));
        let (view, series) =
            if own_page { ("view", "series") } else { (scoped_view.as_str(), scoped_series.as_str()) };
        let fragment = (!own_page).then_some(module.slug.as_str());
        let drawing = |drawing: &Drawing| {
            let name = match drawing {
                Drawing::Lines => "drawing-lines",
                Drawing::Stack => "drawing-stack",
                Drawing::Share => "drawing-share",
                Drawing::Multiples => "drawing-multiples",
            };
            if *drawing == choices.drawing {
                return Link::new(say(name), "");
            }
            // a choice for the whole page must be replaced even by what is usual
            let wanted = (own_page || *drawing != choices.usual || self.request.parameter("view").is_some())
                .then_some(drawing.word());
            let wanted = wanted.filter(|_| !(own_page && *drawing == choices.usual));
            let changes = [(scoped_view.as_str(), None), (view, None), (view, wanted)];
            Link::new(say(name), self.address(page, &changes, fragment))
        };
        let all = [(scoped_series.as_str(), None), (series, None)];
        let anchor = fragment.map(|slug| format!("#{slug}")).unwrap_or_default();
        Choices {
            drawings: choices.drawings.iter().map(drawing).collect(),
            action: format!("{page}{anchor}"),
            name: series.to_owned(),
            groups: choices
                .groups
                .iter()
                .map(|group| (group.key.clone(), group.name.clone(), group.shown))
                .collect(),
            all: choices.hides_some().then(|| self.address(page, &all, fragment)),
            error: choices.error.clone(),
            kept: self.kept(&[scoped_series.as_str(), series]),
        }
    }

    fn downloads(&self, module: &view::Module) -> Vec<Link> {
        let Some(query) = &module.query else { return Vec::new() };
        let forms = module.facts().map(Facts::forms).unwrap_or_default();
        let mut links = Vec::new();
        let titles = [("CSV", Form::Csv), ("XLSX", Form::Xlsx), ("SVG", Form::Svg), ("PNG", Form::Png)];
        for (title, form) in titles.into_iter().filter(|(_, form)| forms.contains(form)) {
            links.push(Link::new(title, self.form_address(&module.path, form)));
        }
        links.push(Link::new("JSON", self.form_address(&module.path, Form::Json)));
        let data =
            format!("{}{}?{}", self.read_api, query.path(), query.with("format", "json").query_string());
        links.push(Link::new(say("as-query"), data));
        links
    }

    fn data(&self, facts: &Facts, module: &view::Module, page: &str) -> Data {
        let caption = say_with("table-of", &[("title", plain_text(&module.title).into())]);
        let sort_by = format!("sortby.{}", module.slug);
        let order = format!("sortorder.{}", module.slug);
        let table_id = format!("{}-table", module.slug);
        Data {
            figures: figures(&facts.headline),
            charts: facts.charts.clone(),
            items: facts.items.as_ref().map(|items| items.iter().map(super::item).collect()),
            table: facts.table.as_ref().map(|table| {
                self.table(table, caption, |key, direction| {
                    let changes = [(sort_by.as_str(), Some(key)), (order.as_str(), Some(direction))];
                    self.address(page, &changes, Some(&table_id))
                })
            }),
            table_first: facts.table_first,
            caption: facts.caption.clone(),
            targets: facts.targets.iter().map(|judged| judged.says.clone()).collect(),
        }
    }

    /// A table whose heads lead to it in another order; `address` takes the key and the direction.
    pub(super) fn table(
        &self,
        table: &view::Table,
        caption: String,
        address: impl Fn(&str, &str) -> String,
    ) -> Table {
        let column = |column: &view::Column| {
            let sorted = table.sorted.as_ref().filter(|sort| sort.key == column.key);
            let next = match sorted.map(|sort| sort.direction) {
                Some(sort::Direction::Descending) => "ascending",
                _ => "descending",
            };
            Column {
                label: column.label.clone(),
                numeric: column.numeric,
                sort_href: (table.rows.len() > 1 && !column.key.is_empty())
                    .then(|| address(&column.key, next)),
                sorted: sorted.map(|sort| match sort.direction {
                    sort::Direction::Ascending => Sorted::Ascending,
                    sort::Direction::Descending => Sorted::Descending,
                }),
            }
        };
        Table {
            caption,
            columns: table.columns.iter().map(column).collect(),
            rows: table.rows.clone(),
            row_header: table.row_header,
            written: table.written.clone(),
        }
    }
}

/// That data is late, if it is.
fn late(module: &view::Module) -> Option<String> {
    let due = module.due.filter(|due| due.late)?;
    Some(say_with("update-late", &day_and_time(due.by)))
}

/// Figures, each with the change that follows it.
pub(super) fn figures(headline: &[Headline]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for entry in headline {
        match (entry.name, figures.last_mut()) {
            (Name::Previous, Some(figure)) => figure.change = Some(change(entry)),
            _ => figures.push(figure(entry)),
        }
    }
    figures
}

fn figure(headline: &Headline) -> Figure {
    let parts = [headline.note.as_deref(), headline.label.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    Figure {
        name: match headline.name {
            Name::ResponseTime => Some(say("load-time").into_owned()),
            Name::Uptime => Some(say("uptime").into_owned()),
            Name::Latest | Name::Previous | Name::Share => None,
        },
        label: Some(parts.join(", ")).filter(|label| !label.is_empty()),
        value: headline.value.as_ref().map(|value| value.text.clone()),
        full: headline.value.as_ref().and_then(|value| value.full.clone()),
        change: None,
    }
}

fn change(headline: &Headline) -> Change {
    let has = |trend: Trend| headline.trend.contains(&trend);
    let direction = match () {
        () if has(Trend::Increase) => Some(Direction::Up),
        () if has(Trend::Decrease) => Some(Direction::Down),
        () if has(Trend::NoChange) => Some(Direction::Level),
        () => None,
    };
    let good = match () {
        () if has(Trend::Improvement) => Some(true),
        () if has(Trend::Decline) => Some(false),
        () => None,
    };
    Change {
        text: headline.value.as_ref().map_or_else(|| say("no-data").into_owned(), |value| value.text.clone()),
        label: headline.label.clone(),
        direction,
        good,
    }
}

/// A figure over everything that a list holds.
pub(super) fn aggregate(aggregate: &Aggregate) -> Figure {
    Figure {
        name: Some(aggregate.label.clone().into_owned()),
        label: aggregate.caption.clone(),
        value: aggregate.value.as_ref().map(|value| value.text.clone()),
        full: aggregate.value.as_ref().and_then(|value| value.full.clone()),
        change: None,
    }
}
