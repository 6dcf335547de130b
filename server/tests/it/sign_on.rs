//! Signing in at a single sign-on service, with a real one on a port of its own: the way there and back, and everything that
//! must not let anybody in.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::sign_on_service::{Behaviour, CLIENT, SECRET, SignOnService};
use crate::support::{ADMIN, Answer, TestServer};
use axum::http::header;
use serde_json::{Value, json};
use server::access::Access;
use server::access::sign_on::SignOn;
use server::access::sign_on::admission::Admission;
use server::access::sign_on::provider::Provider;
use server::router;
use stagecraft::Role;

/// When the tokens of the service are good.
const NOW: &str = "2026-01-01T00:00:30Z";

async fn server(issuer: &str, admission: Admission) -> TestServer {
    let mut server = TestServer::start().await;
    let provider = Provider::new(issuer, CLIENT.into(), Some(SECRET.into())).unwrap();
    let back = "http://performance.example/admin/sign-on/return".to_owned();
    let sign_on = Some(SignOn::new(provider, back, "Bridge ID".into(), admission));
    server.state.access = Arc::new(Access { sign_on, ..Access::default() });
    server.everything = router::everything(server.state.clone());
    server
}

fn all_are_welcome() -> Admission {
    Admission { new_users: Some(BTreeSet::from([Role::Dashboard])), ..Admission::default() }
}

/// The `name=value` of the cookies that an answer sets.
fn cookies(answer: &Answer) -> Vec<String> {
    let values = answer.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    values.map(|value| value.split(';').next().unwrap().to_owned()).collect()
}

async fn get(server: &TestServer, path: &str, cookie: &str, now: &str) -> Answer {
    let headers = [("cookie", cookie), ("x-test-now", now)];
    server.send(&server.everything, "GET", path, &headers, Vec::new()).await
}

/// Begins to sign in: what the browser keeps, and where it is sent.
async fn begin(server: &TestServer) -> (String, String) {
    let answer = server.get("/admin/sign-on").await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let whole = answer.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/admin/sign-on", "Max-Age=600"] {
        assert!(whole.contains(part), "{whole}");
    }
    (cookies(&answer)[0].clone(), answer.header("location").unwrap().to_owned())
}

/// Asks the service, and gives the path at our server that it sends the browser back to.
async fn ask(address: String) -> String {
    let answer = tokio::task::spawn_blocking(move || {
        let agent = ureq::Agent::config_builder().max_redirects(0).build().new_agent();
        agent.get(&address).call().unwrap()
    });
    let answer = answer.await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap();
    back.strip_prefix("http://performance.example").unwrap().to_owned()
}

/// Signs in from beginning to end.
async fn sign_in(server: &TestServer) -> Answer {
    let (cookie, address) = begin(server).await;
    get(server, &ask(address).await, &cookie, NOW).await
}

#[tokio::test]
async fn whoever_the_service_vouches_for_is_signed_in() {
    let service = SignOnService::start().await;
    let server = server(&service.issuer, all_are_welcome()).await;
    assert!(server.get("/admin/sign-in").await.text().contains("Sign in with Bridge ID"));
    for algorithm in ["RS256", "ES256"] {
        service.behave(Behaviour { algorithm, ..Behaviour::default() });
        let answer = sign_in(&server).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, Some("/admin/account")),
            "{}",
            answer.text()
        );
        let given = cookies(&answer);
        assert!(given[0].starts_with("pp_session=") && given[1] == "pp_sign_on=", "{given:?}");
        let page = get(&server, "/admin/account", &given[0], NOW).await.text();
        assert!(page.contains("ann@example.gov.uk") && page.contains("Your roles: dashboard."), "{page}");
    }
    let user = server.state.registry.catalog().user("ann@example.gov.uk").unwrap();
    assert_eq!(user.sign_on, Some(format!("{} user-7", service.issuer)));
    // The service knows people by their subject: the address may change.
    service.behave(Behaviour { claims: json!({"email": "ann.new@example.gov.uk"}), ..Behaviour::default() });
    assert_eq!(sign_in(&server).await.status, 303);
    assert!(server.state.registry.catalog().user("ann.new@example.gov.uk").is_none());
    let log = server.json("GET", "/admin-api/audit-log?actor=ann@example.gov.uk", ADMIN, &Value::Null).await;
    assert!(log.text().contains("sign-in"), "{}", log.text());
}

#[tokio::test]
async fn a_token_that_proves_nothing_lets_nobody_in() {
    let service = SignOnService::start().await;
    let server = server(&service.issuer, all_are_welcome()).await;
    let claims = |claims: Value| Behaviour { claims, ..Behaviour::default() };
    let cases = [
        ("of another sign-in", claims(json!({"nonce": "guessed"}))),
        ("of another sign-in", claims(json!({"nonce": null}))),
        ("another audience", claims(json!({"aud": "somebody else"}))),
        ("another audience", claims(json!({"aud": [CLIENT, "somebody else"]}))),
        ("another audience", claims(json!({"azp": "somebody else"}))),
        ("another issuer", claims(json!({"iss": "https://elsewhere.example"}))),
        ("not good at this time", claims(json!({"exp": 1_767_225_500}))),
        ("not good at this time", claims(json!({"exp": "1767229200"}))),
        ("not good at this time", claims(json!({"exp": null}))),
        ("not good at this time", claims(json!({"iat": 1_767_226_000}))),
        ("not good at this time", claims(json!({"nbf": 1_767_226_000}))),
        ("cannot be read", claims(json!({"sub": null}))),
        ("signature", Behaviour { forged: true, ..Behaviour::default() }),
        ("signature", Behaviour { forged: true, algorithm: "ES256", ..Behaviour::default() }),
        ("none", Behaviour { algorithm: "none", ..Behaviour::default() }),
        ("HS256", Behaviour { algorithm: "HS256", ..Behaviour::default() }),
        ("does not publish", Behaviour { key_name: "another", ..Behaviour::default() }),
    ];
    for (reason, behaviour) in cases {
        service.behave(behaviour);
        let answer = sign_in(&server).await;
        assert_eq!(answer.status, 401, "{reason}: {}", answer.text());
        assert!(answer.text().contains(reason), "{reason}: {}", answer.text());
        assert_eq!(cookies(&answer), ["pp_sign_on="], "{reason}");
    }
    assert!(server.state.registry.catalog().user("ann@example.gov.uk").is_none());
}

#[tokio::test]
async fn only_the_browser_that_began_comes_back() {
    let service = SignOnService::start().await;
    let server = server(&service.issuer, all_are_welcome()).await;
    let (cookie, address) = begin(&server).await;
    let (other_cookie, _) = begin(&server).await;
    let back = ask(address).await;
    assert_eq!(get(&server, &back, "", NOW).await.status, 400, "without what the browser keeps");
    assert_eq!(get(&server, &back, &other_cookie, NOW).await.status, 400, "with that of another browser");
    let wrong = back.replace("state=", "state=x");
    assert_eq!(get(&server, &wrong, &cookie, NOW).await.status, 400, "with another state");
    assert_eq!(get(&server, &back, &cookie, NOW).await.status, 303);
    // The service takes a code once, and so do we.
    let again = get(&server, &back, &cookie, NOW).await;
    assert_eq!(again.status, 502, "{}", again.text());
    let state = back.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let broken_off = |state: &str| format!("/admin/sign-on/return?error=access_denied&state={state}");
    assert_eq!(get(&server, &broken_off("x"), &cookie, NOW).await.status, 400, "a refusal of something else");
    let broken_off = get(&server, &broken_off(state), &cookie, NOW).await;
    assert!(broken_off.status == 401 && broken_off.text().contains("access_denied"), "{}", broken_off.text());
}

#[tokio::test]
async fn keys_that_the_service_has_changed_are_asked_for_again() {
    let service = SignOnService::start().await;
    let server = server(&service.issuer, all_are_welcome()).await;
    service.rename_keys("two");
    service.behave(Behaviour { key_name: "two", ..Behaviour::default() });
    assert_eq!(sign_in(&server).await.status, 303);
}

#[tokio::test]
async fn a_service_that_is_down_is_said_and_passwords_still_work() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = server(&address, all_are_welcome()).await;
    let answer = server.get("/admin/sign-on").await;
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("does not answer as it should") && !answer.text().contains("127.0.0.1"));
    assert_eq!(server.get("/admin/sign-in").await.status, 200);
}

#[tokio::test]
async fn a_service_that_is_another_than_it_should_be_is_not_used() {
    let service = SignOnService::start().await;
    let alias = service.issuer.replace("127.0.0.1", "localhost");
    let server = server(&alias, all_are_welcome()).await;
    assert_eq!(server.get("/admin/sign-on").await.status, 502);
}

#[tokio::test]
async fn an_account_is_needed_unless_accounts_are_made() {
    let service = SignOnService::start().await;
    let server = server(&service.issuer, Admission::default()).await;
    let stranger = sign_in(&server).await;
    assert!(stranger.status == 403 && stranger.text().contains("has no account"), "{}", stranger.text());
    assert_eq!(cookies(&stranger), ["pp_sign_on="]);
    let edit = |roles: &'static [Role]| {
        server
            .state
            .registry
            .edit("", move |edit| edit.set_roles("Ann@example.gov.uk", roles.iter().copied().collect()))
    };
    edit(&[Role::Signin]).await.unwrap();
    assert_eq!(sign_in(&server).await.status, 303, "an account of that address is the user's");
    // Another person who is given the address does not get the account.
    service.behave(Behaviour { claims: json!({"sub": "user-8"}), ..Behaviour::default() });
    let other = sign_in(&server).await;
    assert!(other.status == 403 && other.text().contains("another person"), "{}", other.text());
    service.behave(Behaviour {
        claims: json!({"sub": "user-9", "email_verified": false}),
        ..Behaviour::default()
    });
    let unverified = sign_in(&server).await;
    assert!(unverified.status == 403 && unverified.text().contains("not verified"), "{}", unverified.text());
}

#[tokio::test]
async fn without_a_service_there_is_no_button() {
    let server = TestServer::start().await;
    assert!(!server.get("/admin/sign-in").await.text().contains("/admin/sign-on"));
    assert_eq!(server.get("/admin/sign-on").await.status, 404);
}
