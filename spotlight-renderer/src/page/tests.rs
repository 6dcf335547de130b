use super::model::*;
use super::*;
use crate::chart::{Chart, Kind, Series, Slot};
use crate::format::Text;
use crate::view::page::State;

const EVIL: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&{{7*7}}";

fn evil() -> String {
    EVIL.to_owned()
}

fn evil_link() -> Link {
    Link { title: evil(), href: "javascript:alert(1)".into(), note_html: Some(evil()) }
}

fn evil_head() -> Head {
    Head {
        title: evil(),
        description: Some(evil()),
        path: evil(),
        breadcrumbs: vec![evil_link()],
        hidden: true,
        image: Some(evil()),
        lang: Some(evil()),
        alternates: vec![("text/csv", evil())],
        licence: Some(Link::new(evil(), evil())),
        embed: Some(evil()),
        drawn_after: None,
    }
}

fn evil_table() -> Table {
    let cell = Some(Text {
        text: evil(),
        href: Some("javascript:alert(1)".into()),
        full: Some(evil()),
        note: Some(evil()),
    });
    let column = Column {
        label: evil(),
        numeric: true,
        sort_href: Some("data:text/html,x".into()),
        sorted: Some(Sorted::Ascending),
    };
    Table {
        caption: evil(),
        columns: vec![column; 2],
        rows: vec![vec![cell; 2]].into(),
        row_header: true,
        ..Table::default()
    }
}

fn evil_figure() -> Figure {
    Figure {
        name: Some(evil()),
        label: Some(evil()),
        value: Some(evil()),
        full: Some("full".into()),
        change: Some(Change {
            text: evil(),
            label: Some(evil()),
            direction: Some(Direction::Up),
            good: Some(true),
        }),
    }
}

fn evil_module(body: Body) -> Module {
    Module {
        slug: evil(),
        kind: evil(),
        title_html: evil(),
        href: Some("javascript:alert(1)".into()),
        description_html: Some(evil()),
        classes: vec![evil(), "cols2".into()],
        restricted: true,
        outdated: Some(evil()),
        late: Some(evil()),
        uncompared: Some(evil()),
        unknown: Some(evil()),
        body,
        downloads: vec![evil_link()],
        info_html: vec![evil()],
        source: Some(evil()),
        dates: Some(Dates {
            own: true,
            comparisons: vec![(evil(), evil(), true)],
            action: "javascript:alert(1)".into(),
            choices: vec![(evil(), evil())],
            weeks: vec![(evil(), evil())],
            week: Some(evil()),
            from: Some(evil()),
            to: None,
            presets: vec![evil_link()],
            error: Some(evil()),
            kept: vec![(evil(), evil())],
        }),
        choices: Some(Choices {
            drawings: vec![evil_link(), evil_link()],
            action: "javascript:alert(1)".into(),
            name: evil(),
            groups: vec![(evil(), evil(), true), (evil(), evil(), false)],
            all: Some("javascript:alert(1)".into()),
            error: Some(evil()),
            kept: vec![(evil(), evil())],
        }),
    }
}

fn evil_data() -> Body {
    let slots = vec![Slot { label: evil(), at: None }; 3];
    let series = vec![
        Series {
            dashed: true,
            href: Some("javascript:alert(1)".into()),
            ..Series::new(evil(), vec![Some(1.0), None, Some(3.0)])
        };
        2
    ];
    let charts = [Kind::Line, Kind::Multiples, Kind::Stack, Kind::Bar, Kind::Steps, Kind::Parts, Kind::Spark]
        .map(|kind| Chart::new(EVIL, EVIL, kind, slots.clone(), series.clone()).into())
        .to_vec();
    Body::Data(Data {
        figures: vec![evil_figure()],
        charts,
        items: Some(vec![Item { text: evil(), href: Some("javascript:x".into()), value: Some(evil()) }]),
        table: Some(evil_table()),
        table_first: false,
        caption: Some(evil()),
        targets: vec![evil()],
    })
}

fn evil_pages() -> Vec<String> {
    let options = PageOptions {
        product: evil(),
        phase: Some(evil()),
        root: "javascript:alert(1)".into(),
        menu: Some(vec![evil_link()]),
        support: Some(vec![evil_link()]),
        licence: Some(evil_link()),
        notice_html: Some(evil()),
        lang: evil(),
        problem_reports: Some("javascript:alert(1)".into()),
        contact: Some(evil()),
        brand: Brand { colour: Some(evil()), has_logo: true, departments: [("x".to_owned(), evil())].into() },
        site: Some("https://a.example".into()),
        assets: AssetPlace::Below("/assets".into()),
    };
    let bodies = [evil_data(), Body::Failed, Body::Unknown, Body::Tabs(vec![evil_module(evil_data())])];
    let modules: Vec<Module> = bodies.into_iter().map(evil_module).collect();
    let dashboard = Dashboard {
        head: evil_head(),
        strapline: Some(evil()),
        heading: evil(),
        tagline_html: Some(evil()),
        state: State::Retired,
        service: Some(evil_link()),
        item_type: Some(evil()),
        related: vec![evil_link()],
        modules: vec![evil_module(Body::Section(modules.clone()))],
        footer: Some(Footer {
            description_html: Some(evil()),
            facts: vec![(evil(), evil())],
            description_extra_html: Some(evil()),
            costs_html: Some(evil()),
            other_notes_html: Some(evil()),
            improve: Some(evil_link()),
        }),
        updated: Some(evil()),
        dates: None,
        forms: vec![evil_link()],
    };
    let own = ModulePage {
        head: evil_head(),
        dashboard: evil_link(),
        state: State::InReview,
        module: modules[0].clone(),
    };
    let list = List {
        head: evil_head(),
        heading: evil(),
        intro: Some(evil()),
        counted: evil(),
        filter: evil(),
        example: Some(evil()),
        organisations: vec![(evil(), vec![(evil(), evil())])],
        organisation: Some(evil()),
        measures: vec![(evil(), evil(), true)],
        notice: Some(evil()),
        active: vec![evil_link()],
        aggregates: vec![evil_figure()],
        table: evil_table(),
        downloads: vec![evil_link()],
        failed: false,
    };
    let home = Home {
        head: evil_head(),
        lists: vec![(evil_link(), Some(3))],
        aggregates: vec![evil_figure()],
        showcase: vec![evil_link()],
        search: evil(),
    };
    let search = Search {
        head: evil_head(),
        action: "javascript:alert(1)".into(),
        query: evil(),
        counted: Some(evil()),
        found: vec![Found { link: evil_link(), organisation: Some(evil()), modules: vec![evil_link()] }],
    };
    let slide =
        Slide { title: evil(), figure: Some(evil_figure()), table: Some(evil_table()), live: Some(evil()) };
    vec![
        super::dashboard(&dashboard, &options),
        super::module(&own, &options),
        super::embed(&own, &options),
        super::list(&list, &options),
        super::home(&home, &options),
        super::error(Failure::Trouble, EVIL, &options),
        super::slides(&evil_head(), EVIL, Some("X"), &[slide], 5, &options),
        super::search(&search, &options),
        super::prototypes(&[super::Prototype { link: evil_link(), state: State::Prototype }], &options),
    ]
}

#[test]
fn hostile_texts_stay_texts_everywhere() {
    for page in evil_pages() {
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
        for bad in ["\"javascript:", "\"data:", "=javascript:"] {
            assert!(!page.contains(bad), "{bad} in {page}");
        }
        // an attribute is left only by its own quotation mark: none of the hostile ones survived
        assert!(!page.contains("\"'>"), "{page}");
    }
}

#[test]
fn every_page_is_well_formed() {
    for page in evil_pages() {
        let mut open: Vec<&str> = Vec::new();
        let mut rest = page.as_str();
        while let Some(start) = rest.find('<') {
            rest = &rest[start + 1..];
            let end = rest.find('>').expect("a tag ends");
            let tag = &rest[..end];
            rest = &rest[end + 1..];
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "closing {name}");
            } else if !tag.starts_with('!') {
                let name = tag.split_ascii_whitespace().next().unwrap_or("");
                if !["meta", "link", "input", "br", "img"].contains(&name) {
                    open.push(name);
                }
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

fn module(slug: &str, body: Body) -> Module {
    Module { slug: slug.into(), kind: "kpi".into(), title_html: slug.into(), body, ..Module::default() }
}

fn page_of(modules: Vec<Module>) -> String {
    let page = Dashboard { heading: "Fishing licence".into(), modules, ..Dashboard::default() };
    super::dashboard(&page, &PageOptions::default())
}

#[test]
fn headings_go_down_one_level_at_a_time() {
    let inner = module("inner", Body::Section(vec![module("leaf", Body::default())]));
    let page = page_of(vec![module("outer", Body::Section(vec![inner]))]);
    let levels: Vec<char> =
        page.match_indices("<h").filter_map(|(at, _)| page[at + 2..].chars().next()).collect();
    let levels: String = levels.into_iter().filter(char::is_ascii_digit).collect();
    assert_eq!(levels, "1234");
}

#[test]
fn one_failed_module_leaves_the_others() {
    let figure = Figure { value: Some("42".into()), ..Figure::default() };
    let good = Body::Data(Data { figures: vec![figure], ..Data::default() });
    let page =
        page_of(vec![module("bad", Body::Failed), module("strange", Body::Unknown), module("good", good)]);
    assert!(
        page.contains("problem getting this data")
            && page.contains("is not known here")
            && page.contains(">42<")
    );
}

#[test]
fn absent_values_are_said_to_be_absent() {
    let data = Data {
        figures: vec![Figure::default()],
        table: Some(Table {
            columns: vec![Column::default()],
            rows: vec![vec![None]].into(),
            ..Table::default()
        }),
        ..Data::default()
    };
    let page = page_of(vec![module("m", Body::Data(data))]);
    assert!(page.contains("no data") && page.contains("title=\"No data provided\""));
}

#[test]
fn a_module_without_anything_says_so_once() {
    let empty = Data {
        figures: vec![Figure::default()],
        table: Some(Table::default()),
        items: Some(vec![]),
        ..Data::default()
    };
    let page = page_of(vec![module("m", Body::Data(empty))]);
    assert_eq!(page.matches("no data").count(), 1, "{page}");
    assert!(page.contains("There is no data to show yet") && !page.contains("<table"));
}

#[test]
fn an_address_that_is_not_safe_is_no_link() {
    let cell = Text { href: Some("javascript:alert(1)".to_owned()), ..Text::plain("cell") };
    let item = Item { text: "item".to_owned(), href: Some("data:text/html,x".to_owned()), value: None };
    let data = Data {
        table: Some(Table {
            columns: vec![Column::default()],
            rows: vec![vec![Some(cell)]].into(),
            ..Table::default()
        }),
        items: Some(vec![item]),
        ..Data::default()
    };
    let page = page_of(vec![module("m", Body::Data(data))]);
    assert!(
        page.contains("<td>cell</td>") && page.contains("<span class=\"item-text\">item</span>"),
        "{page}"
    );
}

#[test]
fn pages_wait_for_nothing_that_they_do_not_have() {
    let awaited = |page: &str| {
        let id = page
            .split("rel=\"expect\" href=\"#")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap()
            .to_owned();
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        id
    };
    let head = Head { drawn_after: Some(MENU), ..Head::default() };
    let without_menu = PageOptions { menu: Some(vec![]), ..PageOptions::default() };
    let body = maud::html! {};
    assert_eq!(awaited(&shell::document(&head, &PageOptions::default(), &body)), MENU);
    assert_eq!(awaited(&shell::document(&head, &without_menu, &body)), "content");
    assert_eq!(awaited(&shell::bare_document(&head, &PageOptions::default(), &body)), "content");
}

#[test]
fn assets_are_named_after_their_content() {
    let names: Vec<&str> = assets().iter().map(|asset| asset.name.as_str()).collect();
    assert_eq!(names.len(), 3);
    let page = page_of(vec![]);
    for name in names {
        assert!(page.contains(name), "{name}");
    }
}

#[test]
fn the_style_sheet_knows_the_palette() {
    let css = assets()[0].body;
    for (index, (light, dark)) in
        crate::chart::palette::LIGHT.iter().zip(crate::chart::palette::DARK).enumerate()
    {
        assert!(css.contains(&format!("--s{}: {light}", index + 1)), "{light}");
        assert!(css.contains(&format!("--s{}: {dark}", index + 1)), "{dark}");
    }
    assert!(css.contains(&format!("--surface: {}", crate::chart::palette::SURFACES[1])));
}
