//! Whatever is sent to the write API is refused with a sentence, within bounds, and the server goes on.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::support::process::{Connection, Server, WRITER};
use crate::support::{ADMIN, TestServer};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use flate2::Compression;
use flate2::write::GzEncoder;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use server::body::Bodies;
use server::router;
use server::state::AppState;
use tower::ServiceExt;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What is wrong, told as a sentence.
fn sentence(answer: &Value) -> String {
    match (&answer["message"], &answer["messages"]) {
        (Value::String(message), _) | (_, Value::String(message)) => message.clone(),
        (_, Value::Array(messages)) if !messages.is_empty() => {
            messages.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
        }
        _ => panic!("not a sentence: {answer}"),
    }
}

/// A POST of records with these headers instead of the usual ones.
fn post(server: &Server, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<(u16, Value)> {
    let mut connection = Connection::open(&server.host)?;
    let mut head = format!("POST /data/bad/input HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    // A server that has heard enough may answer before everything is sent.
    let sent = connection.send(&[head.as_bytes(), body].concat());
    connection.answer().map_err(|error| sent.err().unwrap_or(error))
}

/// What it is, its headers, its body, and the status and a part of the sentence that it is refused with.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a [u8], u16, &'a str);

const JSON: (&str, &str) = ("Content-Type", "application/json");
const GZIP: (&str, &str) = ("Content-Encoding", "gzip");

#[test]
fn what_cannot_be_taken_is_refused_with_a_sentence_and_the_server_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    server.make_data_set("bad", "input");
    let record = br#"{"_id": "one", "kk": 1}"#;
    let (packed, packed_nothing) = (gzip(record), gzip(b""));
    // 16 MiB of spaces a member: 4 GiB when it is unpacked.
    let bomb = gzip(&vec![b' '; 16 << 20]).repeat(256);
    let many_keys: Vec<String> = (0..100_000).map(|n| format!(r#""key{n}":1"#)).collect();
    let many_keys = format!("{{{}}}", many_keys.join(","));
    let rows_and_keys: Vec<String> = (0..100_000).map(|n| format!(r#"{{"key{}":1}}"#, n % 1_500)).collect();
    let rows_and_keys = format!("[{}]", rows_and_keys.join(","));
    let nested = ["[".repeat(500_000), "]".repeat(500_000)].concat();
    let long_key = format!(r#"{{"{}":1}}"#, "k".repeat(1 << 20));
    let cases: Vec<Case<'_>> = vec![
        ("nothing", vec![JSON], b"", 400, "zero bytes"),
        ("null", vec![JSON], b" null\n", 400, "Expected header"),
        ("no content type", vec![], record, 400, "Expected header"),
        ("another content type", vec![("Content-Type", "text/csv")], b"a,b", 400, "Expected header"),
        ("a form", vec![("Content-Type", "application/x-www-form-urlencoded")], b"a=b", 400, "zero bytes"),
        (
            "a content type that is no text",
            vec![("Content-Type", "\u{e9}\u{e9}")],
            record,
            400,
            "Expected header",
        ),
        ("not JSON", vec![JSON], b"{oops", 400, "Error parsing JSON"),
        ("NaN", vec![JSON], br#"{"kk": NaN}"#, 400, "Error parsing JSON"),
        ("infinity", vec![JSON], br#"{"kk": 1e999}"#, 400, "number out of range"),
        ("invalid UTF-8", vec![JSON], b"{\"kk\": \"\xc3\x28\"}", 400, "invalid unicode"),
        ("zeros", vec![JSON], &[0; 1_000], 400, "Error parsing JSON"),
        ("a number", vec![JSON], b"1", 400, "must be a JSON object"),
        ("a list of lists", vec![JSON], b"[[1]]", 400, "must be a JSON object"),
        ("deep nesting", vec![JSON], nested.as_bytes(), 400, "must be a JSON object"),
        ("a huge integer", vec![JSON], br#"{"kk": 123456789012345678901234567890}"#, 400, "invalid value"),
        ("a huge key", vec![JSON], long_key.as_bytes(), 400, "more than 4096 bytes"),
        ("100,000 keys", vec![JSON], many_keys.as_bytes(), 400, "more than 2000 keys"),
        ("many rows of many keys", vec![JSON], rows_and_keys.as_bytes(), 413, "in several requests"),
        ("gzip of nothing", vec![JSON, GZIP], &packed_nothing, 400, "zero bytes"),
        ("not gzip", vec![JSON, GZIP], record, 400, "not valid gzip"),
        ("truncated gzip", vec![JSON, GZIP], &packed[..packed.len() - 6], 400, "not valid gzip"),
        ("a gzip bomb", vec![JSON, GZIP], &bomb, 413, "larger than 10485760 bytes"),
        ("another encoding", vec![JSON, ("Content-Encoding", "br")], record, 415, "must be gzip"),
    ];
    for (name, headers, body, status, message) in cases {
        let answer = post(&server, &headers, body).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(answer.0, status, "{name}: {}", answer.1);
        assert!(sentence(&answer.1).contains(message), "{name}: {}", answer.1);
    }
    too_large(&server);
    breaks_off(&server);
    any_bytes(&server);

    let answer = post(&server, &[JSON, GZIP], &packed).unwrap();
    assert_eq!(answer, (200, json!({"status": "ok"})));
    let mut connection = Connection::open(&server.host).unwrap();
    let (_, all) = connection.json("GET", "/data/bad/input", WRITER, &Value::Null).unwrap();
    assert_eq!(all["data"].as_array().unwrap().len(), 1, "nothing of what was refused is there");
    let peak = server.peak_memory();
    assert!(peak.is_none_or(|bytes| bytes < 600 << 20), "{peak:?}");
}

/// Announced or not, too much is refused before it is all there.
fn too_large(server: &Server) {
    let head = format!(
        "POST /data/bad/input HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER}\r\nContent-Type: application/json\r\n"
    );
    let mut announced = Connection::open(&server.host).unwrap();
    announced.send(format!("{head}Content-Length: 99999999999\r\n\r\n").as_bytes()).unwrap();
    let answer = announced.answer().unwrap();
    assert_eq!(answer.0, 413, "{}", answer.1);
    assert!(sentence(&answer.1).contains("larger than 67108864 bytes"));

    let mut chunked = Connection::open(&server.host).unwrap();
    chunked.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let chunk = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
    // until the server has heard enough
    let sent = (0..80).take_while(|_| chunked.send(&chunk).is_ok()).count();
    assert!(sent >= 64, "{sent} MiB");
    if let Ok(answer) = chunked.answer() {
        assert_eq!(answer.0, 413, "{}", answer.1);
    }
}

/// A body that ends before its announced end changes nothing.
fn breaks_off(server: &Server) {
    for head in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut connection = Connection::open(&server.host).unwrap();
        let head = format!(
            "POST /data/bad/input HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER}\r\nContent-Type: application/json\r\n{head}\r\n\r\n"
        );
        connection.send(head.as_bytes()).unwrap();
        connection.send(b"11\r\n{\"_id\": \"broken\"}\r\n").unwrap();
        connection.end().unwrap();
        if let Ok(answer) = connection.answer() {
            assert_eq!(answer.0, 400, "{}", answer.1);
        }
    }
}

/// Bytes that are nearly right, and bytes that are anything: never anything but a refusal in the words of HTTP, and of ours where
/// the request could be read as one.
fn any_bytes(server: &Server) {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let good =
        br#"[{"_id": "x", "_timestamp": "2014-01-01T00:00:00Z", "kk": 1.5, "tt": "text"}, {"kk": null}]"#;
    for _ in 0..400 {
        let mut body = good.to_vec();
        for _ in 0..random.random_range(1..6) {
            let place = random.random_range(0..body.len());
            match random.random_range(0..3) {
                0 => body[place] = random.random(),
                1 => body.truncate(place.max(1)),
                _ => body.insert(place, *br#"{}[]":,\0e-"#.choose(&mut random).unwrap()),
            }
        }
        // a fault that no change of the rest takes away
        body.extend_from_slice(br#" {"#);
        let packed = random.random_ratio(1, 4);
        let headers: &[(&str, &str)] = if packed { &[JSON, GZIP] } else { &[JSON] };
        let (status, answer) = post(server, headers, &body).unwrap();
        assert_eq!(status, 400, "seed {seed}: {answer}");
        sentence(&answer);
    }
    for _ in 0..100 {
        let bytes: Vec<u8> = (0..random.random_range(1..2_000)).map(|_| random.random()).collect();
        let mut connection = Connection::open(&server.host).unwrap();
        // The server may close the connection at any byte; what it says before that is a refusal.
        let _ = connection.send(&bytes).and_then(|()| connection.end());
        if let Ok((status, _)) = connection.answer() {
            assert!((400..500).contains(&status), "seed {seed}: {status}");
        }
    }
}

async fn with_bodies(bodies: Bodies) -> (TestServer, axum::Router) {
    let server = TestServer::start().await;
    for (path, body) in [
        ("data-groups", json!({"name": "bad"})),
        ("data-types", json!({"name": "input"})),
        ("data-sets", json!({"data_group": "bad", "data_type": "input", "bearer_token": WRITER})),
        ("dashboard", json!({"slug": "bad", "title": "Bad"})),
    ] {
        let made = server.json("POST", &format!("/admin-api/{path}"), ADMIN, &body).await;
        assert_eq!(made.status, 200, "{}", made.text());
    }
    let router = router::everything(AppState { bodies: Arc::new(bodies), ..server.state.clone() });
    (server, router)
}

/// A surface that takes bodies: where, by whose leave, and a body that is good there.
const TAKERS: [(&str, &str, &str); 2] = [
    ("/data/bad/input", WRITER, r#"{"kk": 1}"#),
    ("/admin-api/dashboard/bad", ADMIN, r#"{"slug": "bad", "title": "Bad"}"#),
];

fn send_to((path, token, _): (&str, &str, &str), body: Body) -> Request<Body> {
    let method = if path.starts_with("/data") { "POST" } else { "PUT" };
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_not_waited_for() {
    let second = Duration::from_secs(1);
    for (silence, whole) in [(Duration::ZERO, second * 60), (second * 60, Duration::ZERO)] {
        let (_server, router) = with_bodies(Bodies::new(1 << 20, silence, whole)).await;
        for taker in TAKERS {
            let never = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
            let answer = router.clone().oneshot(send_to(taker, never)).await.unwrap();
            assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT, "{}", taker.0);
        }
    }
}

#[tokio::test]
async fn bodies_beyond_the_room_for_all_of_them_are_put_off() {
    let (_server, router) =
        with_bodies(Bodies::new(4 << 10, Duration::from_secs(60), Duration::from_secs(60))).await;
    for taker in TAKERS {
        let answer = router.clone().oneshot(send_to(taker, Body::from(vec![b' '; 8 << 10]))).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", taker.0);
        assert_eq!(answer.headers()["retry-after"], "1");
        for _ in 0..10 {
            let answer = router.clone().oneshot(send_to(taker, Body::from(taker.2))).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{}: room is given back", taker.0);
        }
    }
}

#[tokio::test]
async fn nobody_who_may_not_change_anything_makes_the_server_read_a_body() {
    let (_server, router) = with_bodies(Bodies::default()).await;
    for (path, _, _) in TAKERS {
        let never = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let answer = router.clone().oneshot(send_to((path, "guessed", ""), never)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}
