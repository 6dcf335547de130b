//! `performance-platform user` and `token`, run as programs.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const PASSWORD: &str = "four short plain words";

/// Runs the program with a text on standard input: whether it did what it was asked, and all that it said.
fn run(folder: &Path, arguments: &[&str], input: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_performance-platform"));
    command.args(arguments).arg("--data-dir").arg(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    // It may have refused before it read anything.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    let done = process.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (done.status.success(), said)
}

#[test]
fn users_are_made_changed_and_revoked_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let user = |arguments: &[&str], input: &str| run(folder.path(), &[&["user"], arguments].concat(), input);
    let ann = "ann@example.gov.uk";
    let (done, said) = user(&["create", "ann", "--role", "admin"], PASSWORD);
    assert!(!done && said.contains("Enter a valid email address"), "{said}");
    let (done, said) = user(&["create", ann, "--role", "boss"], PASSWORD);
    assert!(!done && said.contains("dashboard-editor"), "the roles that there are: {said}");
    let (done, said) = user(&["create", ann, "--role", "admin"], "short");
    assert!(!done && said.contains("at least 12 characters"), "{said}");
    assert!(!user(&["list"], "").1.contains(ann), "nothing was half done");

    let (done, said) = user(&["create", ann, "--role", "admin"], PASSWORD);
    assert!(done && said == "ann@example.gov.uk may sign in; roles: admin\n", "{said}");
    let (done, said) = user(&["create", ann, "--role", "dashboard", "--no-password"], "");
    assert!(
        done && said == "ann@example.gov.uk may sign in; roles: dashboard\n",
        "the password stays: {said}"
    );
    let (done, said) = user(&["create", "bob@example.gov.uk", "--no-password"], "");
    assert!(done && said == "bob@example.gov.uk has no password; roles: none\n", "{said}");

    let token = |arguments: &[&str]| run(folder.path(), &[&["token"], arguments].concat(), "");
    let (done, said) = token(&["create", ann, "--role", "dashboard", "--label", "nightly"]);
    assert!(done, "{said}");
    let secret = said.lines().next().unwrap();
    let (_, list) = token(&["list"]);
    assert!(list.contains("nightly") && !list.contains(secret), "{list}");
    let (done, said) = token(&["revoke", "00000000-0000-4000-8000-000000000000"]);
    assert!(!done && said.contains("token list"), "{said}");
    let id = list.lines().find(|line| line.contains("nightly")).unwrap().split_whitespace().nth(1).unwrap();
    assert!(token(&["revoke", id]).0);
    assert!(!token(&["list"]).1.contains("nightly"));

    let (done, said) = user(&["revoke", ann], "");
    assert!(done && said.contains("can do nothing any more"), "{said}");
    let (_, list) = user(&["list"], "");
    assert!(list.contains(ann) && !list.contains("password"), "{list}");
    let (done, said) = user(&["revoke", "eve@example.gov.uk"], "");
    assert!(!done && said.contains("no user eve@example.gov.uk"), "{said}");
}

#[test]
fn a_data_directory_that_is_not_there_is_not_made_by_those_who_look_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("dta");
    for arguments in [
        &["user", "list"][..],
        &["user", "revoke", "ann@example.gov.uk"],
        &["token", "list"],
        &["token", "revoke", "00000000-0000-4000-8000-000000000000"],
        &["key", "rotate"],
        &["jobs", "list"],
        &["jobs", "run"],
    ] {
        let (done, said) = run(&missing, arguments, "");
        let expected = format!("there is no data directory {}: give --data-dir DIR", missing.display());
        assert!(!done && said.contains(&expected), "{arguments:?}: {said}");
        assert!(!missing.exists(), "{arguments:?}");
    }
    // Whoever makes the first user may come before the first server, and is told so.
    let (done, said) = run(&missing, &["user", "create", "ann@example.gov.uk", "--no-password"], "");
    assert!(done && said.contains("there was no data directory") && missing.exists(), "{said}");
}

#[test]
fn commands_that_work_on_the_configuration_take_no_place_for_records() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["user", "list"][..], &["token", "list"], &["key", "rotate"], &["jobs", "list"]] {
        let (done, said) = run(folder.path(), &[arguments, &["--store", "elsewhere"]].concat(), "");
        assert!(!done && said.contains("unexpected argument '--store'"), "{arguments:?}: {said}");
    }
}
