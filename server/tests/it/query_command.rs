//! `performance-platform query` as people use it: the real binary on a data directory and against a running server.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

const RECORDS: &str = r#"{"_id": "c1", "_timestamp": "2026-03-02T08:05:00Z", "route": "north", "cars": 12}
{"_id": "c2", "_timestamp": "2026-03-02T08:20:00Z", "route": "south", "cars": 7, "note": "fog"}
{"_id": "c3", "_timestamp": "2026-04-20T10:00:00Z", "route": "north", "cars": 18}
"#;

/// What a command said.
struct Said {
    success: bool,
    out: String,
    err: String,
}

fn run(folder: &Path, arguments: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_performance-platform"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("PP_SERVER")
        .env("PP_DATA_DIR", "data")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { success: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) }
}

fn query(folder: &Path, arguments: &[&str]) -> Said {
    run(folder, &[&["query", "island-ferries/crossings"], arguments].concat())
}

/// A data directory with three records.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("records.ndjson"), RECORDS).unwrap();
    let loaded = run(folder.path(), &["load", "island-ferries/crossings", "records.ndjson"]);
    assert!(loaded.success, "{}", loaded.err);
    folder
}

/// A running server; killed when it is dropped.
struct Server(Child, String);

impl Server {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_performance-platform"))
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-token", "let-me-in", "--data-dir", "data"])
            .current_dir(folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let base = lines.find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned)).unwrap();
        // Somebody has to read what it logs.
        std::thread::spawn(move || lines.for_each(drop));
        Self(process, base)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_folder_and_its_server_give_the_same_answers_in_every_form() {
    let folder = folder();
    let folder = folder.path();
    let forms = [
        ("table", "group_by=route&collect=cars:sum"),
        ("json", "filter=note contains 'fog' or cars > 15&fields=_id,cars"),
        ("csv", "group_by=route&collect=cars:sum"),
        ("ndjson", "filter=cars > 7&fields=_id,route"),
    ];
    let ask = |server: &[&str]| -> Vec<String> {
        let answers = forms.iter().map(|(format, question)| {
            let said = query(folder, &[&[question, "--format", format], server].concat());
            assert!(said.success, "{}", said.err);
            said.out
        });
        answers.collect()
    };
    let here = ask(&[]);
    assert_eq!(
        here[0].replace(['─', '┬', '┴', '═', '╪'], ""),
        "┌┐\n│ route ┆ _count ┆ cars:sum │\n╞╡\n│ north ┆      2 ┆       30 │\n│ south ┆      1 ┆        7 │\n└┘\n"
    );
    assert_eq!(here[2], "_count,cars:sum,route\r\n2,30,north\r\n1,7,south\r\n");
    assert_eq!(here[3], "{\"_id\":\"c1\",\"route\":\"north\"}\n{\"_id\":\"c3\",\"route\":\"north\"}\n");
    for name in ["answer.parquet", "answer.arrow", "answer.csv"] {
        assert!(query(folder, &["sort_by=cars:descending", "-o", name]).success);
    }

    let server = Server::start(folder);
    assert_eq!(ask(&["--server", &server.1]), here);
    for name in ["answer.parquet", "answer.arrow", "answer.csv"] {
        let there = format!("served-{name}");
        let said = query(folder, &["sort_by=cars:descending", "-o", &there, "--server", &server.1]);
        assert!(said.success, "{}", said.err);
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        assert!(read(name) == read(&there), "{name}");
    }

    let refused = query(folder, &[]);
    assert!(!refused.success && refused.err.contains("--server http://"), "{}", refused.err);
    let explained = query(folder, &["group_by=route", "--explain", "--server", &server.1]);
    assert!(explained.err.contains("401"), "{}", explained.err);
    let token = ["group_by=route", "--explain", "--server", &server.1, "--token", "let-me-in"];
    let explained = query(folder, &token);
    assert!(explained.out.contains("\"query\": \"group_by=route\""), "{}", explained.err);
}

#[test]
fn mistakes_are_told_so_that_they_can_be_mended() {
    let folder = folder();
    let folder = folder.path();
    for (arguments, told) in [
        (
            &["query", "island-ferries/crosings"][..],
            "there is no data set island-ferries/crosings: did you mean island-ferries/crossings?",
        ),
        (&["query", "trains/x"], "there is no data set trains/x; there are\n  island-ferries/crossings"),
        (&["query", "crossings"], "a data set is named by its group and type"),
        (
            &["query", "island-ferries/crossings", "group_by=route&collect=cars:smu"],
            "Unknown collection method\n\n  group_by=route&collect=cars:smu\n                 ^^^^^^^^^^^^^^^^\n",
        ),
        (
            &["query", "island-ferries/crossings", "filter=cars >> 5"],
            "expected a number, a text or a time at character 7, found '>'\n\n  cars >> 5\n        ^\n",
        ),
        (&["query", "island-ferries/crossings", "-o", "answer.doc"], "say which --format it shall have"),
        (&["query", "a/b", "--data-dir", "elsewhere"], "there is no data directory elsewhere"),
        (&["query", "a/b", "--server", "http://127.0.0.1:9"], "cannot reach the server http://127.0.0.1:9"),
    ] {
        let said = run(folder, arguments);
        assert!(!said.success && said.err.contains(told), "{arguments:?}: {}", said.err);
    }
    assert!(!folder.join("elsewhere").exists() && !folder.join("answer.doc").exists());
    let nothing = query(folder, &["group_by=rout", "-f", "table"]);
    assert_eq!(nothing.out, "no rows: nothing matches the query\n");
    assert_eq!(nothing.err, "no record has rout\n");
    let half = query(folder, &["group_by=route&collect=card:sum&collect=note:set", "-f", "csv"]);
    assert!(half.success && half.err == "no record has card\n", "{}", half.err);
    let more = query(folder, &["cursor=first&limit=1", "-f", "csv"]);
    assert!(more.err.starts_with("there is more: go on with cursor="), "{}", more.err);
    let server = Server::start(folder);
    for form in ["json", "csv"] {
        let asked = ["filter=rout = north and not has note", "-f", form, "--server", &server.1];
        assert_eq!(query(folder, &asked).err.lines().last(), Some("no record has rout"), "{form}");
    }
}

#[test]
fn large_answers_go_into_files_piece_by_piece() {
    let folder = folder();
    let folder = folder.path();
    let lines: String = (0..10_200)
        .map(|n| format!("{{\"_id\": \"n{n}\", \"_timestamp\": \"2026-03-02T08:05:00Z\", \"cars\": {n}}}\n"))
        .collect();
    std::fs::write(folder.join("many.ndjson"), lines).unwrap();
    let loaded = run(folder, &["load", "island-ferries/many", "many.ndjson"]);
    assert!(loaded.success, "{}", loaded.err);
    let ask = |arguments: &[&str]| {
        let said = run(folder, &[&["query", "island-ferries/many", "fields=_id,cars"], arguments].concat());
        assert!(said.success, "{}", said.err);
        said.out
    };
    ask(&["-o", "many.csv"]);
    let csv = std::fs::read_to_string(folder.join("many.csv")).unwrap();
    assert_eq!((csv.lines().count(), csv.lines().last()), (10_201, Some("n10199,10199")));
    let rows: serde_json::Value = serde_json::from_str(&ask(&["-f", "json"])).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 10_200);
    let table = ask(&["-f", "table"]);
    assert!(table.contains("n10199"));
}

#[test]
fn explanations_need_no_token_on_a_folder() {
    let folder = folder();
    let said = query(folder.path(), &["period=month&duration=2&group_by=route", "--explain"]);
    let explanation: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(explanation["query"], "group_by=route&period=month&duration=2");
    assert_eq!(explanation["rows"]["all"], 3);
}
