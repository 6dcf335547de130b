//! Who may come in: browsers that sign in, tokens with scopes and ends, tokens of data sets that change.

use std::sync::Arc;

use crate::support::{ADMIN, Answer, TestServer};
use serde_json::{Value, json};
use server::access::Access;

pub const PASSWORD: &str = "four+short+plain+words";

/// Sends a form, with the cookie of a session if there is one.
pub async fn form(server: &TestServer, path: &str, cookie: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie)];
    server.send(&server.everything, "POST", path, &headers, body.as_bytes().to_vec()).await
}

pub async fn get_with(server: &TestServer, path: &str, cookie: &str) -> Answer {
    server.send(&server.everything, "GET", path, &[("cookie", cookie)], Vec::new()).await
}

/// The cookie that an answer gives.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn form_token(page: &str) -> String {
    page.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// A server whose first administrator has signed in, and the cookie.
pub async fn welcomed() -> (TestServer, String) {
    let server = TestServer::start().await;
    let key = server.state.access.welcome.offer(&server.state.registry).unwrap();
    let body = format!("key={key}&email=ann%40example.gov.uk&password={PASSWORD}");
    let answer = form(&server, "/admin/welcome", "", &body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, Some("/admin/account")),
        "{}",
        answer.text()
    );
    let cookie = cookie(&answer);
    (server, cookie)
}

#[tokio::test]
async fn the_link_for_the_first_administrator_works_once() {
    let server = TestServer::start().await;
    let key = server.state.access.welcome.offer(&server.state.registry).unwrap();
    assert_eq!(server.get("/admin/welcome?key=wrong").await.status, 403);
    let page = server.get(&format!("/admin/welcome?key={key}")).await;
    assert!(page.status == 200 && page.text().contains("first administrator"));
    let short =
        form(&server, "/admin/welcome", "", &format!("key={key}&email=a%40b.uk&password=short")).await;
    assert!(short.status == 400 && short.text().contains("at least 12 characters"));
    let body = format!("key={key}&email=ann%40example.gov.uk&password={PASSWORD}");
    let made = form(&server, "/admin/welcome", "", &body).await;
    let given = made.header("set-cookie").unwrap();
    assert!(given.contains("HttpOnly") && given.contains("SameSite=Lax"), "{given}");
    assert_eq!(form(&server, "/admin/welcome", "", &body).await.status, 403, "the link was used");
    assert_eq!(server.state.access.welcome.offer(&server.state.registry), None);
}

#[tokio::test]
async fn signing_in_and_out() {
    let (server, _) = welcomed().await;
    assert_eq!(server.get("/admin").await.header("location"), Some("/admin/sign-in"));
    let wrong =
        form(&server, "/admin/sign-in", "", "email=ann%40example.gov.uk&password=wrong+wrong+wrong").await;
    let nobody =
        form(&server, "/admin/sign-in", "", "email=bob%40example.gov.uk&password=wrong+wrong+wrong").await;
    assert_eq!((wrong.status.as_u16(), nobody.status.as_u16()), (401, 401));
    assert_eq!(wrong.text().replace("ann@", "bob@"), nobody.text(), "nobody learns who has an account");

    let right = format!("email=ann%40example.gov.uk&password={PASSWORD}");
    let signed_in = form(&server, "/admin/sign-in", "", &right).await;
    let session = cookie(&signed_in);
    let page = get_with(&server, "/admin/account", &session).await;
    assert!(page.status == 200 && page.text().contains("ann@example.gov.uk"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));

    let forged = form(&server, "/admin/sign-out", &session, "form_token=guess").await;
    assert_eq!(forged.status, 403);
    let token = form_token(&page.text());
    let out = form(&server, "/admin/sign-out", &session, &format!("form_token={token}")).await;
    assert_eq!(out.header("location"), Some("/admin/sign-in"));
    assert_eq!(get_with(&server, "/admin/account", &session).await.status, 303, "the session is over");
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let (server, session) = welcomed().await;
    let token = form_token(&get_with(&server, "/admin/account", &session).await.text());
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", session.as_str()),
            ("host", "performance.example"),
            (name, value),
        ];
        let body = format!("form_token={token}").into_bytes();
        let answer = server.send(&server.everything, "POST", "/admin/sign-out", &headers, body).await;
        assert_eq!(answer.status, 403, "{name}");
    }
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down() {
    let (server, _) = welcomed().await;
    let mut last = None;
    for _ in 0..11 {
        last = Some(form(&server, "/admin/sign-in", "", "email=ann%40example.gov.uk&password=guess").await);
    }
    let last = last.unwrap();
    assert_eq!(last.status, 429);
    assert!(last.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_browser_may_use_the_admin_api_with_its_form_token() {
    let (server, session) = welcomed().await;
    assert_eq!(get_with(&server, "/admin-api/users", &session).await.status, 200);
    let body = json!({"name": "canals"}).to_string().into_bytes();
    let mut headers = vec![("cookie", session.as_str()), ("content-type", "application/json")];
    let without =
        server.send(&server.everything, "POST", "/admin-api/data-groups", &headers, body.clone()).await;
    assert_eq!(without.status, 403, "{}", without.text());
    let token = form_token(&get_with(&server, "/admin/account", &session).await.text());
    headers.push(("x-csrf-token", &token));
    let with = server.send(&server.everything, "POST", "/admin-api/data-groups", &headers, body).await;
    assert_eq!(with.status, 200, "{}", with.text());
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_and_a_token_is_shown_once() {
    let (server, session) = welcomed().await;
    let token = form_token(&get_with(&server, "/admin/account", &session).await.text());
    let body = format!("form_token={token}&label=report&scopes=admin-api%3Aread&days=30");
    let made = form(&server, "/admin/tokens", &session, &body).await.text();
    let secret = made.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(server.json("GET", "/admin-api/users", &secret, &Value::Null).await.status, 200);
    assert!(!get_with(&server, "/admin/account", &session).await.text().contains(&secret));

    let body = format!("form_token={token}&current={PASSWORD}&new=five+other+short+words");
    let changed = form(&server, "/admin/password", &session, &body).await;
    assert_eq!(changed.status, 303);
    assert!(get_with(&server, "/admin/account", &cookie(&changed)).await.status == 200);
    assert_eq!(server.state.registry.session(session.split_once('=').unwrap().1).await.unwrap(), None);
}

#[tokio::test]
async fn every_page_says_what_a_browser_must_not_do_with_it() {
    let server = TestServer::start().await;
    for path in [
        "/performance",
        "/performance/no-such",
        "/performance/about",
        "/docs",
        "/admin/sign-in",
        "/admin/welcome",
    ] {
        let page = server.get(path).await;
        let policy = page.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors '"), "{path}: {policy}");
        assert!(matches!(page.header("x-frame-options"), Some("SAMEORIGIN" | "DENY")), "{path}");
        assert!(page.header("referrer-policy").is_some(), "{path}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(page.header("strict-transport-security"), None, "{path}: not behind TLS");
    }
    let icon = server.get("/performance").await.text();
    let icon = icon.split("image/svg+xml\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(
        server.get(&icon).await.header("content-security-policy").unwrap().starts_with("default-src 'none'")
    );
}

#[tokio::test]
async fn behind_tls_cookies_are_for_tls_only() {
    let mut server = TestServer::start().await;
    server.state.access = Arc::new(Access { behind_proxy: true, ..Access::default() });
    server.everything = server::router::everything(server.state.clone());
    let key = server.state.access.welcome.offer(&server.state.registry).unwrap();
    let body = format!("key={key}&email=ann%40example.gov.uk&password={PASSWORD}").into_bytes();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-proto", "https")];
    let made = server.send(&server.everything, "POST", "/admin/welcome", &headers, body).await;
    assert!(made.header("set-cookie").unwrap().ends_with("; Secure"), "{:?}", made.headers);
    assert_eq!(made.header("strict-transport-security"), Some("max-age=31536000"));
}

#[tokio::test]
async fn one_request_too_many_is_told_when_to_come_again() {
    let mut server = TestServer::start().await;
    let limits = server::access::limits::Limits::new(std::num::NonZeroU32::new(1));
    server.state.access = Arc::new(Access { limits, ..Access::default() });
    server.everything = server::router::everything(server.state.clone());
    let mut refused = None;
    for _ in 0..20 {
        let answer = server.json("GET", "/admin-api/users", "made-up", &Value::Null).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("twenty at once are too many");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    assert!(refused.value()["message"].as_str().unwrap().starts_with("Too many requests"));
    assert_eq!(server.get("/data/no/such").await.status, 429, "without a token it is the same caller");
    assert_eq!(
        server.json("GET", "/admin-api/users", ADMIN, &Value::Null).await.status,
        200,
        "a known token is another"
    );
}

#[tokio::test]
async fn no_page_for_staff_is_open_to_those_who_are_not_signed_in() {
    let (server, session) = welcomed().await;
    let source = include_str!("../../src/controllers/admin/mod.rs");
    let paths = source.split(".route(\"").skip(1).map(|call| call.split('"').next().unwrap());
    let open = ["/sign-in", "/sign-on", "/sign-on/return", "/welcome"];
    let mut walked = 0;
    for path in paths.filter(|path| !open.contains(path)) {
        let path = format!("/admin{}", path.trim_end_matches('/').replace("{id}", "some"));
        for cookie in ["", "pp_session=wrong", &session.replace('=', "=x")] {
            let fields = "form_token=x&label=a&scopes=admin-api&days=1&current=a&new=four+short+plain+words";
            let page = get_with(&server, &path, cookie).await;
            let sent = form(&server, &path, cookie, fields).await;
            for answer in [page, sent] {
                let status = answer.status.as_u16();
                assert!(matches!(status, 303 | 405), "{path}: {status}");
                assert!(status == 405 || answer.header("location") == Some("/admin/sign-in"), "{path}");
            }
            walked += 1;
        }
    }
    assert!(walked >= 15, "{walked}");
    assert_eq!(get_with(&server, "/admin/account", &session).await.status, 200, "nothing was changed");
}

#[tokio::test]
async fn bodies_are_no_larger_than_what_they_are_for() {
    let server = TestServer::start().await;
    let long = format!("email=a%40b.uk&password={}", "x".repeat(100_000));
    assert_eq!(form(&server, "/admin/sign-in", "", &long).await.status, 413);
    let long = json!({"name": "x".repeat(9_000_000)});
    let refused = server.json("POST", "/admin-api/data-groups", ADMIN, &long).await;
    assert_eq!(refused.status, 413);
    assert!(refused.value()["message"].as_str().unwrap().contains("8388608"), "{}", refused.text());
}

pub async fn token(server: &TestServer, body: Value) -> String {
    let answer = server.json("POST", "/admin-api/tokens", ADMIN, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_reaches_as_far_as_its_scopes_and_no_longer_than_its_end() {
    let server = TestServer::start().await;
    server.json("POST", "/admin-api/data-types", ADMIN, &json!({"name": "boats"})).await;
    for group in ["canals", "rivers"] {
        server.json("POST", "/admin-api/data-groups", ADMIN, &json!({"name": group})).await;
        let new = json!({"data_group": group, "data_type": "boats", "bearer_token": "own"});
        let made = server.json("POST", "/admin-api/data-sets", ADMIN, &new).await;
        assert_eq!(made.status, 200, "{}", made.text());
    }
    let reader =
        token(&server, json!({"name": "r@example.gov.uk", "roles": ["admin"], "scopes": ["admin-api:read"]}))
            .await;
    assert_eq!(server.json("GET", "/admin-api/users", &reader, &Value::Null).await.status, 200);
    let new_user = json!({"email": "x@example.gov.uk"});
    assert_eq!(server.json("POST", "/admin-api/users", &reader, &new_user).await.status, 403);

    let scopes = json!(["data:write:canals/*"]);
    let writer =
        token(&server, json!({"name": "w@example.gov.uk", "roles": ["admin"], "scopes": scopes})).await;
    let record = json!([{"_timestamp": "2026-01-01T00:00:00Z", "count": 1}]);
    assert_eq!(server.json("POST", "/data/canals/boats", &writer, &record).await.status, 200);
    assert_eq!(server.json("POST", "/data/rivers/boats", &writer, &record).await.status, 401);
    assert_eq!(server.json("GET", "/admin-api/users", &writer, &Value::Null).await.status, 403);
    assert_eq!(server.json("POST", "/data/canals/boats", &reader, &record).await.status, 401);

    let over = json!({"name": "o@example.gov.uk", "roles": ["admin"], "expires": "2020-01-01T00:00:00Z"});
    let over = token(&server, over).await;
    assert_eq!(server.json("GET", "/admin-api/users", &over, &Value::Null).await.status, 401);
    let broken = json!({"name": "o@example.gov.uk", "roles": [], "scopes": ["everything"]});
    let refused = server.json("POST", "/admin-api/tokens", ADMIN, &broken).await;
    assert!(refused.status == 400 && refused.text().contains("admin-api:read"), "{}", refused.text());

    let list = server.json("GET", "/admin-api/tokens", ADMIN, &Value::Null).await.value();
    let of =
        |name: &str| list.as_array().unwrap().iter().find(|token| token["name"] == name).unwrap().clone();
    assert!(of("w@example.gov.uk")["last_used"].is_string() && of("o@example.gov.uk")["last_used"].is_null());
}

#[tokio::test]
async fn writers_change_over_to_a_new_token_one_after_another() {
    let server = TestServer::start().await;
    server.json("POST", "/admin-api/data-types", ADMIN, &json!({"name": "boats"})).await;
    server.json("POST", "/admin-api/data-groups", ADMIN, &json!({"name": "canals"})).await;
    let new = json!({"data_group": "canals", "data_type": "boats", "bearer_token": "first"});
    server.json("POST", "/admin-api/data-sets", ADMIN, &new).await;
    let record = json!([{"_timestamp": "2026-01-01T00:00:00Z", "count": 1}]);
    let rotate = async |overlap: i64| {
        let body = json!({"overlap": overlap});
        server.json("POST", "/admin-api/data-sets/canals_boats/token", ADMIN, &body).await
    };
    let write =
        async |token: &str| server.json("POST", "/data/canals/boats", token, &record).await.status.as_u16();

    let second = rotate(3_600).await.value()["bearer_token"].as_str().unwrap().to_owned();
    assert_eq!((write("first").await, write(&second).await), (200, 200));
    let third = rotate(0).await.value()["bearer_token"].as_str().unwrap().to_owned();
    assert_eq!((write("first").await, write(&second).await, write(&third).await), (401, 401, 200));
    assert_eq!(rotate(-1).await.status, 400);
    let nobody = server.json("POST", "/admin-api/data-sets/canals_boats/token", "bad", &json!({})).await;
    assert_eq!(nobody.status, 401);
}
