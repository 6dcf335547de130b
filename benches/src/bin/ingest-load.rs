//! Appends records to a running server over HTTP, from many connections at a time, and says how many were acknowledged and
//! how soon.
//!
//! ```sh
//! cargo run --release -p benches --bin ingest-load -- http://127.0.0.1:3000 --admin-token let-me-in --records 1000
//! ```
//!
//! It makes a data set of its own (`load/records`) if there is none. Connections stay open, and each sends its next request when
//! the one before is acknowledged. Anything but a 200 ends the run.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use benches::times::Times;
use clap::Parser;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Appends records over HTTP, over and over.
#[derive(Debug, Clone, Parser)]
struct Args {
    /// The server, such as `http://127.0.0.1:3000`.
    server: String,
    /// The administrator's token of the server.
    #[arg(long)]
    admin_token: String,
    /// How many connections write at the same time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Records in one request.
    #[arg(long, default_value_t = 1)]
    records: usize,
    /// For how long, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Give records one of so many ids, so that they replace each other. Without it every record is a new one.
    #[arg(long)]
    ids: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let host = args.server.strip_prefix("http://").context("the server is `http://HOST:PORT`")?;
    let host: Arc<str> = host.trim_end_matches('/').into();
    make_data_set(&host, &args).await?;
    let start = Instant::now();
    let end = start + Duration::from_secs(args.seconds);
    let tasks: Vec<_> = (0..args.connections)
        .map(|number| tokio::spawn(append(Arc::clone(&host), args.clone(), number, end)))
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let elapsed = start.elapsed().as_secs_f64();
    let times = Times::of(times);
    let rate = times.count() as f64 / elapsed;
    println!("{:.0} records/s  {rate:.0} requests/s  {}", rate * args.records as f64, times.in_words());
    Ok(())
}

/// What is there already is not made anew.
async fn make_data_set(host: &str, args: &Args) -> anyhow::Result<()> {
    let mut connection = Connection::open(host).await?;
    let data_set = json!({
        "data_group": "load", "data_type": "records", "bearer_token": "load", "raw_queries_allowed": true,
    });
    for (path, body) in [
        ("data-groups", json!({"name": "load"})),
        ("data-types", json!({"name": "records"})),
        ("data-sets", data_set),
    ] {
        let body = body.to_string();
        let request = request(host, &format!("/admin-api/{path}"), &args.admin_token, body.as_bytes());
        let (status, answer) = connection.send(&request).await?;
        let is_known = status == 400 || status == 409;
        if status != 200 && !is_known {
            bail!("{path}: {status} {answer}");
        }
    }
    Ok(())
}

/// What one connection does: the time of every acknowledgement.
async fn append(host: Arc<str>, args: Args, number: usize, end: Instant) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(&host).await?;
    let mut random = Numbers(number as u64 + 1);
    // Made before, so that what is measured is the server.
    let requests: Vec<Vec<u8>> = (0..16)
        .map(|_| {
            let body = body(&mut random, args.records, args.ids);
            request(&host, "/data/load/records", "load", body.as_bytes())
        })
        .collect();
    let mut times = Vec::new();
    for request in requests.iter().cycle() {
        let start = Instant::now();
        if start >= end {
            break;
        }
        let (status, answer) = connection.send(request).await?;
        if status != 200 {
            bail!("{status} {answer}");
        }
        times.push(start.elapsed());
    }
    Ok(times)
}

/// A list of records like those that services send, about 190 bytes each.
fn body(random: &mut Numbers, records: usize, ids: Option<u64>) -> String {
    let mut body = String::from("[");
    for n in 0..records {
        if n > 0 {
            body.push(',');
        }
        body.push('{');
        if let Some(ids) = ids {
            // Writing to a string cannot fail.
            let _ = write!(body, r#""_id":"record-{}","#, random.below(ids));
        }
        let (channel, day) = (random.below(6), random.below(28) + 1);
        let _ = write!(
            body,
            r#""_timestamp":"2026-{:02}-{day:02}T{:02}:00:00Z","channel":"channel-{channel}","department":"department-{}","service":"service-{}","volume":{},"cost":{}.{:02},"is_digital":{}}}"#,
            random.below(12) + 1,
            random.below(24),
            random.below(24),
            random.below(800),
            random.below(1_000),
            random.below(5_000),
            random.below(100),
            channel < 3,
        );
    }
    body.push(']');
    body
}

fn request(host: &str, path: &str, token: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// One connection that stays open. It reads as much HTTP as the server writes, so that little of the two cores goes into asking.
struct Connection(BufReader<TcpStream>);

impl Connection {
    async fn open(host: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("cannot connect to {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request and reads the answer to its end: the status and the body.
    async fn send(&mut self, request: &[u8]) -> anyhow::Result<(u16, String)> {
        self.0.get_mut().write_all(request).await?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            if self.0.read_line(&mut line).await? == 0 {
                bail!("the server closed the connection");
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
                status = rest.split(' ').next().unwrap_or_default().parse()?;
            } else if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}
