//! Opens pages in a real browser without a window and says what a reader waits for, as auditors of pages measure it.
//!
//! ```sh
//! cargo run --release -p benches --bin page-load -- http://127.0.0.1:3000/performance/lantern-licences
//! ```
//!
//! Each page is opened several times by three kinds of reader, each time with an empty cache. The first time is told apart: for a server that
//! has just started it is also the first time that the server makes the page. Milliseconds are counted from the click.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "the browser is that of the tests")]

#[expect(dead_code, reason = "tests point, press and click, too")]
#[path = "../../../server/tests/it/support/browser.rs"]
mod browser;

use std::process::ExitCode;

use browser::Browser;
use clap::Parser;
use serde_json::{Value, json};

/// Opens pages in a real browser and says what a reader waits for.
#[derive(Debug, Parser)]
struct Args {
    /// The addresses of the pages, such as `http://127.0.0.1:3000/performance`.
    #[arg(required = true)]
    urls: Vec<String>,
    /// How many times each page is opened by each kind of reader.
    #[arg(long, default_value_t = 9)]
    times: usize,
}

/// How a reader reads.
struct Reader {
    name: &'static str,
    /// The width of the window in pixels.
    width: u32,
    /// By how many times the processor is slowed down.
    slower: u32,
    /// The time of a round trip in milliseconds and bytes a second, where the network is slowed down.
    network: Option<(u32, u32)>,
}

const READERS: [Reader; 4] = [
    Reader { name: "desktop, 1280 px", width: 1280, slower: 1, network: None },
    Reader { name: "phone, 360 px", width: 360, slower: 1, network: None },
    Reader { name: "phone, processor 4 times slower", width: 360, slower: 4, network: None },
    // what Lighthouse calls a slow 4G network
    Reader { name: "the same, slow 4G", width: 360, slower: 4, network: Some((150, 1_638_400 / 8)) },
];

/// Collects what the browser observes, from before the page is there.
const OBSERVE: &str = "
    window.seen = { shift: 0, blocked: 0, largest: 0 };
    const watch = (type, then) => new PerformanceObserver((list) => list.getEntries().forEach(then)).observe({ type, buffered: true });
    watch('layout-shift', (entry) => { seen.shift += entry.value; });
    watch('longtask', (entry) => { seen.blocked += Math.max(0, entry.duration - 50); });
    watch('largest-contentful-paint', (entry) => { seen.largest = entry.startTime; });
";

/// What was observed by the time that nothing is left to be drawn.
const MEASURE: &str = "new Promise((done) => {
    const paint = () => performance.getEntriesByName('first-contentful-paint')[0];
    const look = () => (paint() && seen.largest ? setTimeout(tell, 200) : requestAnimationFrame(look));
    const tell = () => {
        const [page] = performance.getEntriesByType('navigation');
        const files = performance.getEntriesByType('resource');
        done({
            answer: page.responseStart, first: paint().startTime, largest: seen.largest, loaded: page.loadEventEnd,
            blocked: seen.blocked, shift: seen.shift, requests: files.length + 1,
            page: page.encodedBodySize, all: [page, ...files].reduce((sum, file) => sum + file.encodedBodySize, 0),
        });
    };
    look();
})";

fn main() -> ExitCode {
    let args = Args::parse();
    let Some(mut browser) = Browser::start() else { return ExitCode::FAILURE };
    browser.command("Network.enable", json!({}));
    browser.command("Page.addScriptToEvaluateOnNewDocument", json!({"source": OBSERVE}));
    println!(
        "| Page and reader | | First byte | First paint | Largest paint | Loaded | Blocked | Shift | Page, all files, requests |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for url in &args.urls {
        for reader in &READERS {
            let seen: Vec<Value> = (0..args.times.max(1)).map(|_| open(&mut browser, url, reader)).collect();
            println!("| {url}, {} | first | {}", reader.name, row(&seen[..1]));
            println!("| | median | {}", row(&seen));
        }
    }
    ExitCode::SUCCESS
}

fn open(browser: &mut Browser, url: &str, reader: &Reader) -> Value {
    browser.resize(reader.width);
    browser.command("Emulation.setCPUThrottlingRate", json!({"rate": reader.slower}));
    let (latency, bytes) = reader.network.map_or((0, -1), |(latency, bytes)| (latency, i64::from(bytes)));
    let network =
        json!({"offline": false, "latency": latency, "downloadThroughput": bytes, "uploadThroughput": bytes});
    browser.command("Network.emulateNetworkConditions", network);
    browser.open("about:blank");
    browser.command("Network.clearBrowserCache", json!({}));
    browser.open(url);
    browser.evaluate(MEASURE)
}

/// The medians as cells of a table.
fn row(seen: &[Value]) -> String {
    let median = |key: &str| {
        let mut values: Vec<f64> = seen.iter().map(|each| each[key].as_f64().unwrap_or(f64::NAN)).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let milliseconds = |key: &str| format!("{:.0} ms", median(key));
    let cells = [
        milliseconds("answer"),
        milliseconds("first"),
        milliseconds("largest"),
        milliseconds("loaded"),
        milliseconds("blocked"),
        format!("{}", median("shift")),
        format!(
            "{:.1} KB, {:.1} KB, {}",
            median("page") / 1024.0,
            median("all") / 1024.0,
            median("requests")
        ),
    ];
    format!("{} |", cells.join(" | "))
}
