//! Where there is no room, writes are refused and change nothing; where there is again, they are taken.

use crate::support::process::{Connection, Server, WRITER};
use serde_json::{Value, json};

/// Records of about so many KiB together.
fn records(prefix: &str, kib: usize) -> Value {
    let text = "x".repeat(1_000);
    (0..kib).map(|n| json!({"_id": format!("{prefix}-{n}"), "text": text})).collect()
}

fn ids(connection: &mut Connection) -> usize {
    let (status, answer) = connection.json("GET", "/data/full/disk", WRITER, &Value::Null).unwrap();
    assert_eq!(status, 200, "{answer}");
    answer["data"].as_array().unwrap().len()
}

#[test]
fn without_room_writes_are_refused_and_with_room_they_are_taken_again() {
    let folder = tempfile::tempdir().unwrap();
    Server::start(folder.path(), &[]).make_data_set("full", "disk");
    let mut server = Server::start_with_small_files(folder.path(), 2_048);
    let mut connection = Connection::open(&server.host).unwrap();
    let append = |connection: &mut Connection, prefix: &str, kib: usize| {
        connection.json("POST", "/data/full/disk", WRITER, &records(prefix, kib)).unwrap()
    };
    assert_eq!(append(&mut connection, "first", 1_200).0, 200);
    for attempt in ["second", "third"] {
        let (status, answer) = append(&mut connection, attempt, 1_200);
        assert_eq!((status, &answer["message"]), (507, &json!("the disk is full; nothing was changed")));
        let (status, health) = connection.json("GET", "/_health", WRITER, &Value::Null).unwrap();
        assert_eq!((status, &health["status"]), (503, &json!("error")), "{health}");
        assert_eq!(ids(&mut connection), 1_200, "nothing of a refused write is there");
    }
    assert_eq!(append(&mut connection, "small", 10).0, 200, "what there is room for is taken");
    assert_eq!(connection.json("GET", "/_health", WRITER, &Value::Null).unwrap().0, 200);
    server.allow_large_files();
    assert_eq!(append(&mut connection, "last", 1_200).0, 200);
    assert_eq!(ids(&mut connection), 2_410);

    server.kill();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(ids(&mut Connection::open(&server.host).unwrap()), 2_410, "after a crash as before");
}

#[test]
fn on_a_disk_that_is_full_writes_are_refused_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::start_on_small_disk(folder.path(), 8 << 10) else {
        eprintln!("skipped: this system does not let tests mount a disk of their own");
        return;
    };
    server.make_data_set("full", "disk");
    let mut connection = Connection::open(&server.host).unwrap();
    let mut acknowledged = 0;
    let refused = (0..100).find_map(|attempt| {
        let records = records(&format!("batch{attempt}"), 256);
        let (status, answer) = connection.json("POST", "/data/full/disk", WRITER, &records).unwrap();
        if status == 200 {
            acknowledged += 256;
        }
        (status != 200).then_some((status, answer))
    });
    let (status, answer) = refused.expect("8 MiB are not enough for 25");
    assert_eq!((status, &answer["message"]), (507, &json!("the disk is full; nothing was changed")));
    assert_eq!(ids(&mut connection), acknowledged, "nothing of a refused write is there");
    assert_eq!(connection.json("GET", "/_health", WRITER, &Value::Null).unwrap().0, 503);

    server.remove_ballast(folder.path());
    assert_eq!(
        connection.json("POST", "/data/full/disk", WRITER, &records("last", 256)).unwrap().0,
        200,
        "what there is room for is taken again"
    );
    assert_eq!(ids(&mut connection), acknowledged + 256);
    assert_eq!(connection.json("GET", "/_health", WRITER, &Value::Null).unwrap().0, 200);
}
