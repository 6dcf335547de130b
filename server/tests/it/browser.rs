//! Pages in a real browser: readable for everybody, at any size, in any colours, with and without scripts.

use crate::support::TestServer;
use crate::support::browser::Browser;
use serde_json::{Value, json};
use server::branding::Branding;
use server::state::AppState;

const AXE: &str = include_str!("vendor/axe-core/axe.min.js");

/// One page of every type.
const PAGES: [&str; 24] = [
    "/performance",
    "/performance/services",
    "/performance/services?filter=nothing-like-it",
    "/performance/services?measure=all",
    "/performance/web-traffic",
    "/performance/departments",
    "/performance/departments/tides-and-rivers",
    "/performance/about",
    "/performance/accessibility",
    "/performance/prototypes",
    "/performance/no-such-page",
    "/performance/tides-and-rivers",
    "/performance/lantern-licences",
    "/performance/odd",
    "/performance/harbour-permits?compare=previous_year",
    "/performance/tides-and-rivers/visits?from=2025-01&to=2024-01",
    "/performance/tides-and-rivers/visits/embed",
    "/performance/search?q=permits",
    "/performance/harbour-permits/journey?week=x",
    "/performance/department-for-tides-and-rivers",
    "/performance/big-screen/lantern-licences",
    "/performance/lantern-licences/months-by-authority?compare=previous_year",
    "/performance/lantern-licences/months-by-authority?view=line&series=nobody",
    "/performance/harbour-permits/transactions-by-channel?view=share&series=online&series=post",
];

/// A way to read a page: its name, the width of the window, media features, and a script to run first.
type Mode = (&'static str, u32, &'static [(&'static str, &'static str)], &'static str);

/// The style sheet and the script of a page may weigh so many bytes each as they are sent.
const MOST_BYTES: u64 = 15 * 1024;

/// The rules are scripts themselves: the page's own are kept away by not answering for them.
const WITHOUT_SCRIPTS: &str = "without scripts";

/// A server with sample data on a port of its own, and a browser; `None` where there is no browser.
async fn start() -> Option<(TestServer, String, Browser)> {
    let browser = tokio::task::spawn_blocking(Browser::start).await.unwrap()?;
    let server = TestServer::start().await;
    let now = chrono::Utc::now();
    server::cli::demo::load(&server.state, 0.2, now).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    let router = server.everything.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Some((server, root, browser))
}

/// A dashboard of what is rare: a figure of many digits, sections in sections, a type that nobody knows, a query that is refused.
async fn put_odd_dashboard(server: &TestServer) {
    let summaries = |query: Value| json!({"data-group": "transactional-services", "data-type": "summaries", "query-params": query});
    let newest =
        json!({"filter_by": ["service_id:harbour-permits"], "sort_by": "_timestamp:descending", "limit": 2});
    let long = json!({"module-type": "kpi", "slug": "long", "title": "Costs", "classes": "cols3", "value-attribute": "total_cost",
        "format": {"type": "number", "dps": 9, "fixed": 9, "magnitude": false}, "data-source": summaries(newest)});
    let refused = json!({"module-type": "table", "slug": "refused", "title": "Refused",
        "data-source": summaries(json!({"period": "month", "group_by": "a", "collect": ["a:sum"]}))});
    let unknown = json!({"module-type": "nobody_knows", "slug": "unknown", "title": "Unknown"});
    let inner =
        json!({"module-type": "section", "slug": "inner", "title": "Inner", "modules": [refused, unknown]});
    let outer = json!({"module-type": "section", "slug": "outer", "title": "Outer", "modules": [inner]});
    let definition = json!({"slug": "odd", "title": "Odd", "dashboard-type": "other", "published": true, "modules": [long, outer]});
    server.state.registry.put_dashboard(&definition).await.unwrap();
}

/// The same with other settings.
async fn start_with(change: impl FnOnce(AppState) -> AppState) -> Option<(TestServer, String, Browser)> {
    let (mut server, _, browser) = start().await?;
    server.state = change(server.state);
    let router = server::router::everything(server.state.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Some((server, root, browser))
}

/// What the rules of WCAG 2.2 A and AA find wrong with the open page.
pub fn violations(browser: &mut Browser) -> Vec<String> {
    browser.evaluate(AXE);
    let found = browser.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then((result) =>
           result.violations.map((each) => each.id + ': ' + each.help + ' at ' + each.nodes.slice(0, 3).map((node) => node.target.join(' ')  + ' ' + node.html.slice(0, 160) + ' ' + (node.any[0]?.message ?? '')).join(' | ')))",
    );
    found.as_array().unwrap().iter().map(|each| each.as_str().unwrap().to_owned()).collect()
}

/// By how many pixels the page is wider than the window.
fn overflow(browser: &mut Browser) -> i64 {
    let found =
        browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    found.as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_can_be_read_by_everybody() {
    let Some((server, root, browser)) = start().await else { return };
    put_odd_dashboard(&server).await;
    let failures = tokio::task::spawn_blocking(move || {
        let mut browser = browser;
        let mut failures: Vec<String> = Vec::new();
        let modes: [Mode; 6] = [
            ("wide", 1280, &[], "1"),
            ("narrow", 320, &[], "1"),
            ("large text", 1280, &[], "document.documentElement.style.fontSize = '200%'"),
            ("dark", 1280, &[("prefers-color-scheme", "dark")], "1"),
            ("forced colours", 1280, &[("forced-colors", "active")], "1"),
            (WITHOUT_SCRIPTS, 360, &[], "1"),
        ];
        for page in PAGES {
            for (mode, width, media, script) in modes {
                browser.resize(width);
                browser.media(media);
                browser.block(if mode == WITHOUT_SCRIPTS { &["*.js"] } else { &[] });
                browser.open(&format!("{root}{page}"));
                browser.evaluate(script);
                let wide = overflow(&mut browser);
                if wide > 0 {
                    failures.push(format!("{page} ({mode}): {wide} pixels wider than its window"));
                }
                let found = violations(&mut browser);
                failures.extend(found.into_iter().map(|each| format!("{page} ({mode}): {each}")));
            }
        }
        failures
    })
    .await
    .unwrap();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_find_mistakes() {
    let Some(browser) = tokio::task::spawn_blocking(Browser::start).await.unwrap() else { return };
    tokio::task::spawn_blocking(move || {
        let mut browser = browser;
        browser.open("data:text/html,<title>x</title><p style='color:%23999;width:3000px'>pale<img src='x'>");
        browser.resize(320);
        let found = violations(&mut browser).join(" ");
        for rule in ["color-contrast", "image-alt", "html-has-lang"] {
            assert!(found.contains(rule), "{rule} was not found: {found}");
        }
        assert!(overflow(&mut browser) > 0);
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_only_add() {
    let Some((_server, root, browser)) = start().await else { return };
    tokio::task::spawn_blocking(move || {
        let mut browser = browser;
        browser.resize(1280);
        let page = format!("{root}/performance/tides-and-rivers");
        // without scripts every value can be had, from tables that open without them
        browser.command("Emulation.setScriptExecutionDisabled", serde_json::json!({"value": true}));
        browser.open(&page);
        let seen = browser.evaluate(
            "[document.querySelectorAll('.chart-svg').length, document.querySelectorAll('details.table-details > summary').length]",
        );
        assert!(seen[0].as_u64().unwrap() >= 4 && seen[1].as_u64().unwrap() >= 4, "{seen}");
        browser.command("Emulation.setScriptExecutionDisabled", serde_json::json!({"value": false}));
        // with them the values of a chart are read out from the keyboard
        browser.open(&page);
        browser.evaluate("document.querySelector('#visits .plot').focus()");
        browser.press("End");
        let said = "document.querySelector('#visits output').textContent";
        let figure = "document.querySelector('#visits .size').textContent";
        let latest = (browser.evaluate(said), browser.evaluate(figure));
        browser.press("ArrowLeft");
        let before = (browser.evaluate(said), browser.evaluate(figure));
        assert!(latest.0.as_str().unwrap().contains(": ") && latest.0 != before.0, "{latest:?}, {before:?}");
        assert_ne!(latest.1, before.1, "the figure does not follow");
        browser.press("Escape");
        assert_eq!(browser.evaluate("document.querySelector('#visits .readout').hidden"), Value::Bool(true));
        assert_eq!(browser.evaluate(figure), latest.1, "the figure does not go back");
        // of several series the one that is nearest to the pointer is named, and the arrow keys go from one to the next
        let chosen = "document.querySelector('#sections .readout .chosen')?.textContent ?? ''";
        let middle = browser.evaluate(
            "document.querySelector('#sections').scrollIntoView({behavior: 'instant'}); (() => { const box = document.querySelector('#sections .chart-svg').getBoundingClientRect(); return [box.x + box.width / 2, box.y, box.y + 270]; })()",
        );
        let at = |place: usize| middle[place].as_f64().unwrap();
        assert!(browser.point_until(at(0), at(1) + 12.0, &format!("({chosen}) !== ''")), "nothing is chosen");
        let highest = browser.evaluate(chosen);
        let another = format!("![{highest}, ''].includes({chosen})");
        assert!(browser.point_until(at(0), at(2), &another), "{highest} stays chosen");
        let lowest = browser.evaluate(chosen);
        browser.evaluate("document.querySelector('#sections .plot').focus()");
        browser.press("ArrowUp");
        assert_ne!(browser.evaluate(chosen), lowest, "the arrow keys choose no other series");
        // small charts side by side show the same moment together, and the arrow keys go from one to the next
        browser.open(&format!("{root}/performance/lantern-licences/months-by-authority"));
        let values = "[...document.querySelectorAll('.panel-value')].slice(0, 2).map((value) => value.textContent)";
        let newest = browser.evaluate(values);
        browser.evaluate("document.querySelector('.panel .plot').focus()");
        browser.press("End");
        browser.press("ArrowLeft");
        let before = browser.evaluate(values);
        assert!(before[0] != newest[0] && before[1] != newest[1], "{newest}, {before}");
        browser.press("ArrowDown");
        let second = "[...document.querySelectorAll('.panel')].findIndex((panel) => panel.contains(document.activeElement))";
        assert_eq!(browser.evaluate(second), Value::from(1));
        assert_eq!(browser.evaluate(values), before, "the moment is another one");
        let stops = "document.querySelectorAll('.panel .plot[tabindex=\"0\"]').length";
        assert_eq!(browser.evaluate(stops), Value::from(1), "all charts are one stop of the tab key");
        browser.press("Escape");
        assert_eq!(browser.evaluate(values), newest, "the values do not go back");
        // and tables are sorted where they are
        browser.open(&format!("{root}/performance/tides-and-rivers"));
        let column = "[...document.querySelectorAll('#pages tbody tr')].map((row) => row.children[0].textContent)";
        let before = browser.evaluate(column);
        browser.evaluate("document.querySelector('#pages th:first-child a.sort').click()");
        browser.evaluate("document.querySelector('#pages th:first-child a.sort').click()");
        let after = browser.evaluate(column);
        assert_ne!(before, after, "the table was not sorted");
        assert_eq!(browser.evaluate("location.search"), Value::String(String::new()), "the page was left");
        let mut wanted: Vec<String> =
            before.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        wanted.sort_by_key(|name| name.to_lowercase());
        assert_eq!(after, serde_json::json!(wanted));
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finger_chooses_by_tapping() {
    let Some((_server, root, browser)) = start().await else { return };
    tokio::task::spawn_blocking(move || {
        let mut browser = browser;
        browser.resize(360);
        browser.command("Emulation.setTouchEmulationEnabled", serde_json::json!({"enabled": true}));
        browser.open(&format!("{root}/performance/tides-and-rivers"));
        let place = browser.evaluate(
            "document.querySelector('#visits .plot').scrollIntoView({behavior: 'instant', block: 'center'}); (() => { const box = document.querySelector('#visits .chart-svg').getBoundingClientRect(); return [box.x + box.width / 2, box.y + 60]; })()",
        );
        browser.draw();
        let (x, y) = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
        let shown = "!document.querySelector('#visits .readout').hidden";
        assert_eq!(browser.evaluate(shown), Value::Bool(false));
        let mut touch = |kind: &str, points: Value| {
            let event = serde_json::json!({"type": kind, "touchPoints": points});
            browser.command("Input.dispatchTouchEvent", event);
        };
        touch("touchStart", serde_json::json!([{"x": x, "y": y}]));
        touch("touchEnd", serde_json::json!([]));
        assert!(browser.until("!document.querySelector('#visits .readout').hidden"), "a tap shows nothing");
        // what is chosen is inside the window
        let overflow = overflow(&mut browser);
        assert!(overflow <= 0, "{overflow} pixels wider than the window");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn screens_on_walls_turn_fill_the_screen_and_have_the_colour_of_their_department() {
    let green = |state: AppState| {
        let mut branding = Branding::clone(&state.branding);
        branding.options.brand.departments.insert("dtr".to_owned(), "#00703c".to_owned());
        AppState { branding: branding.into(), ..state }
    };
    let Some((_server, root, browser)) = start_with(green).await else { return };
    tokio::task::spawn_blocking(move || {
        let mut browser = browser;
        browser.resize(1280);
        browser.open(&format!("{root}/performance/big-screen/lantern-licences?interval=3600"));
        let colour = "getComputedStyle(document.querySelector('.slides')).backgroundColor";
        assert_eq!(browser.evaluate(colour), "rgb(0, 112, 60)");
        let title = "document.querySelector('.slide.current h2').textContent";
        let shown = "[...document.querySelectorAll('.slide')].filter((slide) => slide.checkVisibility()).length";
        let first = browser.evaluate(title);
        assert_eq!(browser.evaluate(shown), 1, "one slide at a time");
        browser.press("ArrowRight");
        assert_ne!(browser.evaluate(title), first);
        browser.press("ArrowLeft");
        assert_eq!(browser.evaluate(title), first);
        let button = browser.evaluate(
            "(() => { const box = document.querySelector('.full-screen').getBoundingClientRect(); return [box.x + 10, box.y + 10]; })()",
        );
        browser.click(button[0].as_f64().unwrap(), button[1].as_f64().unwrap());
        assert!(browser.until("document.fullscreenElement !== null"), "the button does nothing");
        browser.open(&format!("{root}/performance/big-screen/no-such-dashboard"));
        assert_eq!(browser.evaluate("document.querySelector('h1').textContent"), "Page not found");
    })
    .await
    .unwrap();
}

/// What a reader waits for and what it costs, as auditors of pages measure it. Times are told and not judged: see
/// `benches/README.md`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_light_and_do_not_move() {
    let Some((_server, root, browser)) = start().await else { return };
    let failures = tokio::task::spawn_blocking(move || {
        let mut browser = browser;
        let mut failures = Vec::new();
        for width in [360, 768, 1280] {
            browser.resize(width);
            for page in PAGES {
                let mut measured = || {
                    browser.open("about:blank");
                    browser.open(&format!("{root}{page}"));
                    browser.evaluate(MEASURE)
                };
                // what moves always is the page's fault; a browser on a busy machine may draw one in pieces now and then
                let mut seen = measured();
                for _ in 0..2 {
                    if seen["shift"].as_f64().unwrap() > 0.0 {
                        seen = measured();
                    }
                }
                println!("{page} at {width}: {seen}");
                if seen["shift"].as_f64().unwrap() > 0.0 {
                    failures.push(format!("{page} at {width} moves: {seen}"));
                }
                for (kind, bytes) in seen["assets"].as_object().unwrap() {
                    if bytes.as_u64().unwrap() > MOST_BYTES {
                        failures.push(format!("{page}: {kind} has {bytes} bytes"));
                    }
                }
                if seen["elsewhere"] != 0 {
                    failures.push(format!("{page} asks other sites: {seen}"));
                }
            }
        }
        failures
    })
    .await
    .unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// First paint, what has moved until then, and the compressed sizes of what was sent.
const MEASURE: &str = "new Promise((done) => {
    const moved = [];
    let shift = 0;
    const watch = (type, then) => new PerformanceObserver((list) => list.getEntries().forEach(then)).observe({type, buffered: true});
    watch('layout-shift', (entry) => {
        shift += entry.value;
        moved.push(...entry.sources.map(({node}) => node && `${node.nodeName} ${node.id ?? ''} ${node.className?.baseVal ?? node.className}`));
    });
    watch('paint', ({name, startTime}) => {
        if (name !== 'first-contentful-paint') return;
        requestAnimationFrame(() => requestAnimationFrame(() => {
            const resources = performance.getEntriesByType('resource');
            const sent = (ending) => resources.filter((each) => each.name.endsWith(ending)).reduce((sum, each) => sum + each.encodedBodySize, 0);
            const [page] = performance.getEntriesByType('navigation');
            done({
                firstPaint: Math.round(startTime),
                loaded: Math.round(page.loadEventEnd),
                shift,
                moved,
                page: page.encodedBodySize,
                assets: {css: sent('.css'), js: sent('.js')},
                elsewhere: resources.filter((each) => !each.name.startsWith(location.origin)).length,
            });
        }));
    });
})";
