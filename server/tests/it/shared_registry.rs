//! Two servers with one configuration in a real PostgreSQL: what one changes the other sees, and programs of the command line
//! work on the same.

use std::process::Command;

use crate::postgres::Postgres;
use crate::support::ADMIN;
use crate::support::process::{Connection, Server};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_performance-platform");
/// 32 bytes in base 64.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn call(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    Connection::open(&server.host).unwrap().json(method, path, ADMIN, body).unwrap()
}

/// Asks until the answer has this status, which it has to have soon.
fn soon(server: &Server, method: &str, path: &str, token: &str, body: &Value, status: u16) {
    server.soon(method, path, token, body, |got, _| got == status);
}

#[test]
fn two_servers_share_one_configuration_in_postgresql() {
    let Some(database) = Postgres::start() else { return };
    let url = database.url();
    let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = folders.0.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let one =
        Server::start(folders.0.path(), &["--registry", &url, "--secret-key-file", key.to_str().unwrap()]);
    let two = Server::start(folders.1.path(), &["--registry", &url]);
    assert!(!folders.0.path().join("registry.sqlite").exists());
    let admin = |server: &Server, method: &str, path: &str, body: Value| {
        let (status, answer) = call(server, method, &format!("/admin-api{path}"), &body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    };
    admin(&one, "POST", "/data-groups", json!({"name": "canals"}));
    // Made on top of what the other has made, whether or not it was seen yet.
    admin(&two, "POST", "/data-types", json!({"name": "boats"}));
    let data_set = json!({"data_group": "canals", "data_type": "boats", "bearer_token": "first"});
    admin(&two, "POST", "/data-sets", data_set);
    let record = json!([{"_timestamp": "2026-01-01T00:00:00Z", "kind": "a"}]);
    soon(&one, "POST", "/data/canals/boats", "first", &record, 200);

    // What is taken back at one is taken back at the other.
    let token = admin(&one, "POST", "/tokens", json!({"name": "a@example.gov.uk", "roles": ["admin"]}));
    let secret = token["token"].as_str().unwrap();
    soon(&two, "GET", "/admin-api/users", secret, &Value::Null, 200);
    admin(&one, "DELETE", &format!("/tokens/{}", token["id"].as_str().unwrap()), Value::Null);
    soon(&two, "GET", "/admin-api/users", secret, &Value::Null, 401);
    admin(&two, "POST", "/data-sets/canals_boats/token", json!({"overlap": 0}));
    soon(&one, "POST", "/data/canals/boats", "first", &record, 401);

    // The command line works on the same configuration.
    let made = Command::new(PROGRAM)
        .args(["token", "create", "cli@example.gov.uk", "--role", "admin", "--registry", &url, "--data-dir"])
        .arg(folders.0.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let printed = String::from_utf8(made.stdout).unwrap();
    soon(&one, "GET", "/admin-api/users", printed.trim(), &Value::Null, 200);
    soon(&two, "GET", "/admin-api/users", printed.trim(), &Value::Null, 200);

    // Credentials need the key, which only one of them was given.
    let provider = admin(&one, "POST", "/provider", json!({"slug": "gate", "name": "Gate"}));
    let source = |slug: &str| json!({"slug": slug, "name": slug, "provider_id": provider["id"], "credentials": {"key": "hush"}});
    admin(&one, "POST", "/data-source", source("main"));
    soon(&two, "GET", "/admin-api/data-source/main", ADMIN, &Value::Null, 200);
    let (status, refused) = call(&two, "POST", "/admin-api/data-source", &source("other"));
    assert_eq!(status, 400);
    assert!(refused["message"].as_str().unwrap().contains("PP_SECRET_KEY"), "{refused}");
}

#[test]
fn the_key_of_credentials_is_changed_with_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("--data-dir").arg(folder.path()).env_remove("PP_SECRET_KEY");
        let done = command.output().unwrap();
        (
            done.status.success(),
            String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr),
        )
    };
    let key_file = folder.path().join("registry.sqlite.key");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let path = folder.path().join("registry.sqlite");
    let with_registry = |change: bool| {
        runtime.block_on(async {
            let registry = stagecraft::Registry::open_file(&path).await.unwrap();
            if change {
                let provider = registry.catalog().providers().next().unwrap().id;
                let new = stagecraft::NewDataSource {
                    slug: "main".into(),
                    name: "Main".into(),
                    provider_id: provider,
                    credentials: Some(json!({"key": "hush"})),
                };
                registry.edit("", |edit| edit.create_data_source(&new)).await.unwrap();
            }
            let source =
                registry.catalog().data_sources().find(|source| source.slug == "main").unwrap().clone();
            let credentials = registry.credentials(&source).map_err(|error| error.to_string());
            registry.close().await;
            credentials
        })
    };
    assert_eq!(with_registry(true).unwrap(), json!({"key": "hush"}));
    let before = std::fs::read_to_string(&key_file).unwrap();
    let (done, said) = run(&["key", "rotate"]);
    assert!(done && said.contains("credentials of 1 data sources"), "{said}");
    assert_ne!(std::fs::read_to_string(&key_file).unwrap(), before);
    assert_eq!(with_registry(false).unwrap(), json!({"key": "hush"}));
    std::fs::write(&key_file, &before).unwrap();
    assert!(with_registry(false).unwrap_err().contains("another key"));
    // With the wrong key nothing is changed over.
    let (done, said) = run(&["key", "rotate"]);
    assert!(!done && said.contains("another key") && said.contains("nothing was changed"), "{said}");
}

#[test]
fn the_command_line_reaches_a_postgresql_that_answers_by_tls_only() {
    let Some(database) = Postgres::start_with_tls() else { return };
    let (url, authority) = (database.url(), database.authority());
    let folder = tempfile::tempdir().unwrap();
    let list = |options: &str| {
        let mut command = Command::new(PROGRAM);
        let registry = format!("{url}?{options}");
        command.args(["user", "list", "--registry", &registry, "--data-dir"]).arg(folder.path());
        let done = command.output().unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    for options in ["sslmode=require", &format!("sslmode=verify-full&sslrootcert={authority}")] {
        let (done, said) = list(options);
        assert!(done, "{options}: {said}");
    }
    let (done, said) = list("sslmode=verify-full");
    assert!(!done && said.contains("certificate"), "{said}");
}
