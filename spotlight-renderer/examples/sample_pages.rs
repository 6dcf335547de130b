//! Writes sample pages with invented figures into a folder, to be looked at while working on the style:
//! `cargo run -p spotlight-renderer --example sample_pages -- target/pages`

use chrono::{DateTime, Days, Months, TimeZone, Utc};
use spotlight_renderer::chart::{Chart, Kind, Series, Slot, Span, Theme, Unit, plain_number, standalone};
use spotlight_renderer::page::model::*;
use spotlight_renderer::page::{self, AssetPlace, Failure, PageOptions, Slide};
use std::sync::Arc;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/pages".to_owned());
    std::fs::create_dir_all(&folder)?;
    let mut options =
        PageOptions { assets: AssetPlace::Inline, phase: Some("Beta".into()), ..PageOptions::default() };
    options.problem_reports = Some("/problems".into());
    options.licence = Some(Link::new(
        "Open Government Licence v3.0",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    ));
    let own = ModulePage {
        head: head("Licences by channel - Fishing licence"),
        dashboard: Link::new("Fishing licence", "/performance/fishing-licence"),
        prototype: false,
        module: Module {
            dates: Some(dates()),
            info_html: vec!["<p>Counts of licences issued, by the way they were bought.</p>".into()],
            ..channels(60, Kind::Stack)
        },
    };
    for (name, html) in [
        ("dashboard", page::dashboard(&dashboard(), &options)),
        ("module", page::module(&own, &options)),
        ("embed", page::embed(&own, &options)),
        ("list", page::list(&list(), &options)),
        ("home", page::home(&home(), &options)),
        ("error", page::error(Failure::NotFound, "/performance/nothing", &options)),
        ("slides", page::slides(&head("Fishing licence"), "Fishing licence", &slides(), 5, &options)),
    ] {
        std::fs::write(format!("{folder}/{name}.html"), html)?;
    }
    if let Body::Data(data) = channels(24, Kind::Line).body {
        std::fs::write(format!("{folder}/chart.svg"), standalone(&data.charts[0], 720.0, Theme::Light))?;
    }
    Ok(())
}

fn head(title: &str) -> Head {
    Head {
        title: format!("{title} - Performance"),
        path: "/performance/fishing-licence".into(),
        breadcrumbs: vec![
            Link::new("Performance", "/performance"),
            Link::new("Services", "/performance/services"),
            Link::new("Environment Agency", "/performance/services?department=ea"),
        ],
        ..Head::default()
    }
}

/// A wave with a trend and a little irregularity, always the same.
fn wave(index: usize, base: f64, trend: f64, season: f64) -> f64 {
    let n = index as f64;
    let noise = ((n * 12.9898).sin() * 43758.547).fract() * 0.08;
    (base * (1.0 + trend * n) * (1.0 + season * (n / 12.0 * std::f64::consts::TAU).sin() + noise)).round()
}

fn months(count: usize) -> Vec<Slot> {
    let end = Utc.with_ymd_and_hms(2016, 5, 1, 0, 0, 0).single().unwrap_or_default();
    (0..count)
        .filter_map(|index| end.checked_sub_months(Months::new((count - 1 - index) as u32)))
        .map(|at| Slot { label: at.format("%B %Y").to_string(), at: Some(at) })
        .collect()
}

fn weeks(count: usize) -> Vec<Slot> {
    let end = Utc.with_ymd_and_hms(2016, 6, 6, 0, 0, 0).single().unwrap_or_default();
    (0..count)
        .filter_map(|index| end.checked_sub_days(Days::new(7 * (count - 1 - index) as u64)))
        .map(|at: DateTime<Utc>| Slot {
            label: format!("{} to {}", at.format("%-d %b"), (at + Days::new(6)).format("%-d %b %Y")),
            at: Some(at),
        })
        .collect()
}

fn series(name: &str, values: Vec<Option<f64>>) -> Series {
    Series { name: name.into(), values, dashed: false }
}

fn percent(value: f64) -> String {
    format!("{}%", (value * 1000.0).round() / 10.0)
}

fn table_of(chart: &Chart) -> Table {
    let mut columns = vec![Column { label: "Date".into(), ..Column::default() }];
    columns.extend(chart.series.iter().map(|s| Column {
        label: s.name.clone(),
        numeric: true,
        ..Column::default()
    }));
    let rows = (0..chart.slots.len())
        .map(|slot| {
            let mut row = vec![Cell { text: Some(chart.slots[slot].label.clone()), ..Cell::default() }];
            row.extend(
                chart
                    .series
                    .iter()
                    .map(|s| Cell { text: s.values[slot].map(|v| (chart.format)(v)), ..Cell::default() }),
            );
            row
        })
        .collect();
    Table { caption: chart.title.clone(), columns, rows, row_header: true }
}

fn base(slug: &str, kind: &str, title: &str, description: &str) -> Module {
    Module {
        slug: slug.into(),
        kind: kind.into(),
        title_html: title.into(),
        href: Some(format!("/performance/fishing-licence/{slug}")),
        description_html: Some(description.into()),
        downloads: vec![Link::new("CSV", "?format=csv"), Link::new("JSON", "?format=json")],
        ..Module::default()
    }
}

fn charted(
    slug: &str,
    kind: &str,
    title: &str,
    description: &str,
    chart: Chart,
    figures: Vec<Figure>,
) -> Module {
    let table = Some(table_of(&chart));
    Module {
        body: Body::Data(Data { figures, charts: vec![chart], table, ..Data::default() }),
        ..base(slug, kind, title, description)
    }
}

fn kpi(
    slug: &str,
    title: &str,
    description: &str,
    value: Option<&str>,
    full: Option<&str>,
    change: Option<(&str, Direction, Option<bool>)>,
) -> Module {
    let figure = Figure {
        label: value.map(|_| "Apr 2015 to Mar 2016".into()),
        value: value.map(Into::into),
        full: full.map(Into::into),
        change: change.map(|(text, direction, good)| Change {
            text: text.into(),
            label: Some("Jan to Dec 2015".into()),
            direction: Some(direction),
            good,
        }),
        ..Figure::default()
    };
    Module {
        classes: vec!["cols3".into()],
        downloads: vec![],
        body: Body::Data(Data { figures: vec![figure], ..Data::default() }),
        ..base(slug, "kpi", title, description)
    }
}

fn channels(count: usize, kind: Kind) -> Module {
    let online = (0..count).map(|n| Some(wave(n, 42_000.0, 0.012, 0.22))).collect();
    let post = (0..count).map(|n| (n != 9).then(|| wave(n + 3, 18_000.0, -0.004, 0.18))).collect();
    let phone = (0..count).map(|n| Some(wave(n + 5, 9_500.0, -0.003, 0.12))).collect();
    let mut chart = Chart::new(
        "channels",
        "Licences by channel",
        kind,
        months(count),
        vec![series("Online", online), series("Post Office counter", post), series("Telephone", phone)],
    );
    chart.span = Some(Span::Month);
    charted(
        "channels",
        "grouped_timeseries",
        "Licences by channel",
        "How people bought their licence: <span class='group0'>online</span>, at a counter or by phone.",
        chart,
        vec![],
    )
}

fn dashboard() -> Dashboard {
    let mut users = Chart::new(
        "visitors",
        "Visitors",
        Kind::Spark,
        weeks(40),
        vec![series("Visitors", (0..40).map(|n| Some(wave(n, 320.0, 0.0, 0.3))).collect())],
    );
    users.span = Some(Span::Hour);
    let mut weekly = Chart::new(
        "transactions",
        "Licences issued each week",
        Kind::Line,
        weeks(52),
        vec![series(
            "Licences",
            (0..52).map(|n| (!(20..23).contains(&n)).then(|| wave(n, 15_300.0, 0.004, 0.35))).collect(),
        )],
    );
    weekly.span = Some(Span::Week);
    let mut rate = Chart::new(
        "completion",
        "Completion rate",
        Kind::Line,
        weeks(26),
        vec![series(
            "Completion rate",
            (0..26)
                .map(|n| Some((0.62 + 0.006 * n as f64 + ((n * 7) % 5) as f64 * 0.012).min(0.97)))
                .collect(),
        )],
    );
    rate.span = Some(Span::Week);
    rate.unit = Unit::Percent;
    rate.format = Arc::new(percent);
    let quarters: Vec<Slot> = [
        "Oct to Dec 2014",
        "Jan to Mar 2015",
        "Apr to June 2015",
        "July to Sep 2015",
        "Oct to Dec 2015",
        "Jan to Mar 2016",
    ]
    .map(|label| Slot { label: label.into(), at: None })
    .to_vec();
    let mut bars = Chart::new(
        "digital",
        "Digital take-up",
        Kind::Bar,
        quarters,
        vec![series(
            "Digital take-up",
            vec![Some(0.41), Some(0.442), None, Some(0.515), Some(0.56), Some(0.613)],
        )],
    );
    bars.span = Some(Span::Quarter);
    bars.unit = Unit::Percent;
    bars.format = Arc::new(percent);
    let steps: Vec<Slot> = ["Start page", "Choose a licence", "Your details", "Pay", "Confirmation"]
        .map(|label| Slot { label: label.into(), at: None })
        .to_vec();
    let journey = Chart::new(
        "journey",
        "Steps of the journey",
        Kind::Steps,
        steps,
        vec![series(
            "Users",
            vec![Some(18_240.0), Some(14_310.0), Some(11_020.0), Some(9_874.0), Some(9_610.0)],
        )],
    );
    let pages = [
        "Buy a rod fishing licence",
        "Fishing rod licences: rules and byelaws",
        "When and where you can fish",
        "Lost or stolen licences",
        "Coarse fish close season",
    ];
    Dashboard {
        head: head("Fishing licence"),
        strapline: Some("Service dashboard".into()),
        heading: "Fishing licence".into(),
        tagline_html: Some("Everybody who fishes with a rod in England needs a licence. This page shows how well the service that issues them works.".into()),
        prototype: false,
        service: Some(Link::new("Buy a rod fishing licence", "https://www.example.org/fishing")),
        item_type: Some("https://schema.org/GovernmentService".into()),
        related: vec![Link { note_html: Some("Annual report".into()), ..Link::new("Fisheries statistics", "https://www.example.org/statistics") }, Link::new("Service manual", "https://www.example.org/manual")],
        updated: Some("Latest data: week of 6 to 12 June 2016".into()),
        modules: vec![
            kpi("volume", "Transactions per year", "Licences issued to anglers", Some("1.31m"), Some("1,312,455"), Some(("+4.20%", Direction::Up, None))),
            kpi("cost", "Cost per transaction", "All costs of the service, shared by all licences", Some("£3.42"), None, Some(("−8.31%", Direction::Down, Some(true)))),
            kpi("total", "Total cost", "What the service costs a year", None, None, None),
            charted("transactions", "single_timeseries", "Licences issued", "Licences issued each week through all channels", weekly, vec![Figure { label: Some("6 to 12 June 2016".into()), value: Some("14.9k".into()), full: Some("14,912".into()), change: Some(Change { text: "+2.31%".into(), label: Some("30 May to 5 June 2016".into()), direction: Some(Direction::Up), good: None }), ..Figure::default() }]),
            channels(24, Kind::Line),
            Module { slug: "channels-stack".into(), title_html: "Licences by channel, together".into(), ..restack() },
            Module { classes: vec!["cols2".into()], ..charted("completion", "completion_rate", "Completion rate", "Of those who start, how many finish", rate, vec![Figure { label: Some("6 to 12 June 2016".into()), value: Some("77.2%".into()), ..Figure::default() }]) },
            Module { classes: vec!["cols2".into()], ..charted("digital", "bar_chart_with_number", "Digital take-up", "Licences bought online as a share of all", bars, vec![Figure { label: Some("Jan to Mar 2016".into()), value: Some("61.3%".into()), change: Some(Change { text: "+5.3 points".into(), label: Some("Oct to Dec 2015".into()), direction: Some(Direction::Up), good: Some(true) }), ..Figure::default() }]) },
            charted("journey", "journey", "Journey through the service", "Users at each step, 6 to 12 June 2016", journey, vec![]),
            Module { slug: "use".into(), kind: "section".into(), title_html: "Using the website".into(), description_html: Some("What people look for".into()), body: Body::Section(vec![
                Module { classes: vec!["cols2".into()], body: Body::Data(Data { items: Some(pages.iter().enumerate().map(|(n, page)| Item { text: (*page).into(), href: Some(format!("/{n}")), value: Some(plain_number(wave(5 - n, 2_000.0, 0.6, 0.0))) }).collect()), ..Data::default() }), ..base("pages", "list", "Most viewed pages", "Last week") },
                Module { classes: vec!["cols2".into()], body: Body::Data(Data { figures: vec![Figure { label: Some("users online now".into()), value: Some("412".into()), ..Figure::default() }], charts: vec![users], ..Data::default() }), ..base("visitors", "realtime", "Live usage", "") },
                Module { classes: vec!["cols2".into()], body: Body::Failed, ..base("broken", "kpi", "Page load time", "Median of all pages") },
                Module { classes: vec!["cols2".into()], body: Body::Data(Data { table: Some(devices()), table_first: true, ..Data::default() }), ..base("devices", "table", "Devices", "What people visit with") },
            ]), ..Module::default() },
        ],
        footer: Some(Footer {
            description_html: Some("The service issues licences to everybody who fishes with a rod and line.".into()),
            facts: vec![("Ministerial department".into(), "Department for Environment, Food and Rural Affairs".into()), ("User".into(), "Individuals".into()), ("Service costs paid by".into(), "Fees and charges".into())],
            costs_html: Some("Costs include staff, accommodation and IT.<br/>They do not include enforcement.".into()),
            other_notes_html: Some("Figures before April 2014 come from a <a href='/x'>previous system</a>.".into()),
            improve: Some(Link::new("the dashboards team", "mailto:dashboards@example.org")),
            ..Footer::default()
        }),
    }
}

fn restack() -> Module {
    let mut module = channels(24, Kind::Stack);
    if let Body::Data(data) = &mut module.body {
        data.charts[0].id = "stack".into();
    }
    module
}

fn devices() -> Table {
    let number = |label: &str| Column {
        label: label.into(),
        numeric: true,
        sort_href: Some("?sortby=x".into()),
        ..Column::default()
    };
    let cell = |text: &str| Cell { text: Some(text.into()), ..Cell::default() };
    Table {
        caption: "Visits by device".into(),
        columns: vec![
            Column { label: "Device".into(), sort_href: Some("?sortby=device".into()), ..Column::default() },
            Column { sorted: Some(Sorted::Descending), ..number("Visits") },
            number("Share"),
        ],
        rows: vec![
            vec![cell("Mobile"), cell("41,207"), cell("58.1%")],
            vec![cell("Desktop"), cell("26,310"), cell("37.1%")],
            vec![cell("Tablet"), cell("3,402"), Cell::default()],
        ],
        row_header: true,
    }
}

fn dates() -> Dates {
    let choices: Vec<(String, String)> = months(60)
        .into_iter()
        .rev()
        .filter_map(|slot| Some((slot.at?.format("%Y-%m").to_string(), slot.label)))
        .collect();
    Dates {
        action: "".into(),
        from: Some("2011-06".into()),
        to: Some("2016-05".into()),
        choices,
        presets: vec![Link::new("12 months", "?p=12"), Link::new("2 years", "?p=24"), Link::new("All", "")],
        error: None,
    }
}

fn list() -> List {
    let cell = |text: &str| Cell { text: Some(text.into()), ..Cell::default() };
    let row = |name: &str, department: &str, volume: Option<&str>, digital: Option<&str>| {
        vec![
            Cell { href: Some("/performance/x".into()), ..cell(name) },
            cell(department),
            volume.map(cell).unwrap_or_default(),
            digital.map(cell).unwrap_or_default(),
        ]
    };
    let number = |label: &str| Column {
        label: label.into(),
        numeric: true,
        sort_href: Some("?sortby=x".into()),
        ..Column::default()
    };
    List {
        head: Head { path: "/performance/services".into(), ..head("Services") },
        heading: "Services".into(),
        intro: Some("Compare how public services perform.".into()),
        count: 3,
        noun: "service".into(),
        filter: "fish".into(),
        example: Some("licence".into()),
        organisations: vec![
            (
                "Ministerial departments".into(),
                vec![("defra".into(), "Department for Environment, Food and Rural Affairs".into())],
            ),
            ("Other bodies".into(), vec![("agency:ea".into(), "Environment Agency".into())]),
        ],
        active: vec![Link::new("\u{201c}fish\u{201d}", "?")],
        aggregates: vec![
            Figure {
                name: Some("Transactions per year".into()),
                value: Some("2.1m".into()),
                full: Some("2,104,331".into()),
                label: Some("total for 2 services out of 3".into()),
                ..Figure::default()
            },
            Figure {
                name: Some("Digital take-up".into()),
                value: Some("43.3%".into()),
                label: Some("weighted average for all 3 services".into()),
                ..Figure::default()
            },
        ],
        table: Table {
            caption: "Services".into(),
            columns: vec![
                Column {
                    label: "Service".into(),
                    sort_href: Some("?sortby=title".into()),
                    ..Column::default()
                },
                Column {
                    label: "Department".into(),
                    sort_href: Some("?sortby=d".into()),
                    ..Column::default()
                },
                Column { sorted: Some(Sorted::Descending), ..number("Transactions per year") },
                number("Digital take-up"),
            ],
            rows: vec![
                row("Fishing licence", "Environment Agency", Some("1,312,455"), Some("61.3%")),
                row(
                    "Commercial fishing vessel registration",
                    "Maritime and Coastguard Agency",
                    Some("4,120"),
                    None,
                ),
                row(
                    "Fish import notification",
                    "Department for Environment, Food and Rural Affairs",
                    None,
                    Some("12%"),
                ),
            ],
            row_header: true,
        },
        downloads: vec![Link::new("CSV of this list", "?format=csv")],
        ..List::default()
    }
}

fn home() -> Home {
    let to = |title: &str| Link::new(title, "/performance/services");
    Home {
        head: Head { path: "/performance".into(), breadcrumbs: vec![], ..head("Performance") },
        lists: vec![
            (to("service dashboards"), Some(803)),
            (to("web traffic dashboards"), Some(43)),
            (to("other dashboards"), None),
        ],
        showcase: vec![to("Fishing licence"), to("Carer\u{2019}s allowance")],
    }
}

fn slides() -> Vec<Slide> {
    vec![
        Slide {
            title: "Transactions per year".into(),
            figure: Some(Figure {
                value: Some("1.31m".into()),
                label: Some("for the year ending March 2016".into()),
                change: Some(Change {
                    text: "+4.20%".into(),
                    label: Some("the year ending December 2015".into()),
                    direction: Some(Direction::Up),
                    good: None,
                }),
                ..Figure::default()
            }),
            table: None,
        },
        Slide { title: "Devices".into(), figure: None, table: Some(devices()) },
    ]
}
