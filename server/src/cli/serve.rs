//! `performance-platform serve`.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use engine::query::QueryLimits;
use engine::{Durability, Place, StoreOptions};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::data_dir::{Configuration, DataDir};
use super::{open::open_with, registry::RegistryArgs, sign_on::SignOnArgs, start_logging};
use crate::access::limits::Limits;
use crate::access::{self, Access};
use crate::auth::Token;
use crate::branding::Branding;
use crate::clock::{Clock, TEST_NOW};
use crate::controllers::dashboards::cache::{Keep, Pages};
use crate::controllers::dashboards::door::Door;
use crate::listener::{self, Patience};
use crate::state::AppState;
use crate::{retention, router, worker};

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    listen: ListenArgs,
    /// Only answer questions about records that another process writes to the same store: what it puts into segments is seen
    /// within seconds. Writes are refused.
    #[arg(long, env = "PP_READ_ONLY")]
    read_only: bool,
}

/// Where a server listens, and whom it lets in.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Address of all surfaces: `/data`, `/admin-api`, `/performance`. Port 0 chooses a free one.
    #[arg(long, env = "PP_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:3000", value_parser = address)]
    pub listen: SocketAddr,
    /// A further address that has the read API alone, at the root, as older deployments have it.
    #[arg(long, env = "PP_READ_LISTEN", value_name = "ADDRESS", value_parser = address)]
    read_listen: Option<SocketAddr>,
    /// A further address that has the write API alone.
    #[arg(long, env = "PP_WRITE_LISTEN", value_name = "ADDRESS", value_parser = address)]
    write_listen: Option<SocketAddr>,
    /// A further address that has the admin API alone.
    #[arg(long, env = "PP_ADMIN_API_LISTEN", value_name = "ADDRESS", value_parser = address)]
    admin_api_listen: Option<SocketAddr>,
    /// Bearer token with every permission. Without one, nobody can administer over HTTP.
    #[arg(long, env = "PP_ADMIN_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
    /// The most requests a second by one token or, without a token, from one address. Without it there is no such limit.
    #[arg(long, env = "PP_RATE_LIMIT", value_name = "NUMBER", value_parser = at_least_one)]
    rate_limit: Option<NonZeroU32>,
    /// How many days the audit log is kept. Without it, it is kept for ever.
    #[arg(long, env = "PP_AUDIT_DAYS", value_name = "DAYS", value_parser = at_least_one)]
    audit_days: Option<NonZeroU32>,
    /// How long a query may take, in seconds.
    #[arg(long, env = "PP_QUERY_SECONDS", value_name = "SECONDS", default_value_t = 30)]
    query_seconds: u16,
    /// How many MiB all queries together may use for grouping and sorting.
    #[arg(long, env = "PP_QUERY_MEMORY", value_name = "MIB", default_value_t = 1024)]
    query_memory: u32,
    /// How many queries run at the same time; others wait. [default: four a core]
    #[arg(long, env = "PP_QUERIES_AT_ONCE", value_name = "NUMBER")]
    queries_at_once: Option<NonZeroUsize>,
    /// What an acknowledged write survives: `fsync` a loss of power, `interval` only the end of the process; up to a second
    /// of writes may be lost with the power, and writes are acknowledged sooner.
    #[arg(long, env = "PP_DURABILITY", value_name = "LEVEL", default_value = "fsync")]
    durability: DurabilityLevel,
    /// How many MiB of records that were read are kept decoded in memory.
    #[arg(long, env = "PP_CACHE_MEMORY", value_name = "MIB", default_value_t = 256)]
    cache_memory: u32,
    /// How often records that are only in the log and in memory are put into files: a number with `ms`, `s` or `min`.
    #[arg(long, env = "PP_FLUSH_INTERVAL", value_name = "TIME", default_value = "10s", value_parser = time)]
    flush_interval: Duration,
    /// How long files of records stay that are not needed any more, in seconds: backups and processes that only read may
    /// still be reading them.
    #[arg(long, env = "PP_GRACE_SECONDS", value_name = "SECONDS", default_value_t = 120)]
    grace_seconds: u32,
    /// Believe the X-Forwarded-For and X-Forwarded-Proto headers of the proxy in front of this server.
    #[arg(long, env = "PP_BEHIND_PROXY")]
    behind_proxy: bool,
    /// A TOML file with the name, colour, logo and links that pages show: see docs/dashboards.md.
    #[arg(long, env = "PP_BRANDING", value_name = "FILE")]
    branding: Option<PathBuf>,
    /// `USER:PASSWORD` that a browser must give to see dashboards. Without it everybody sees them.
    #[arg(long, env = "PP_DASHBOARDS_LOGIN", value_name = "USER:PASSWORD", hide_env_values = true)]
    dashboards_login: Option<String>,
    /// How long a page waits for the data of a module: a number with `ms`, `s` or `min`. After that it shows what it knew
    /// last, or that there is nothing for now.
    #[arg(long, env = "PP_MODULE_DEADLINE", value_name = "TIME", default_value = "5s", value_parser = time)]
    module_deadline: Duration,
    /// What dashboards keep between requests, for measuring: everything kept is made anew when its data changes.
    #[arg(long, env = "PP_KEEP", value_name = "WHAT", default_value = "pages")]
    keep: Keep,
    /// For tests only: let every request choose the present with an `X-Test-Now` header.
    #[arg(long, env = "PP_TEST_CLOCK")]
    test_clock: bool,
    #[command(flatten)]
    sign_on: SignOnArgs,
}

/// What an acknowledged write survives, as on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DurabilityLevel {
    /// A loss of power.
    Fsync,
    /// The end of the process.
    Interval,
}

impl From<DurabilityLevel> for Durability {
    fn from(level: DurabilityLevel) -> Durability {
        match level {
            DurabilityLevel::Fsync => Durability::Fsync,
            DurabilityLevel::Interval => Durability::Interval(Duration::from_secs(1)),
        }
    }
}

/// Reads an address to listen on, such as `127.0.0.1:3000`; `localhost` is this machine.
fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numeric.as_deref().unwrap_or(text).parse().map_err(|_| {
        format!(
            "{text} is no address and port: 127.0.0.1:3000 is for this machine alone, 0.0.0.0:3000 for every network"
        )
    })
}

/// Reads a number that cannot be 0.
fn at_least_one(text: &str) -> Result<NonZeroU32, String> {
    text.parse()
        .map_err(|_| format!("{text} is no whole number from 1 on: for no limit, leave the option out"))
}

/// Reads a length of time, such as `250ms`, `10s` or `5min`.
fn time(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("{text} is no length of time: a whole number above 0 with ms, s or min, as in 10s");
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    Ok(Duration::from_millis(u64::from(number) * millis))
}

impl ListenArgs {
    fn clock(&self) -> Clock {
        if self.test_clock { Clock::TestHeader } else { Clock::System }
    }

    /// Opens a data directory with these settings.
    ///
    /// # Errors
    /// As [`open_with`].
    pub async fn open(
        &self,
        place: Place,
        data_dir: &Path,
        registry: &RegistryArgs,
        is_read_only: bool,
    ) -> anyhow::Result<AppState> {
        let mut branding = self.branding.as_deref().map(Branding::read).transpose()?.unwrap_or_default();
        if branding.options.site.is_none() {
            branding.options.site = self.sign_on.public_url().map(str::to_owned);
        }
        let admin_token = self.admin_token.clone().and_then(Token::new);
        let store_options = StoreOptions {
            durability: self.durability.into(),
            cache: u64::from(self.cache_memory) << 20,
            flush_interval: self.flush_interval,
            grace: Duration::from_secs(self.grace_seconds.into()),
            ..StoreOptions::default()
        };
        let usual = QueryLimits::default();
        let query_limits = QueryLimits {
            deadline: Duration::from_secs(self.query_seconds.into()),
            memory: usize::try_from(self.query_memory).unwrap_or(usize::MAX).saturating_mul(1 << 20),
            concurrent: self.queries_at_once.unwrap_or(usual.concurrent),
        };
        let options = (store_options, query_limits);
        let state =
            open_with(place, data_dir, registry, admin_token, self.clock(), is_read_only, options).await?;
        let limits = Limits::new(self.rate_limit);
        let sign_on = self.sign_on.sign_on()?;
        let access = Access {
            limits,
            sign_on,
            audit_days: self.audit_days,
            behind_proxy: self.behind_proxy,
            ..Access::default()
        };
        let pages = Arc::new(Pages::keeping(self.keep));
        let door = Arc::new(Door::new(self.dashboards_login.clone().and_then(Token::new)));
        Ok(AppState {
            branding: Arc::new(branding),
            access: Arc::new(access),
            pages,
            door,
            module_deadline: self.module_deadline,
            ..state
        })
    }
}

/// Serves a data directory until it is told to stop.
///
/// # Errors
/// When the data directory or an address cannot be used.
pub async fn run(args: ServeArgs) -> anyhow::Result<()> {
    start_logging();
    let Configuration { data_dir, registry } = &args.data.configuration;
    let state = args.listen.open(args.data.place()?, data_dir, registry, args.read_only).await?;
    let welcome = state.access.welcome.offer(&state.registry);
    serve(state, &args.listen, |address| {
        eprintln!("Listening on http://{address}");
        eprintln!("  dashboards  http://{address}/performance");
        eprintln!("  status      http://{address}/_status");
        if let Some(key) = &welcome {
            eprintln!("  no administrator yet: create the first one with this link, which works once:");
            eprintln!("  http://{address}/admin/welcome?key={key}");
        }
    })
    .await
}

/// Serves until SIGTERM or ctrl-c, then lets running requests end and puts everything on disk. `ready` is told the
/// address once connections are taken.
///
/// # Errors
/// When an address cannot be used, or the store cannot be closed.
pub async fn serve(state: AppState, args: &ListenArgs, ready: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    if state.clock == Clock::TestHeader {
        tracing::warn!(
            "the test clock is on: every request can choose the present with {TEST_NOW}; never use this in production"
        );
    }
    let (stop, stopping) = watch::channel(false);
    let main = bind(args.listen).await?;
    let address = main.local_addr()?;
    let spawn = |listener, router| {
        tokio::spawn(listener::serve(listener, router, Patience::default(), stopping.clone()))
    };
    let mut servers = vec![spawn(main, router::everything(state.clone()))];
    let alone = [
        (args.read_listen, router::read_only(state.clone()), "read API"),
        (args.write_listen, router::write_only(state.clone()), "write API"),
        (args.admin_api_listen, router::admin_api_only(state.clone()), "admin API"),
    ];
    for (wanted, router, name) in alone {
        if let Some(wanted) = wanted {
            let listener = bind(wanted).await?;
            tracing::info!(address = %listener.local_addr()?, "{name} alone");
            servers.push(spawn(listener, router));
        }
    }
    let keeping_up = tokio::spawn(access::keep_up(state.clone(), stopping.clone()));
    let retaining = tokio::spawn(retention::keep_up(state.clone(), stopping.clone()));
    let working = tokio::spawn(worker::keep_up(state.clone(), stopping.clone()));
    tracing::info!(%address, "listening");
    ready(address);
    wait_for_stop().await?;
    tracing::info!("stopping: letting running requests end");
    let _ = stop.send(true);
    for server in servers {
        server.await.context("a server task failed")?;
    }
    keeping_up.await.context("the task that keeps the audit log failed")?;
    retaining.await.context("the task that removes old records failed")?;
    working.await.context("the task that does jobs failed")?;
    state.access.audit.write(&state.registry).await;
    state.store.close().await.context("cannot close the store")?;
    // with SQLite everything is in the one file then, for whoever copies it
    state.registry.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: choose another address with --listen, or stop what uses it")
    })
}

async fn wait_for_stop() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numbers_with_a_port() {
        assert_eq!(address("localhost:80"), Ok(SocketAddr::from(([127, 0, 0, 1], 80))));
        assert_eq!(address("0.0.0.0:3000"), Ok(SocketAddr::from(([0, 0, 0, 0], 3000))));
        for wrong in ["3000", ":3000", "localhost", "example.org:80", "127.0.0.1:70000", ""] {
            assert!(address(wrong).unwrap_err().contains("127.0.0.1:3000"), "{wrong}");
        }
    }

    #[test]
    fn lengths_of_time_have_a_unit() {
        assert_eq!(time("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(time("5min"), Ok(Duration::from_secs(300)));
        for wrong in ["10", "0s", "s", "1h", "-1s", "1.5s", "99999999999s", ""] {
            assert!(time(wrong).unwrap_err().contains("as in 10s"), "{wrong}");
        }
    }
}
