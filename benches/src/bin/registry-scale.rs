//! What a large configuration costs: 5,000 data sets, and 2,000 dashboards with 20,000 modules.
//!
//! ```sh
//! cargo build --release
//! cargo run --release -p benches --bin registry-scale -- target/release/performance-platform
//! ```
//!
//! It fills a registry in a temporary folder, starts the server on it, and asks for every list and for single things over HTTP,
//! one after another; then it makes changes. In the end it looks things up in the process, as a query does.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use chrono::Utc;
use clap::Parser;
use serde_json::{Value, json};
use stagecraft::{NewDataSet, NewToken, Registry, RegistryError, Role};

const ADMIN: &str = "administrator-of-the-measurement";

/// Measures a large configuration.
#[derive(Debug, Parser)]
struct Args {
    /// The server's program.
    program: PathBuf,
    #[arg(long, default_value_t = 5_000)]
    data_sets: usize,
    #[arg(long, default_value_t = 2_000)]
    dashboards: usize,
    /// How many modules each dashboard has.
    #[arg(long, default_value_t = 10)]
    modules: usize,
    /// How often each thing is asked for.
    #[arg(long, default_value_t = 30)]
    times: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("registry.sqlite");
    let begun = Instant::now();
    let registry = Registry::open_file(&path).await?;
    fill(&registry, &args).await?;
    println!("filled in {:.1} s", begun.elapsed().as_secs_f64());
    let token = look_up(&registry, &args).await?;
    registry.close().await;
    let begun = Instant::now();
    let server = Server::start(&args.program, folder.path())?;
    println!("started in {:.0} ms\n", milliseconds(begun.elapsed()));
    ask(&server, &args, &token)?;
    change(&server, &args)
}

async fn fill(registry: &Registry, args: &Args) -> anyhow::Result<()> {
    const TYPES: usize = 10;
    registry
        .edit("owner@example.gov.uk", |edit| {
            for n in 0..TYPES {
                edit.create_data_type(&format!("type-{n}"), "")?;
            }
            for n in 0..args.data_sets {
                let group = format!("group-{:04}", n / TYPES);
                if n % TYPES == 0 {
                    edit.create_data_group(&group)?;
                }
                let mut new = NewDataSet::of(&group, &format!("type-{}", n % TYPES));
                new.settings.bearer_token = Some(format!("token-{n}"));
                edit.create_data_set(&new)?;
            }
            Ok::<_, RegistryError>(())
        })
        .await?;
    registry
        .edit("owner@example.gov.uk", |edit| {
            for n in 0..args.dashboards {
                let modules: Vec<Value> = (0..args.modules)
                    .map(|m| {
                        json!({"slug": format!("module-{m}"), "module-type": "single_timeseries", "title": format!("Module {m}"),
                            "description": "What it shows", "info": ["Where it comes from"], "value-attribute": "count",
                            "axes": {"x": {"label": "Date", "key": "_start_at"}, "y": [{"label": "Number"}]},
                            "data-source": {"data-group": format!("group-{:04}", (n + m) % (args.data_sets / TYPES)),
                                "data-type": format!("type-{}", m % TYPES),
                                "query-params": {"period": "week", "collect": ["count:sum"], "duration": 52}}})
                    })
                    .collect();
                edit.put_dashboard(&json!({"slug": format!("dashboard-{n:04}"), "title": format!("Dashboard {n}"),
                    "published": n % 2 == 0, "description": "A dashboard of the measurement", "modules": modules}))?;
            }
            Ok::<_, RegistryError>(())
        })
        .await?;
    Ok(())
}

/// What a query costs that has to be let in and to know its data set. Gives a token that was made for it.
async fn look_up(registry: &Registry, args: &Args) -> anyhow::Result<String> {
    let new = NewToken {
        email: "reader@example.gov.uk".into(),
        roles: BTreeSet::from([Role::Admin]),
        ..NewToken::default()
    };
    let (_, token) = registry.edit("", |edit| edit.create_token(&new)).await?;
    const TIMES: u32 = 200_000;
    let begun = Instant::now();
    for n in 0..TIMES as usize {
        let n = n % args.data_sets;
        let found = registry.data_set_by(&format!("group-{:04}", n / 10), &format!("type-{}", n % 10));
        let known = registry.catalog().access_token(&token, Utc::now());
        ensure!(found.is_some() && known.is_some(), "what was filled in is not there");
    }
    let each = begun.elapsed() / TIMES;
    println!("knowing a token and finding a data set, in the process: {:.2} us", each.as_secs_f64() * 1e6);
    Ok(token)
}

fn ask(server: &Server, args: &Args, token: &str) -> anyhow::Result<()> {
    let middle = args.dashboards / 2;
    let board = format!("dashboard-{middle:04}");
    let listed = server.get(&format!("/admin-api/dashboard/{board}"), token)?.json()?;
    let (id, module) = (text(&listed["id"]), text(&listed["modules"][0]["id"]));
    let group = args.data_sets / 20;
    println!("| Request | p50 | p99 | Size |\n|---|---|---|---|");
    for path in [
        "/admin-api/data-sets".to_owned(),
        "/admin-api/data-groups".to_owned(),
        "/admin-api/dashboards".to_owned(),
        "/admin-api/modules".to_owned(),
        "/admin-api/public/dashboards".to_owned(),
        "/admin-api/dashboards?page=7&per-page=50".to_owned(),
        format!("/admin-api/data-sets?data-group=group-{group:04}&data-type=type-5"),
        format!("/admin-api/data-sets/group_{group:04}_type_5"),
        format!("/admin-api/dashboard/{id}"),
        format!("/admin-api/dashboard/{board}"),
        format!("/admin-api/dashboard/{id}/module"),
        format!("/admin-api/dashboard/{id}/history"),
        format!("/admin-api/module/{module}"),
        format!("/admin-api/data-sets/group_{group:04}_type_5/dashboard"),
        format!("/admin-api/public/dashboards?slug={board}"),
        format!("/data/group-{group:04}/type-5?limit=1"),
    ] {
        let mut times = Vec::new();
        let mut size = 0;
        for _ in 0..args.times {
            let begun = Instant::now();
            let answer = server.get(&path, token)?;
            times.push(begun.elapsed());
            ensure!(
                answer.status == 200,
                "{path}: {} {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
            size = answer.body.len();
        }
        report(
            &path.replace(&id, "ID").replace(&module, "ID"),
            times,
            &format!("{:.1} KB", bytes(size) / 1024.0),
        );
    }
    Ok(())
}

/// Changes, each of which another reader sees with the next request.
fn change(server: &Server, args: &Args) -> anyhow::Result<()> {
    let (mut made, mut changed) = (Vec::new(), Vec::new());
    for n in 0..args.times {
        let body = json!({"slug": format!("new-{n}"), "title": "New"});
        made.push(server.send("POST", "/admin-api/dashboard", &body)?);
        let body = json!({"slug": format!("new-{n}"), "title": "Changed"});
        changed.push(server.send("PUT", &format!("/admin-api/dashboard/new-{n}"), &body)?);
    }
    report("POST /admin-api/dashboard", made, "");
    report("PUT /admin-api/dashboard/SLUG", changed, "");
    Ok(())
}

fn report(name: &str, mut times: Vec<Duration>, size: &str) {
    times.sort();
    let at = |part: usize| times.get((times.len() - 1) * part / 100).copied().unwrap_or_default();
    println!("| `{name}` | {:.2} ms | {:.2} ms | {size} |", milliseconds(at(50)), milliseconds(at(99)));
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[allow(clippy::cast_precision_loss, reason = "sizes are small")]
fn bytes(size: usize) -> f64 {
    size as f64
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A running server; stopped when it is dropped.
struct Server {
    process: Child,
    address: String,
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

impl Server {
    fn start(program: &Path, data_dir: &Path) -> anyhow::Result<Server> {
        let mut process = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-token", ADMIN, "--data-dir"])
            .arg(data_dir)
            .env("PP_LOG", "error")
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut lines = BufReader::new(process.stderr.take().context("the server says nothing")?).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on http://").map(str::to_owned));
        // Somebody has to read what else it says.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(Server { process, address: address.context("the server does not say where it listens")? })
    }

    fn get(&self, path: &str, token: &str) -> anyhow::Result<Answer> {
        self.exchange(&format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        ))
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Duration> {
        let body = body.to_string();
        let begun = Instant::now();
        let answer = self.exchange(&format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {ADMIN}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))?;
        ensure!(
            answer.status == 200,
            "{method} {path}: {} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        Ok(begun.elapsed())
    }

    /// Sends a request on a connection of its own and reads the answer to its end.
    fn exchange(&self, request: &str) -> anyhow::Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").context("no answer")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            bail!("the answer came in chunks, which this program does not read");
        }
        Ok(Answer { status, body: bytes.split_off(end + 4) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
