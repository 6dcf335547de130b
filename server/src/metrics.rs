//! What the server counts while it runs, for Prometheus.
//!
//! Requests are counted by surface, method and status, and never by path, so that the number of series is bounded and no name and no
//! secret gets into them. What the store and the process know themselves is asked for when somebody looks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric, LabelValueEncoder, prometheus_text,
};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use stagecraft::JobState;

use crate::state::AppState;

/// Upper ends of the buckets of latency, in seconds.
const LATENCIES: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The same of jobs.
const JOB_TIMES: [f64; 10] = [0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Surface {
    /// Queries.
    Read,
    /// Records in, changed and out.
    Write,
    /// The admin API.
    AdminApi,
    /// Dashboards.
    Pages,
    /// The web app for staff.
    Admin,
    /// Everything else: status, documentation, and paths that nobody has.
    Other,
}

impl Surface {
    fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        match first {
            "admin-api" => Self::AdminApi,
            "performance" => Self::Pages,
            "admin" => Self::Admin,
            "" | "metrics" | "docs" | "openapi.json" | "robots.txt" => Self::Other,
            _ if first.starts_with('_') => Self::Other,
            _ if request.method().is_safe() => Self::Read,
            _ => Self::Write,
        }
    }
}

impl EncodeLabelValue for Surface {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::AdminApi => "admin-api",
            Self::Pages => "pages",
            Self::Admin => "admin",
            Self::Other => "other",
        };
        EncodeLabelValue::encode(&name, encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    surface: Surface,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSurface {
    surface: Surface,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

/// What came of an attempt at a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobEnd {
    /// It was done.
    Done,
    /// It is to be tried again.
    PutOff,
    /// It cannot be done.
    Failed,
}

impl EncodeLabelValue for JobEnd {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Done => "done",
            Self::PutOff => "put-off",
            Self::Failed => "failed",
        };
        EncodeLabelValue::encode(&name, encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    kind: &'static str,
    end: JobEnd,
}

type JobTimes = Family<OfKind, Histogram, fn() -> Histogram>;
type Latencies = Family<OfSurface, Histogram, fn() -> Histogram>;

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    latencies: Latencies,
    in_flight: Gauge,
    jobs_queued: Family<OfKind, Counter>,
    jobs_ended: Family<Ended, Counter>,
    job_times: JobTimes,
    without_figures: Counter,
    looked_up: LookedUp,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("pp");
        let requests = Family::default();
        let latencies: Latencies = Family::new_with_constructor(|| Histogram::new(LATENCIES));
        let in_flight = Gauge::default();
        let without_figures = Counter::default();
        let looked_up = LookedUp::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time until the head of an answer was ready",
            latencies.clone(),
        );
        registry.register("http_requests_in_flight", "Requests being answered", in_flight.clone());
        let (jobs_queued, jobs_ended) = (Family::default(), Family::default());
        let job_times: JobTimes = Family::new_with_constructor(|| Histogram::new(JOB_TIMES));
        registry.register("jobs_queued", "Jobs that were asked for", jobs_queued.clone());
        registry.register("jobs_ended", "Attempts at jobs, by what came of them", jobs_ended.clone());
        registry.register("job_duration_seconds", "How long attempts at jobs took", job_times.clone());
        registry.register(
            "modules_without_figures",
            "Modules of pages whose data could not be had in time",
            without_figures.clone(),
        );
        registry.register_collector(Box::new(looked_up.clone()));
        Self {
            registry,
            requests,
            latencies,
            in_flight,
            jobs_queued,
            jobs_ended,
            job_times,
            without_figures,
            looked_up,
        }
    }
}

impl Metrics {
    /// Jobs of a kind were asked for.
    pub fn jobs_queued(&self, kind: &'static str, count: usize) {
        self.jobs_queued.get_or_create(&OfKind { kind }).inc_by(count as u64);
    }

    /// An attempt at a job has ended.
    pub fn job_ended(&self, kind: &'static str, end: JobEnd, seconds: f64) {
        self.jobs_ended.get_or_create(&Ended { kind, end }).inc();
        self.job_times.get_or_create(&OfKind { kind }).observe(seconds);
    }

    /// Counts a module of a page whose data could not be had.
    pub fn module_without_figures(&self) {
        self.without_figures.inc();
    }

    /// Everything in the text format of Prometheus.
    ///
    /// # Errors
    /// When text cannot be written, which a text in memory always can.
    pub async fn text(&self, state: &AppState) -> Result<String, std::fmt::Error> {
        self.looked_up.set(numbers(state).await);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A number that others keep.
#[derive(Debug, Clone, Copy)]
enum Number {
    /// Since the start.
    Total(u64),
    Now(u64),
}

/// Name, what it is, and the number.
type Line = (&'static str, &'static str, Number);

/// What was looked up when somebody asked.
#[derive(Debug, Clone, Default)]
struct LookedUp(Arc<Mutex<Vec<Line>>>);

impl LookedUp {
    fn set(&self, lines: Vec<Line>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = lines;
    }
}

impl Collector for LookedUp {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        for (name, help, number) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            match *number {
                Number::Total(number) => {
                    let counter = ConstCounter::new(number);
                    let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
                    counter.encode(metric)?;
                }
                Number::Now(number) => {
                    let gauge = ConstGauge::new(number);
                    let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
                    gauge.encode(metric)?;
                }
            }
        }
        Ok(())
    }
}

/// What the store, the cache of answers and the process know themselves.
async fn numbers(state: &AppState) -> Vec<Line> {
    use Number::{Now, Total};
    let store = state.store.counters().await;
    let answers = state.queries.cache_statistics();
    let queries = state.queries.activity();
    let mut lines = vec![
        ("store_data_sets", "Data sets that there are", Now(store.data_sets)),
        ("store_open_data_sets", "Data sets of which the manifest is in memory", Now(store.open_data_sets)),
        ("store_buffered_bytes", "Bytes of records that are in no segment", Now(store.buffered_bytes)),
        ("store_log_waiting_bytes", "Bytes that wait to be written to the log", Now(store.log_waiting_bytes)),
        ("store_log_file_bytes", "Bytes of the files of the log", Now(store.log_file_bytes)),
        ("store_log_frames", "Writes in the log", Total(store.log_frames)),
        ("store_log_bytes", "Bytes written to the log", Total(store.log_bytes)),
        ("store_log_syncs", "Times that the log was put on disk", Total(store.log_syncs)),
        ("store_log_failures", "Writes to the log that failed", Total(store.log_failures)),
        ("store_flushes", "Buffers that became segments", Total(store.flushes)),
        ("store_compactions", "Times that segments were put together", Total(store.compactions)),
        (
            "store_failures",
            "Flushes, compactions and attempts to apply what is in the log that failed",
            Total(store.failures),
        ),
        ("store_rows_written", "Rows in segments that were written", Total(store.rows_written)),
        ("store_bytes_written", "Bytes of segments that were written", Total(store.bytes_written)),
        ("store_commits", "Manifests that were committed", Total(store.commits)),
        ("store_files_deleted", "Files that were not needed any more", Total(store.files_deleted)),
        ("store_cache_hits", "Pieces of segments that were in memory", Total(store.cache_hits)),
        ("store_cache_misses", "Pieces of segments that had to be read", Total(store.cache_misses)),
        ("store_cache_bytes", "Bytes of pieces of segments in memory", Now(store.cache_bytes)),
        ("queries_running", "Queries that run", Now(queries.running as u64)),
        ("queries_streaming", "Large answers that are being sent", Now(queries.streaming as u64)),
        (
            "queries_answered",
            "Queries that were answered, those from kept answers aside",
            Total(queries.answered),
        ),
        ("answer_cache_hits", "Answers that were kept", Total(answers.hits)),
        ("answer_cache_misses", "Answers that were not kept", Total(answers.misses)),
        ("answer_cache_bytes", "Bytes that kept answers take, roughly", Now(answers.bytes)),
    ];
    // A database that does not answer is told by `/_health`.
    for (name, about, count) in [
        (
            "jobs_waiting",
            "Jobs that are not to be done yet, or not begun",
            state.registry.job_count(JobState::Waiting).await,
        ),
        ("jobs_due", "Jobs of these that could be begun", state.registry.due_job_count().await),
        ("jobs_running", "Jobs that a worker is at", state.registry.job_count(JobState::Running).await),
    ] {
        lines.extend(count.ok().map(|count| (name, about, Now(count))));
    }
    if let Some(process) = Process::of_this() {
        lines.extend([
            ("process_resident_memory_bytes", "Memory that the process holds", Now(process.resident_bytes)),
            ("process_threads", "Threads of the process", Now(process.threads)),
            ("process_open_files", "Files and connections that are open", Now(process.open_files)),
        ]);
    }
    lines
}

/// Counts a request and how long it took.
pub async fn count(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let metrics = &state.metrics;
    let (surface, method) = (Surface::of(&request), known_method(request.method()));
    let start = Instant::now();
    let in_flight = InFlight::new(&metrics.in_flight);
    let response = next.run(request).await;
    drop(in_flight);
    metrics.latencies.get_or_create(&OfSurface { surface }).observe(start.elapsed().as_secs_f64());
    let status = response.status().as_u16();
    metrics.requests.get_or_create(&Answered { surface, method, status }).inc();
    response
}

/// Anybody can invent methods; a series is not made of each.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Counts as being answered until it is dropped, which also happens when the client goes away.
struct InFlight(Gauge);

impl InFlight {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What the system knows about this process.
struct Process {
    resident_bytes: u64,
    threads: u64,
    open_files: u64,
}

impl Process {
    /// `None` where the system does not tell.
    fn of_this() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        Some(Self {
            resident_bytes: value("VmRSS:")? * 1024,
            threads: value("Threads:")?,
            open_files: std::fs::read_dir("/proc/self/fd").ok()?.count() as u64,
        })
    }
}
