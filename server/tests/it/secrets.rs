//! No secret reaches the log, however much is logged: the real binary logs all it can while people and programs sign in, are
//! refused, and hand over credentials.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use crate::support::sign_on_service::{CLIENT, SECRET, SignOnService};
use serde_json::{Value, json};

const ADMIN: &str = "administrator-with-a-long-token";
const PASSWORD: &str = "four-short-plain-words";

/// A running server, and what it logs.
struct Server {
    process: Child,
    base: String,
    /// The key of the link for the first administrator, which is told before anything is logged.
    key: String,
    log: Option<JoinHandle<String>>,
}

impl Server {
    fn start(folder: &Path, issuer: &str) -> Server {
        let mut process = Command::new(env!("CARGO_BIN_EXE_performance-platform"))
            .args(["serve", "--listen", "127.0.0.1:0", "--public-url", "http://performance.example"])
            .args(["--oidc-issuer", issuer, "--oidc-create-users", "--data-dir"])
            .arg(folder)
            .env("PP_ADMIN_TOKEN", ADMIN)
            .env("PP_OIDC_CLIENT_ID", CLIENT)
            .env("PP_OIDC_CLIENT_SECRET", SECRET)
            .env("PP_LOG", "trace")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let told: Vec<String> = {
            let mut told = Vec::new();
            for line in lines.by_ref() {
                let done = line.contains("/admin/welcome?key=");
                told.push(line);
                if done {
                    break;
                }
            }
            told
        };
        let find = |mark: &str| {
            let rest = told.iter().find_map(|line| Some(line.split_once(mark)?.1)).unwrap();
            rest.split_whitespace().next().unwrap().to_owned()
        };
        let (base, key) = (find("Listening on "), find("/admin/welcome?key="));
        let log = std::thread::spawn(move || lines.map(|line| line + "\n").collect::<String>());
        Server { process, base, key, log: Some(log) }
    }

    /// Sends a request: status, location, cookies and text of the answer.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = config.build().new_agent();
        let mut answer = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
        let texts = |name: &str| {
            let values = answer.headers().get_all(name).iter();
            values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (locations, cookies) = (texts("location"), texts("set-cookie"));
        Answer {
            status: answer.status().as_u16(),
            location: locations.first().cloned().unwrap_or_default(),
            cookie: cookies
                .first()
                .map(|text| text.split(';').next().unwrap().to_owned())
                .unwrap_or_default(),
            text: answer.body_mut().read_to_string().unwrap(),
        }
    }

    fn form(&self, path: &str, cookie: &str, body: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie)];
        self.send("POST", path, &headers, body)
    }

    fn json(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        self.send(method, path, &headers, &body.to_string())
    }

    /// Ends it, and gives all that it has logged.
    fn log(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Answer {
    status: u16,
    location: String,
    cookie: String,
    text: String,
}

impl Answer {
    fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}: {}", self.status, self.text))
    }
}

fn query<'a>(address: &'a str, name: &str) -> &'a str {
    let (_, query) = address.split_once('?').unwrap();
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_lets_anybody_in_is_logged_or_kept_in_clear() {
    let service = SignOnService::start().await;
    let folder = tempfile::tempdir().unwrap();
    let told = tokio::task::block_in_place(|| walk(folder.path(), &service));
    let log = told.log;
    assert!(log.contains("/admin/welcome") && log.contains("/admin/sign-on/return"), "requests are logged");
    for (name, secret) in &told.secrets {
        assert!(secret.len() > 5, "{name}: {secret}");
        assert!(!log.contains(secret.as_str()), "{name} is in the log");
    }
    for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(bytes) = std::fs::read(&file) else { continue };
        for (name, secret) in told.secrets.iter().filter(|(name, _)| !name.starts_with("data set")) {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{name} is in {}", file.display());
        }
    }
}

struct Told {
    log: String,
    secrets: Vec<(&'static str, String)>,
}

/// Everything that has to do with secrets.
fn walk(folder: &Path, service: &SignOnService) -> Told {
    let server = Server::start(folder, &service.issuer);
    let mut secrets = vec![
        ("administrator's token", ADMIN.to_owned()),
        ("password", PASSWORD.to_owned()),
        ("key of the link", server.key.clone()),
        ("client secret", SECRET.to_owned()),
        ("escaped client secret", "s3cret%3Awith".to_owned()),
        ("wrong password", "wrong-wrong-wrong".to_owned()),
        ("wrong token", "wrong-token-of-somebody".to_owned()),
        ("credentials", "hush-hush-hush".to_owned()),
        ("data set token", "token-of-canals".to_owned()),
    ];
    // People: the link, a wrong password, a right one, and single sign-on.
    let key = server.key.clone();
    assert_eq!(server.send("GET", &format!("/admin/welcome?key={key}"), &[], "").status, 200);
    let first = format!("key={key}&email=ann%40example.gov.uk&password={PASSWORD}");
    let welcome = server.form("/admin/welcome", "", &first);
    assert_eq!(welcome.status, 303, "{}", welcome.text);
    let wrong = server.form("/admin/sign-in", "", "email=ann%40example.gov.uk&password=wrong-wrong-wrong");
    assert_eq!(wrong.status, 401);
    let begun = server.send("GET", "/admin/sign-on", &[], "");
    let there = ureq::Agent::config_builder().max_redirects(0).build().new_agent();
    let back = there.get(&begun.location).call().unwrap().headers()["location"].to_str().unwrap().to_owned();
    let path = back.strip_prefix("http://performance.example").unwrap();
    secrets.extend(
        begun.cookie.split_once('=').unwrap().1.split('.').map(|part| ("part of a sign-in", part.to_owned())),
    );
    secrets.push(("state of a sign-in", query(&back, "state").to_owned()));
    let signed_on = server.send("GET", path, &[("cookie", &begun.cookie)], "");
    // The clock of the service stands at the beginning of 2026, so the token is too old by now.
    assert_eq!(signed_on.status, 401, "{}", signed_on.text);
    let page = server.send("GET", "/admin/account", &[("cookie", &welcome.cookie)], "");
    let form_token =
        page.text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    secrets.push(("session", welcome.cookie.split_once('=').unwrap().1.to_owned()));
    let made = server.form(
        "/admin/tokens",
        &welcome.cookie,
        &format!("form_token={form_token}&label=report&scopes=admin-api&days=30"),
    );
    secrets.push((
        "token of a person",
        made.text.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned(),
    ));

    // Programs: tokens, refusals, a data set whose token changes, credentials.
    let made = server.json(
        "POST",
        "/admin-api/tokens",
        ADMIN,
        &json!({"name": "p@example.gov.uk", "roles": ["admin"]}),
    );
    let token = made.value()["token"].as_str().unwrap().to_owned();
    assert_eq!(server.json("GET", "/admin-api/users", "wrong-token-of-somebody", &Value::Null).status, 401);
    server.json("POST", "/admin-api/data-groups", &token, &json!({"name": "canals"}));
    server.json("POST", "/admin-api/data-types", &token, &json!({"name": "boats"}));
    let new = json!({"data_group": "canals", "data_type": "boats", "bearer_token": "token-of-canals"});
    assert_eq!(server.json("POST", "/admin-api/data-sets", &token, &new).status, 200);
    assert_eq!(
        server
            .json(
                "POST",
                "/data/canals/boats",
                "token-of-canals",
                &json!([{"_timestamp": "2026-01-01T00:00:00Z", "count": 1}])
            )
            .status,
        200
    );
    assert_eq!(server.json("POST", "/data/canals/boats", "wrong-token-of-somebody", &json!([])).status, 401);
    assert_eq!(
        server.json("POST", "/data/canals/boats", "token-of-canals", &json!([{"_id": [1]}])).status,
        400
    );
    let rotated = server.json("POST", "/admin-api/data-sets/canals_boats/token", &token, &json!({}));
    secrets.push(("data set token, new", rotated.value()["bearer_token"].as_str().unwrap().to_owned()));
    let provider =
        server.json("POST", "/admin-api/provider", &token, &json!({"slug": "gate", "name": "Gate"}));
    let mut source = json!({"slug": "main", "name": "Main", "provider_id": provider.value()["id"],
        "credentials": {"key": "hush-hush-hush"}});
    assert_eq!(server.json("POST", "/admin-api/data-source", &token, &source).status, 200);
    source["credentials"] = json!(["hush-hush-hush"]);
    let refused = server.json("POST", "/admin-api/data-source", &token, &source);
    assert_eq!(refused.status, 400, "{}", refused.text);
    let audit = server.json("GET", "/admin-api/audit-log?limit=1000", ADMIN, &Value::Null).text;
    let history = server.json("GET", "/admin-api/tokens", ADMIN, &Value::Null).text;
    for (name, secret) in &secrets {
        assert!(!audit.contains(secret.as_str()) && !history.contains(secret.as_str()), "{name} is told");
    }
    secrets.push(("token of a program", token));
    Told { log: server.log(), secrets }
}
