//! The read API over a real socket: what only the wire shows.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::support::{ADMIN, TestServer};
use axum::Router;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What came over the wire.
struct Wire {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Wire {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A listener of its own for a router; it ends with the test's runtime.
async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn send(address: SocketAddr, line: &str, headers: &[&str]) -> Wire {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let request = format!("{line} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(received[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut body = received[end + 4..].to_vec();
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        body = joined_chunks(&body);
    }
    Wire { status, headers, body }
}

fn joined_chunks(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        whole.extend_from_slice(&bytes[end + 2..end + 2 + length]);
        bytes = &bytes[end + 2 + length + 2..];
    }
    whole
}

/// A server with a published data set of so many records.
async fn server(records: u32) -> TestServer {
    let server = TestServer::start().await;
    server.json("POST", "/admin-api/data-groups", ADMIN, &json!({"name": "harbour"})).await;
    server.json("POST", "/admin-api/data-types", ADMIN, &json!({"name": "boats"})).await;
    let definition = json!({
        "name": "boats", "data_group": "harbour", "data_type": "boats", "bearer_token": "boat-token",
        "raw_queries_allowed": true, "published": true,
    });
    server.json("POST", "/admin-api/data-sets", ADMIN, &definition).await;
    let record = |n: u32| json!({"_id": n.to_string(), "_timestamp": "2026-01-05T00:00:00Z", "berth": n, "length": n % 90});
    let records: Vec<Value> = (0..records).map(record).collect();
    let stored = server.json("POST", "/data/harbour/boats", "boat-token", &records.into()).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    server
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let server = server(20).await;
    let address = listen(server.read.clone()).await;
    for path in
        ["/data/harbour/boats?group_by=length&format=csv", "/boats", "/boats?group_by=_id", "/nothing"]
    {
        let get = send(address, &format!("GET {path}"), &[]).await;
        let head = send(address, &format!("HEAD {path}"), &[]).await;
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        assert_eq!(get.header("content-length"), get.body.len().to_string(), "{path}");
        let without_date = |mut wire: Wire| {
            wire.headers.remove("date");
            wire.headers
        };
        assert_eq!(without_date(head), without_date(get), "{path}");
    }
    let tag = send(address, "HEAD /boats", &[]).await.header("etag").to_owned();
    let known = send(address, "HEAD /boats", &[&format!("If-None-Match: {tag}")]).await;
    assert_eq!((known.status, known.header("etag")), (304, tag.as_str()));
}

#[tokio::test]
async fn compressed_answers_hold_the_same_bytes() {
    let server = server(200).await;
    let address = listen(server.read.clone()).await;
    let plain = send(address, "GET /boats?group_by=length", &[]).await;
    let gzip = send(address, "GET /boats?group_by=length", &["Accept-Encoding: gzip"]).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    let mut body = Vec::new();
    GzDecoder::new(gzip.body.as_slice()).read_to_end(&mut body).unwrap();
    assert!(body == plain.body && gzip.body.len() < plain.body.len() / 3);
    assert_eq!(gzip.header("etag"), format!("W/{}", plain.header("etag")));
    assert_eq!((plain.header("vary"), gzip.header("vary")), ("accept-encoding", "accept-encoding"));
    let known = [format!("If-None-Match: {}", gzip.header("etag"))];
    for headers in [vec![known[0].as_str()], vec![known[0].as_str(), "Accept-Encoding: gzip"]] {
        let again = send(address, "GET /boats?group_by=length", &headers).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, gzip.header("etag")));
    }
}

#[tokio::test]
async fn what_the_read_api_does_not_do_it_says_to_scripts_of_any_site() {
    let server = server(1).await;
    let address = listen(server.read.clone()).await;
    for (line, status, message) in [
        ("POST /boats", 405, "Method Not Allowed"),
        ("PATCH /data/harbour/boats", 405, "Method Not Allowed"),
        ("DELETE /_status", 405, "Method Not Allowed"),
        ("GET /data/harbour", 404, "Not Found"),
        ("GET /", 404, "Not Found"),
        ("GET /ships", 404, "data_set not found"),
        ("OPTIONS /data/harbour/ships", 404, "data_set not found"),
        ("GET /boats?speed=9", 400, "An unrecognised parameter was provided"),
    ] {
        let answer = send(address, line, &["Origin: https://elsewhere.example"]).await;
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            (answer.status, &body),
            (status, &json!({"status": "error", "message": message})),
            "{line}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{line}");
    }
    let options = send(address, "OPTIONS /boats", &["Origin: https://elsewhere.example"]).await;
    assert_eq!((options.status, options.header("allow")), (200, "GET, HEAD, OPTIONS"));
    assert_eq!(options.header("access-control-max-age"), "86400");
    // Some clients ask with a slash at the end.
    for path in ["/_status/data-sets", "/_status/data-sets/"] {
        assert_eq!(send(address, &format!("GET {path}"), &[]).await.status, 200, "{path}");
    }
    let long = send(address, &format!("GET /boats?filter_by=berth:{}", "x".repeat(70_000)), &[]).await;
    assert_eq!(long.status, 414);
}

#[tokio::test]
async fn large_answers_come_piece_by_piece_with_the_headers_of_small_ones() {
    let server = server(10_500).await;
    let address = listen(server.read.clone()).await;
    let json = send(address, "GET /boats?fields=_id", &[]).await;
    assert_eq!((json.header("transfer-encoding"), json.header("content-length")), ("chunked", ""));
    let body: Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!(body["data"].as_array().unwrap().len(), 10_500);
    let known = format!("If-None-Match: {}", json.header("etag"));
    assert_eq!(send(address, "GET /boats?fields=_id", &[&known]).await.status, 304);
    let csv = send(address, "GET /boats?fields=_id,berth&format=csv", &["Accept-Encoding: gzip"]).await;
    let mut text = String::new();
    GzDecoder::new(csv.body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!((text.lines().count(), text.lines().nth(1)), (10_501, Some("0,0")));
    assert_eq!(csv.header("content-disposition"), "attachment; filename=export.csv");
    assert_eq!(csv.header("cache-control"), "max-age=1800, must-revalidate");
    let head = send(address, "HEAD /boats?fields=_id", &[]).await;
    assert_eq!((head.status, head.header("etag"), head.body.len()), (200, json.header("etag"), 0));
}

/// The connection is all that the server knows of a reader: when it is closed, the query stops.
#[tokio::test]
async fn a_query_stops_when_nobody_waits_for_it() {
    let server = server(10_000).await;
    let address = listen(server.read.clone()).await;
    let heavy: String = (0..50).map(|n| format!("&collect=length:p{n}")).collect();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /boats?group_by=berth{heavy} HTTP/1.1\r\nHost: test\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let activity = || server.state.queries.activity();
    while activity().running == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    while activity().running > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(activity().answered, 0, "it has not been answered for nobody");
    let modest = send(address, "GET /boats?limit=1", &[]).await;
    assert_eq!((modest.status, activity().answered), (200, 1));
}

/// What a client of a stream has received when the connection is at its end: the head, and the body with the lengths of its chunks.
async fn received_to_the_end(address: SocketAddr, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    // A connection that is cut may end with an error, or just end.
    let _ = stream.read_to_end(&mut received).await;
    received
}

#[tokio::test]
async fn a_stream_stops_when_its_reader_leaves() {
    let server = server(1).await;
    // More than what sockets hold for a reader that is slow.
    let text = "x".repeat(4_000);
    for part in 0..11 {
        let record = |n: u32| json!({"_id": format!("{part}-{n}"), "_timestamp": "2026-01-05T00:00:00Z", "text": text});
        let records: Vec<Value> = (0..1_000).map(record).collect();
        server.json("POST", "/data/harbour/boats", "boat-token", &records.into()).await;
    }
    let address = listen(server.read.clone()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /boats?format=csv HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    let mut first = vec![0; 100_000];
    stream.read_exact(&mut first).await.unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let activity = || server.state.queries.activity();
    assert_eq!(activity().streaming, 1, "it has not been sent as a whole");
    drop(stream);
    while activity().streaming > 0 || activity().running > 0 {
        tokio::task::yield_now().await;
    }
    let modest = send(address, "GET /boats?limit=1", &[]).await;
    assert_eq!(modest.status, 200);
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_not_taken_for_a_whole_answer() {
    let server = server(9_000).await;
    server.state.store.flush().await.unwrap();
    let record = |n: u32| json!({"_id": format!("late-{n}"), "_timestamp": "2026-02-05T00:00:00Z", "berth": 100_000 + n});
    // Few enough beside the others to become a segment of their own.
    let records: Vec<Value> = (0..3_000).map(record).collect();
    server.json("POST", "/data/harbour/boats", "boat-token", &records.into()).await;
    server.state.store.flush().await.unwrap();
    let address = listen(server.read.clone()).await;

    let whole = received_to_the_end(address, "/boats?fields=_id").await;
    assert!(whole.ends_with(b"\r\n0\r\n\r\n"));

    let folder = server.folder().join("records/data-sets/boats");
    let mut segments: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "parquet"))
        .collect();
    segments.sort();
    assert_eq!(segments.len(), 2);
    let mut bytes = std::fs::read(&segments[1]).unwrap();
    // The columns, not the footer: that it is damaged is found when its rows are read, after those of the other segment.
    let end = bytes.len() - 8;
    let footer = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
    bytes[4..end - footer].fill(0xAA);
    std::fs::write(&segments[1], bytes).unwrap();

    let broken = received_to_the_end(address, "/boats").await;
    let head = b"HTTP/1.1 200 OK\r\n";
    assert!(broken.starts_with(head) && broken.len() > 100_000, "{}", String::from_utf8_lossy(&broken));
    let text = String::from_utf8_lossy(&broken);
    assert!(text.contains("\r\ntransfer-encoding: chunked\r\n") && text.contains(r#""berth":99,"#));
    assert!(!text.contains("late") && !broken.ends_with(b"0\r\n\r\n"));
}
