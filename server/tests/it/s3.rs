//! The real program with its records in a real S3 server: moto, a server of the Python registry that knows `If-None-Match: *`,
//! which is what the commit of a manifest needs.
//!
//! `.ci/run` puts it into `target/s3-server`. Where it is not, these tests say so and are skipped; in continuous integration
//! that is a failure.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

const ADMIN: &str = "administrator-of-tests";
const STORE: &str = "s3://records/of/tests";

/// A process that is killed when it is dropped, and the address that it says it listens on.
struct Process {
    child: Child,
    base: String,
}

impl Process {
    /// Starts a program; its error output says where it listens, after `mark`. `Err` is what it said instead.
    fn start(command: &mut Command, mark: &str) -> Result<Self, String> {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said = String::new();
        while let Some(line) = lines.next() {
            if let Some((_, base)) = line.split_once(mark) {
                let base = base.trim().to_owned();
                // Somebody has to read what it logs.
                std::thread::spawn(move || lines.for_each(|line| println!("{line}")));
                return Ok(Self { child, base });
            }
            said.push_str(&line);
            said.push('\n');
        }
        let _ = child.wait();
        Err(said)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
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
        let mut response = agent.run(request).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        (response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Lets it end in order.
    fn stop(mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An S3 server with one bucket; `None` where there is no such program.
fn s3() -> Option<Process> {
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/s3-server/bin/moto_server");
    if !program.exists() {
        assert!(std::env::var_os("CI").is_none(), "there is no S3 server at {}", program.display());
        eprintln!("skipped: there is no S3 server at {}; .ci/run installs one", program.display());
        return None;
    }
    let mut command = Command::new(program);
    let server = Process::start(command.args(["-H", "127.0.0.1", "-p", "0"]), "Running on ").unwrap();
    assert_eq!(server.call("PUT", "/records", &Value::Null).0, 200);
    Some(server)
}

fn program(s3: &Process, arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_performance-platform"));
    command.args(arguments).args(["--store", STORE, "--data-dir"]).arg(folder);
    command.env("AWS_ENDPOINT", &s3.base).env("AWS_ALLOW_HTTP", "true").env("AWS_REGION", "eu-west-2");
    command.env("AWS_ACCESS_KEY_ID", "tests").env("AWS_SECRET_ACCESS_KEY", "tests");
    command
}

fn serve(s3: &Process, folder: &Path, more: &[&str]) -> Result<Process, String> {
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--admin-token", ADMIN, "--flush-interval", "1s"];
    Process::start(&mut program(s3, &[&arguments[..], more].concat(), folder), "Listening on ")
}

fn values(server: &Process) -> Vec<(String, i64)> {
    let (status, answer) = server.call("GET", "/data/group/records", &Value::Null);
    assert_eq!(status, 200, "{answer}");
    let mut values: Vec<(String, i64)> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| (record["_id"].as_str().unwrap().to_owned(), record["nn"].as_i64().unwrap()))
        .collect();
    values.sort();
    values
}

fn expected(values: &[(&str, i64)]) -> Vec<(String, i64)> {
    values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect()
}

#[test]
fn records_live_in_s3_with_one_writer_and_readers_that_follow_it() {
    let Some(s3) = s3() else { return };
    let folders = tempfile::tempdir().unwrap();
    let (one, two) = (folders.path().join("one"), folders.path().join("two"));
    let writer = serve(&s3, &one, &[]).unwrap();
    writer.call("POST", "/admin-api/data-groups", &json!({"name": "group"}));
    writer.call("POST", "/admin-api/data-types", &json!({"name": "records"}));
    let data_set = json!({
        "data_group": "group", "data_type": "records", "raw_queries_allowed": true, "bearer_token": "of-the-data-set",
    });
    assert_eq!(writer.call("POST", "/admin-api/data-sets", &data_set).0, 200);
    let path = "/data/group/records";
    let (status, answer) = writer.call("POST", path, &json!([{"_id": "a", "nn": 1}, {"_id": "b", "nn": 2}]));
    assert_eq!(status, 200, "{answer}");

    let refused = serve(&s3, &two, &[]).err().expect("two processes write to one store");
    assert!(refused.contains("is in use by process"), "{refused}");

    // the plug is pulled: what was acknowledged is in the log, and the same machine goes on at once
    drop(writer);
    let writer = serve(&s3, &one, &[]).unwrap();
    assert_eq!(values(&writer), expected(&[("a", 1), ("b", 2)]));
    assert_eq!(writer.call("POST", path, &json!([{"_id": "b", "nn": 20}, {"_id": "c", "nn": 3}])).0, 200);
    writer.stop();

    // another machine, with the same configuration, only reads
    std::fs::create_dir_all(&two).unwrap();
    std::fs::copy(one.join("registry.sqlite"), two.join("registry.sqlite")).unwrap();
    let reader = serve(&s3, &two, &["--read-only"]).unwrap();
    assert_eq!(values(&reader), expected(&[("a", 1), ("b", 20), ("c", 3)]));
    let (status, answer) = reader.call("POST", path, &json!({"_id": "d", "nn": 4}));
    assert_eq!(status, 503, "{answer}");
    let writer = serve(&s3, &one, &[]).unwrap();
    assert_eq!(writer.call("POST", path, &json!({"_id": "d", "nn": 4})).0, 200);
    assert_eq!(writer.call("DELETE", &format!("{path}/a"), &Value::Null).0, 200);
    let awaited = expected(&[("b", 20), ("c", 3), ("d", 4)]);
    for _ in 0.. {
        if values(&reader) == awaited {
            break;
        }
        std::thread::yield_now();
    }
    writer.stop();

    let proved = program(&s3, &["store", "verify"], &one).output().unwrap();
    let said = String::from_utf8(proved.stdout).unwrap();
    assert!(proved.status.success() && said.contains("Nothing is wrong"), "{said}");
    let told = program(&s3, &["store", "stats"], &one).output().unwrap();
    assert!(String::from_utf8(told.stdout).unwrap().contains("group_records"));
}
