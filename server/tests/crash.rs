//! Pulls the plug on the real binary in the middle of writes, again and again: what was acknowledged is there, once.
//!
//! `CRASH_CYCLES=500 cargo test -p performance-platform --test crash` does it that many times.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

const ADMIN: &str = "administrator-of-tests";

/// A running server; killed when it is dropped.
struct Server {
    process: Child,
    base: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_performance-platform"))
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-token", ADMIN, "--data-dir"])
            .arg(folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let base = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned))
            .expect("the server says where it listens");
        // Somebody has to read what it logs.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| println!("server: {line}")));
        Self { process, base }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {ADMIN}"))
            .header("content-type", "application/json")
            .body(if body.is_null() { String::new() } else { body.to_string() })
            .unwrap();
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let mut response =
            agent.run(request).inspect_err(|error| println!("{method} {path}: {error}")).ok()?;
        let status = response.status().as_u16();
        let text =
            response.body_mut().read_to_string().inspect_err(|error| println!("{path}: {error}")).ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGKILL: the process gets no chance to put anything in order.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is acknowledged, and what may be there because its answer never came.
#[derive(Default)]
struct Journal {
    acknowledged: BTreeMap<String, i64>,
    unanswered: BTreeMap<String, i64>,
    /// What was removed for good.
    removed: BTreeSet<String>,
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Mutex::new(Journal::default());
    let server = Server::start(folder.path());
    server.call("POST", "/admin-api/data-groups", &json!({"name": "crash"}));
    server.call("POST", "/admin-api/data-types", &json!({"name": "records"}));
    let data_set = json!({
        "data_group": "crash", "data_type": "records", "raw_queries_allowed": true, "bearer_token": "of-the-data-set",
    });
    let made = server.call("POST", "/admin-api/data-sets", &data_set).unwrap();
    assert_eq!(made.0, 200, "{made:?}");
    drop(server);

    let cycles = std::env::var("CRASH_CYCLES").ok().and_then(|count| count.parse().ok()).unwrap_or(12usize);
    for cycle in 0..cycles {
        let server = Server::start(folder.path());
        let (answers, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let (server, journal, answers, stop) = (&server, &journal, &answers, &stop);
                scope.spawn(move || {
                    for round in 0.. {
                        if stop.load(Ordering::Acquire) {
                            return;
                        }
                        if !write(server, journal, cycle, writer, round) {
                            return;
                        }
                        answers.fetch_add(1, Ordering::AcqRel);
                    }
                });
            }
            // Every cycle dies at another point of the stream of writes.
            while answers.load(Ordering::Acquire) < 15 + cycle * 17 % 90 {
                std::thread::yield_now();
            }
            let killed =
                Command::new("kill").args(["-9", &server.process.id().to_string()]).status().unwrap();
            assert!(killed.success());
            stop.store(true, Ordering::Release);
        });
        drop(server);
        check(&Server::start(folder.path()), &journal.lock().unwrap());
    }
}

/// One request or two: records, now and then a change or a removal of one of them. Whether there was an answer.
fn write(server: &Server, journal: &Mutex<Journal>, cycle: usize, writer: usize, round: i64) -> bool {
    if !append(server, journal, cycle, writer, round) {
        return false;
    }
    match round % 4 {
        1 => patch(server, journal, &format!("{cycle}.{writer}.{round}.c"), cycle as i64 * 1_000_000 + round),
        2 => delete(server, journal, &format!("{cycle}.{writer}.{round}.c")),
        _ => true,
    }
}

/// Changes the version of a record of which nobody else knows.
fn patch(server: &Server, journal: &Mutex<Journal>, id: &str, version: i64) -> bool {
    let version = version + 500_000;
    let answer = server.call("PATCH", &format!("/data/crash/records/{id}"), &json!({"version": version}));
    let mut journal = journal.lock().unwrap();
    match &answer {
        Some((200, _)) => journal.acknowledged.insert(id.to_owned(), version),
        Some(other) => panic!("refused: {other:?}"),
        None => journal.unanswered.insert(id.to_owned(), version),
    };
    answer.is_some()
}

/// Removes a record of which nobody else knows.
fn delete(server: &Server, journal: &Mutex<Journal>, id: &str) -> bool {
    let answer = server.call("DELETE", &format!("/data/crash/records/{id}"), &Value::Null);
    let mut journal = journal.lock().unwrap();
    let version = journal.acknowledged.remove(id);
    match &answer {
        Some((200, _)) => {
            journal.removed.insert(id.to_owned());
        }
        Some(other) => panic!("refused: {other:?}"),
        None => {
            journal.unanswered.extend(version.map(|version| (id.to_owned(), version)));
        }
    }
    answer.is_some()
}

/// Four records in one request: three of their own, and one that all rounds of a writer replace. Whether there was an
/// answer.
fn append(server: &Server, journal: &Mutex<Journal>, cycle: usize, writer: usize, round: i64) -> bool {
    let version = cycle as i64 * 1_000_000 + round;
    let own = |letter: char| format!("{cycle}.{writer}.{round}.{letter}");
    let ids = [own('a'), own('b'), own('c'), format!("w{writer}")];
    let records: Vec<Value> = ids
        .iter()
        .map(|id| json!({"_id": id, "_timestamp": "2014-01-01T00:00:00Z", "version": version}))
        .collect();
    let answer = server.call("POST", "/data/crash/records", &records.into());
    let mut journal = journal.lock().unwrap();
    for id in ids {
        match &answer {
            Some((200, _)) => {
                journal.unanswered.remove(&id);
                journal.acknowledged.insert(id, version);
            }
            Some(other) => panic!("refused: {other:?}"),
            None => {
                journal.unanswered.insert(id, version);
            }
        }
    }
    answer.is_some()
}

fn check(server: &Server, journal: &Journal) {
    let (status, answer) = server.call("GET", "/data/crash/records", &Value::Null).unwrap();
    assert_eq!(status, 200);
    let mut found = BTreeMap::new();
    for record in answer["data"].as_array().unwrap() {
        let id = record["_id"].as_str().unwrap().to_owned();
        let version = record["version"].as_i64().unwrap();
        assert!(found.insert(id.clone(), version).is_none(), "{id} is there twice");
    }
    for (id, version) in &journal.acknowledged {
        let got = found.get(id);
        let unanswered = journal.unanswered.get(id);
        assert!(
            got == Some(version) || got.is_some() && got == unanswered,
            "{id}: {got:?}, acknowledged {version}"
        );
    }
    for id in &journal.removed {
        assert_eq!(found.get(id), None, "{id} was removed");
    }
    for (id, version) in &found {
        let known = [journal.acknowledged.get(id), journal.unanswered.get(id)];
        assert!(known.contains(&Some(version)), "{id} {version} was never sent");
    }
    // A request is all there or not at all.
    for id in found.keys().filter_map(|id| id.strip_suffix(".a")) {
        assert!(found.contains_key(&format!("{id}.b")), "half of {id} is missing");
    }
}
