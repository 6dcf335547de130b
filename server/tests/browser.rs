//! Pages in a real browser: readable for everybody, at any size, in any colours, with and without scripts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

mod support;

use serde_json::Value;
use support::TestServer;
use support::browser::Browser;

const AXE: &str = include_str!("vendor/axe-core/axe.min.js");

/// One page of every type.
const PAGES: [&str; 15] = [
    "/performance",
    "/performance/services",
    "/performance/services?filter=nothing-like-it",
    "/performance/services?measure=all",
    "/performance/web-traffic",
    "/performance/about",
    "/performance/accessibility",
    "/performance/prototypes",
    "/performance/no-such-page",
    "/performance/tides-and-rivers",
    "/performance/lantern-licences",
    "/performance/harbour-permits?compare=previous_year",
    "/performance/tides-and-rivers/visits?from=2025-01&to=2024-01",
    "/performance/tides-and-rivers/visits/embed",
    "/performance/big-screen/lantern-licences",
];

/// A way to read a page: its name, the width of the window, media features, and a script to run first.
type Mode = (&'static str, u32, &'static [(&'static str, &'static str)], &'static str);

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

/// What the rules of WCAG 2.2 A and AA find wrong with the open page.
fn violations(browser: &mut Browser) -> Vec<String> {
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
    let Some((_server, root, browser)) = start().await else { return };
    let failures = tokio::task::spawn_blocking(move || {
        let mut browser = browser;
        let mut failures: Vec<String> = Vec::new();
        let modes: [Mode; 5] = [
            ("wide", 1280, &[], "1"),
            ("narrow", 320, &[], "1"),
            ("large text", 1280, &[], "document.documentElement.style.fontSize = '200%'"),
            ("dark", 1280, &[("prefers-color-scheme", "dark")], "1"),
            ("forced colours", 1280, &[("forced-colors", "active")], "1"),
        ];
        for page in PAGES {
            for (mode, width, media, script) in modes {
                browser.resize(width);
                browser.media(media);
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
        let latest = browser.evaluate("document.querySelector('#visits .readout').textContent");
        browser.press("ArrowLeft");
        let before = browser.evaluate("document.querySelector('#visits .readout').textContent");
        assert!(latest.as_str().unwrap().contains(": ") && latest != before, "{latest}, {before}");
        browser.press("Escape");
        assert_eq!(browser.evaluate("document.querySelector('#visits .readout').hidden"), Value::Bool(true));
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
