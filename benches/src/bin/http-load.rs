//! Asks one address over and over, from several connections at a time, and says how often and how fast it was answered.
//!
//! ```sh
//! cargo run --release -p benches --bin http-load -- http://127.0.0.1:3000/performance/lantern-licences --seconds 10
//! ```
//!
//! Connections stay open. Answers are read to their end. Anything but a status below 400 ends the run.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use benches::times::Times;
use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Asks one address over and over.
#[derive(Debug, Clone, Parser)]
struct Args {
    /// The address, such as `http://127.0.0.1:3000/performance`.
    url: Uri,
    /// How many connections ask at the same time.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// For how long.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Headers as `Name: value`; may be given several times.
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// A file that is sent as the body of a POST; without one, GET.
    #[arg(long)]
    body: Option<std::path::PathBuf>,
    /// A query string parameter that differs with every request, so that nothing can be answered from memory: its value is a word.
    /// For a query, `filter=KEY!` makes it a condition that all records meet.
    #[arg(long)]
    vary: Option<String>,
}

/// What one connection saw.
#[derive(Debug, Default)]
struct Seen {
    times: Vec<Duration>,
    bytes: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let authority = args.url.authority().context("the address has no host")?.clone();
    let address: SocketAddr = tokio::net::lookup_host((authority.host(), authority.port_u16().unwrap_or(80)))
        .await?
        .next()
        .context("the host is not known")?;
    let body = match &args.body {
        Some(path) => Bytes::from(std::fs::read(path).with_context(|| path.display().to_string())?),
        None => Bytes::new(),
    };
    let start = Instant::now();
    let end = start + Duration::from_secs(args.seconds);
    let tasks: Vec<_> = (0..args.connections)
        .map(|number| tokio::spawn(ask(args.clone(), number, address, body.clone(), end)))
        .collect();
    let mut all = Seen::default();
    for task in tasks {
        let seen = task.await??;
        all.times.extend(seen.times);
        all.bytes += seen.bytes;
    }
    let elapsed = start.elapsed().as_secs_f64();
    let times = Times::of(all.times);
    println!(
        "{:.0} requests/s  {}  {:.1} MB/s  ({} requests)",
        times.count() as f64 / elapsed,
        times.in_words(),
        all.bytes as f64 / elapsed / 1e6,
        times.count()
    );
    Ok(())
}

async fn ask(
    args: Args,
    number: usize,
    address: SocketAddr,
    body: Bytes,
    end: Instant,
) -> anyhow::Result<Seen> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let path = args.url.path_and_query().map_or("/", |path| path.as_str());
    let host = args.url.authority().map_or("localhost", |authority| authority.as_str());
    let mut seen = Seen::default();
    while Instant::now() < end {
        let target = match &args.vary {
            Some(name) => {
                let mark = if path.contains('?') { '&' } else { '?' };
                format!("{path}{mark}{name}=v{number}-{}", seen.times.len())
            }
            None => path.to_owned(),
        };
        let method = if args.body.is_some() { "POST" } else { "GET" };
        let mut request = Request::builder().method(method).uri(target).header("host", host);
        for header in &args.headers {
            let (name, value) = header.split_once(':').context("a header is `Name: value`")?;
            request = request.header(name.trim(), value.trim());
        }
        let start = Instant::now();
        sender.ready().await?;
        let mut answer = sender.send_request(request.body(Full::new(body.clone()))?).await?;
        let status = answer.status();
        if status.as_u16() >= 400 {
            let content = answer.into_body().collect().await?.to_bytes();
            bail!("{status}: {}", String::from_utf8_lossy(&content[..content.len().min(300)]));
        }
        while let Some(frame) = answer.frame().await {
            seen.bytes += frame?.data_ref().map_or(0, |piece| piece.len() as u64);
        }
        seen.times.push(start.elapsed());
    }
    Ok(seen)
}
