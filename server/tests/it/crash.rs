//! Pulls the plug on the real binary in the middle of writes, again and again: what was acknowledged is there, once.
//!
//! `CRASH_CYCLES=5000 CRASH_SEED=7 cargo test -p performance-platform --test it crash` does it that many times, and other things.
//!
//! Several clients write at the same time, each with ids of its own and one that all of them share, and each writes down what it
//! sent and what came back. Then the process is killed, at any moment: while it answers, while it writes segments (it does so
//! all the time here), or while it is starting. What is found afterwards must be explained by what was written down:
//!
//! - what was acknowledged is there, and nothing is there twice;
//! - a request without an answer is there as a whole or not at all, and stays as it was found;
//! - nothing of what was refused is there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::process::{Connection, Server, WRITER, spawn};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Clients that write at the same time.
const WRITERS: usize = 4;
/// Ids that a writer has for itself.
const IDS: u64 = 30;
/// Segments are written, put together and removed all the time.
const OPTIONS: [&str; 4] = ["--flush-interval", "10ms", "--grace-seconds", "0"];

/// The records of one writer by id, without times; `None` is a record that is not there.
type Records = BTreeMap<String, Option<Value>>;

/// What one writer knows.
#[derive(Default)]
struct Journal {
    /// What is there: acknowledged, or found after a crash.
    known: Records,
    /// What a request without an answer would have changed.
    unanswered: Records,
    /// Marks of records without an id of their own: acknowledged.
    appended: Vec<u64>,
    /// The same of a request without an answer.
    unanswered_marks: Vec<u64>,
}

/// A write to the one record that all writers share.
struct Shared {
    value: u64,
    begun: u64,
    /// When it was acknowledged, if it was.
    answered: Option<u64>,
}

/// What all writers have together.
#[derive(Default)]
struct World {
    /// Grows with everything that is begun or answered.
    clock: AtomicU64,
    answers: AtomicUsize,
    marks: AtomicU64,
}

impl World {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_is_there_once() {
    pull_the_plug(200, &OPTIONS);
}

#[test]
fn a_write_that_did_not_wait_for_the_disk_survives_kill_9_all_the_same() {
    pull_the_plug(20, &[&OPTIONS[..], &["--durability", "interval"]].concat());
}

fn pull_the_plug(usual_cycles: u64, options: &[&str]) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let cycles = number("CRASH_CYCLES").unwrap_or(usual_cycles);
    let seed = number("CRASH_SEED").unwrap_or_else(rand::random);
    println!("CRASH_CYCLES={cycles} CRASH_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), options);
    server.make_data_set("crash", "records");
    server.make_data_set("crash", "appended");

    let mut journals: Vec<Journal> = (0..WRITERS).map(|_| Journal::default()).collect();
    let world = World::default();
    let mut shared: Vec<Shared> = Vec::new();
    for cycle in 0..cycles {
        if cycle % 20 == 19 {
            empty(&server, &mut journals);
        }
        let end = world.answers.load(Ordering::SeqCst) + random.random_range(0..60);
        let host = server.host.clone();
        let written: Vec<Vec<Shared>> = std::thread::scope(|scope| {
            let writers: Vec<_> = journals
                .iter_mut()
                .enumerate()
                .map(|(writer, journal)| {
                    let (host, world) = (host.as_str(), &world);
                    let mut random = StdRng::seed_from_u64(random.random());
                    scope.spawn(move || write_until_killed(host, writer, journal, world, &mut random))
                })
                .collect();
            while world.answers.load(Ordering::SeqCst) < end {
                assert!(writers.iter().any(|writer| !writer.is_finished()), "all writers have stopped");
                std::thread::yield_now();
            }
            // Not always just after an answer: the moment of the crash is what is tried out here.
            std::thread::sleep(Duration::from_micros(random.random_range(0..8_000)));
            server.kill();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        shared.extend(written.into_iter().flatten());
        while random.random_ratio(1, 8) {
            let mut starting = spawn(folder.path(), options);
            std::thread::sleep(Duration::from_micros(random.random_range(0..60_000)));
            starting.kill().unwrap();
            starting.wait().unwrap();
        }
        server = Server::start(folder.path(), options);
        check(&server, &mut journals, &mut shared);
    }
}

/// Writes one thing after another until there is no answer any more. Returns what it wrote to the shared record.
fn write_until_killed(
    host: &str,
    writer: usize,
    journal: &mut Journal,
    world: &World,
    random: &mut StdRng,
) -> Vec<Shared> {
    let mut shared = Vec::new();
    let Ok(mut connection) = Connection::open(host) else { return shared };
    let own = |random: &mut StdRng| format!("{writer}-{}", random.random_range(0..IDS));
    loop {
        let answered = match random.random_range(0..12) {
            0..4 => {
                let count = random.random_range(1..5);
                let records: Records = (0..count)
                    .map(|_| {
                        let id = own(random);
                        let record = json!({"_id": id, "number": random.random_range(0..1_000_000)});
                        (id, Some(record))
                    })
                    .collect();
                let body: Vec<&Value> = records.values().flatten().collect();
                let body = json!(body);
                change(&mut connection, journal, ("POST", "/data/crash/records", &body), records)
            }
            4..6 => {
                let id = own(random);
                let changes = json!({"patched": random.random_range(0..1_000_000)});
                let before = journal.known.get(&id).cloned().flatten();
                let after = before.map(|mut record| {
                    record["patched"] = changes["patched"].clone();
                    record
                });
                let path = format!("/data/crash/records/{id}");
                change(&mut connection, journal, ("PATCH", &path, &changes), Records::from([(id, after)]))
            }
            6..8 => {
                let id = own(random);
                let path = format!("/data/crash/records/{id}");
                change(&mut connection, journal, ("DELETE", &path, &Value::Null), Records::from([(id, None)]))
            }
            8 => {
                let wrong = json!([{"_id": own(random), "number": "refused"}, {"_id": "not an id"}]);
                let answer = connection.json("POST", "/data/crash/records", WRITER, &wrong);
                if let Ok((status, _)) = &answer {
                    assert_eq!(*status, 400);
                }
                answer.is_ok()
            }
            9..11 => append(&mut connection, journal, world, random.random_range(1..5)),
            _ => {
                let (value, begun) = (world.marks.fetch_add(1, Ordering::SeqCst), world.tick());
                let record = json!({"_id": "shared", "number": value});
                let answer = connection.json("POST", "/data/crash/records", WRITER, &record);
                if let Ok((status, body)) = &answer {
                    assert_eq!(*status, 200, "{body}");
                }
                let answered = answer.is_ok().then(|| world.tick());
                shared.push(Shared { value, begun, answered });
                answered.is_some()
            }
        };
        if !answered {
            return shared;
        }
        world.answers.fetch_add(1, Ordering::SeqCst);
    }
}

/// Sends a change to records that nobody else writes. Whether there was an answer.
fn change(
    connection: &mut Connection,
    journal: &mut Journal,
    (method, path, body): (&str, &str, &Value),
    after: Records,
) -> bool {
    let is_known = after.keys().all(|id| journal.known.get(id).is_some_and(Option::is_some));
    match connection.json(method, path, WRITER, body) {
        // A PATCH or DELETE of what is not there changes nothing.
        Ok((400, answer)) if method != "POST" && !is_known => {
            assert!(answer["messages"].as_str().unwrap().starts_with("No record found"), "{answer}");
            true
        }
        Ok((status, answer)) => {
            assert_eq!(status, 200, "{method} {path}: {answer}");
            journal.known.extend(after);
            true
        }
        Err(_) => {
            if method == "POST" || is_known {
                journal.unanswered = after;
            }
            false
        }
    }
}

/// Appends records that get their ids from the server; each has a mark that no other one has.
fn append(connection: &mut Connection, journal: &mut Journal, world: &World, count: u64) -> bool {
    let first = world.marks.fetch_add(count, Ordering::SeqCst);
    let marks: Vec<u64> = (first..first + count).collect();
    let records: Vec<Value> = marks.iter().map(|mark| json!({"mark": mark})).collect();
    match connection.json("POST", "/data/crash/appended", WRITER, &records.into()) {
        Ok((status, answer)) => {
            assert_eq!(status, 200, "{answer}");
            journal.appended.extend(marks);
            true
        }
        Err(_) => {
            journal.unanswered_marks = marks;
            false
        }
    }
}

/// Removes what only ever grows, so that every cycle costs the same.
fn empty(server: &Server, journals: &mut [Journal]) {
    let mut connection = Connection::open(&server.host).unwrap();
    let emptied = connection.json("PUT", "/data/crash/appended", WRITER, &json!([])).unwrap();
    assert_eq!(emptied.0, 200, "{}", emptied.1);
    journals.iter_mut().for_each(|journal| journal.appended.clear());
}

fn all(server: &Server, data_set: &str) -> Vec<Value> {
    let mut connection = Connection::open(&server.host).unwrap();
    let path = format!("/data/crash/{data_set}");
    let (status, answer) = connection.json("GET", &path, WRITER, &Value::Null).unwrap();
    assert_eq!(status, 200, "{answer}");
    answer["data"].as_array().unwrap().clone()
}

/// Holds what is there against what was written down, and writes down what became of requests without an answer.
fn check(server: &Server, journals: &mut [Journal], shared: &mut Vec<Shared>) {
    let mut found = Records::new();
    for mut record in all(server, "records") {
        // what the server adds
        let fields = record.as_object_mut().unwrap();
        fields.retain(|key, _| matches!(key.as_str(), "_id" | "number" | "patched"));
        let id = record["_id"].as_str().unwrap().to_owned();
        assert!(found.insert(id.clone(), Some(record)).is_none(), "{id} is there twice");
    }
    check_shared(found.remove("shared").flatten(), shared);
    for (writer, journal) in journals.iter_mut().enumerate() {
        let own = |id: &str| id.split_once('-').is_some_and(|(prefix, _)| prefix == writer.to_string());
        let there: Records =
            found.iter().filter(|(id, _)| own(id)).map(|(id, record)| (id.clone(), record.clone())).collect();
        let without = present(&journal.known);
        let mut with = journal.known.clone();
        with.extend(std::mem::take(&mut journal.unanswered));
        assert!(
            there == without || there == present(&with),
            "found {there:#?}\nacknowledged {without:#?}\nor with what was not answered {:#?}",
            present(&with)
        );
        journal.known = there;
        found.retain(|id, _| !own(id));
    }
    assert!(found.is_empty(), "nobody has written {found:?}");

    let mut marks: Vec<u64> =
        all(server, "appended").iter().map(|record| record["mark"].as_u64().unwrap()).collect();
    marks.sort_unstable();
    assert!(marks.windows(2).all(|pair| pair[0] != pair[1]), "a record is there twice");
    for journal in journals.iter_mut() {
        let unanswered = std::mem::take(&mut journal.unanswered_marks);
        let there = unanswered.iter().filter(|mark| marks.binary_search(mark).is_ok()).count();
        assert!(there == 0 || there == unanswered.len(), "a part of {unanswered:?} is there");
        if there > 0 {
            journal.appended.extend(unanswered);
        }
    }
    let mut known: Vec<u64> = journals.iter().flat_map(|journal| journal.appended.iter().copied()).collect();
    known.sort_unstable();
    assert_eq!(marks, known, "appended records");
}

fn present(records: &Records) -> Records {
    records
        .iter()
        .filter(|(_, record)| record.is_some())
        .map(|(id, record)| (id.clone(), record.clone()))
        .collect()
}

/// What is found was written by somebody, and nobody wrote anything else wholly after it and was told so.
fn check_shared(found: Option<Value>, written: &mut Vec<Shared>) {
    let Some(found) = found else {
        assert!(written.iter().all(|write| write.answered.is_none()), "the shared record is gone");
        return;
    };
    let value = found["number"].as_u64().unwrap();
    let own = written.iter().find(|write| write.value == value).expect("somebody wrote what is there");
    let end = own.answered.unwrap_or(u64::MAX);
    let later = written.iter().find(|write| write.answered.is_some() && write.begun > end);
    assert!(later.is_none(), "{value} is there, and {} was acknowledged later", later.unwrap().value);
    // What was found once stays until somebody writes again.
    written.retain(|write| write.value == value);
    written.iter_mut().for_each(|write| write.answered = write.answered.or(Some(write.begun)));
}
