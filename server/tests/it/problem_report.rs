//! Reporting a problem with a page, in a real browser, with scripts and without.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use server::branding::Branding;
use server::state::AppState;

use crate::browser::violations;
use crate::dashboards::{changed, server};
use crate::support::TestServer;
use crate::support::browser::Browser;

/// The fields of a report.
type Report = Vec<(String, String)>;

/// Takes reports, as scripts and as forms send them: the first answers are given, later ones are thanks.
#[derive(Clone)]
struct Desk {
    reports: Sender<Report>,
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

async fn take(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).unwrap();
    desk.reports.send(spotlight_renderer::definition::query::decoded_pairs(&text)).unwrap();
    let planned = desk.answers.lock().unwrap().pop();
    if let Some(status) = planned {
        return status.into_response();
    }
    match headers.contains_key("x-requested-with") {
        true => Json(json!({"message": "<h2>Thank you</h2> <p>We will look at it.</p>"})).into_response(),
        false => Html("<!DOCTYPE html><html lang=en><title>Thanks</title><h1>Thanks</h1>").into_response(),
    }
}

/// A server whose desk first answers with these, the last of them first, and a browser; `None` where there is no browser.
async fn start(answers: Vec<StatusCode>) -> Option<(TestServer, Receiver<Report>, String, Browser)> {
    let browser = tokio::task::spawn_blocking(Browser::start).await.unwrap()?;
    let server = changed(server().await, |state| {
        let mut branding = Branding::clone(&state.branding);
        branding.options.problem_reports = Some("/contact/problem_reports".to_owned());
        AppState { branding: branding.into(), ..state }
    });
    let (reports, reported) = channel();
    let desk = Desk { reports, answers: Arc::new(Mutex::new(answers)) };
    let contact = Router::new().route("/contact/problem_reports", post(take)).with_state(desk);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    let router = server.everything.clone().merge(contact);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Some((server, reported, root, browser))
}

/// What the form says once it says anything else than that it is sending.
const SAID: &str = "new Promise((done) => { const look = () => {
    const said = document.querySelector('.problem [role=status]').textContent;
    said && said !== 'Sending…' ? done(said) : requestAnimationFrame(look);
}; look(); })";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_problem_is_reported_without_leaving_the_page() {
    let answers = vec![StatusCode::INTERNAL_SERVER_ERROR, StatusCode::UNPROCESSABLE_ENTITY];
    let Some((_server, reported, root, browser)) = start(answers).await else { return };
    tokio::task::spawn_blocking(move || {
        let mut browser = browser;
        browser.open(&format!("{root}/performance/quay?compare=previous_year"));
        let shown = "document.querySelector('.problem form').checkVisibility()";
        assert_eq!(browser.evaluate(shown), Value::Bool(false), "the form is shown before anybody wants it");
        browser.evaluate("document.querySelector('.problem summary').click()");
        assert_eq!(browser.evaluate(shown), Value::Bool(true));
        let send = "document.querySelector('.problem button').click(); document.querySelector('.problem button').disabled";
        let button = "document.activeElement === document.querySelector('.problem button') && !document.activeElement.disabled";
        for expected in [
            "Please say what you were doing or what went wrong.",
            "Sorry, your report could not be sent. Please try again in a few minutes.",
        ] {
            assert_eq!(browser.evaluate(send), Value::Bool(true), "the button can be pressed twice");
            assert_eq!(browser.evaluate(SAID), expected);
            assert_eq!(browser.evaluate(button), Value::Bool(true), "nobody can try again");
            assert_eq!(violations(&mut browser), Vec::<String>::new());
        }
        browser.evaluate("document.querySelector('#problem-wrong').value = 'Fees & fines'");
        browser.evaluate(send);
        assert_eq!(browser.evaluate(SAID), "Thank you We will look at it.");
        assert_eq!(browser.evaluate(shown), Value::Bool(false), "what was sent can be sent again");
        assert_eq!(browser.evaluate("document.activeElement.getAttribute('role')"), "status");
        assert_eq!(violations(&mut browser), Vec::<String>::new());
        let url = format!("{root}/performance/quay?compare=previous_year");
        assert_eq!(browser.evaluate("location.href"), url.as_str(), "the page was left");
        let reports: Vec<Report> = reported.try_iter().collect();
        assert_eq!(reports.len(), 3);
        let expected = [
            ("utf8", "✓"),
            ("url", &url),
            ("what_doing", ""),
            ("what_wrong", "Fees & fines"),
            ("javascript_enabled", "true"),
            ("referrer", "unknown"),
        ];
        assert_eq!(reports[2], expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts_the_form_is_sent_as_forms_are() {
    let Some((_server, reported, root, browser)) = start(Vec::new()).await else { return };
    tokio::task::spawn_blocking(move || {
        let mut browser = browser;
        browser.block(&["*.js"]);
        browser.open(&format!("{root}/performance/quay/fees"));
        browser.evaluate("document.querySelector('.problem summary').click(); document.querySelector('#problem-doing').value = 'Reading'");
        browser.evaluate("document.querySelector('.problem button').click()");
        let report = reported.recv_timeout(Duration::from_secs(60)).expect("nothing was sent");
        let expected = [("utf8", "✓"), ("url", "/performance/quay/fees"), ("what_doing", "Reading"), ("what_wrong", "")];
        assert_eq!(report, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    })
    .await
    .unwrap();
}
