//! Taking connections: clients that are slow or never end hold nobody up, and a server that stops lets go of them.

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::TestServer;
use axum::routing::get;
use server::listener::{Patience, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const LONG: Duration = Duration::from_secs(3_600);
const SHORT: Duration = Duration::from_millis(20);
const PATIENT: Patience = Patience { head: LONG, body: LONG, answer: LONG, end: LONG, connections: 100 };

/// The head of a request whose body is read before anything else.
const WAITS_FOR_ITS_BODY: &str = "POST /admin-api/data-groups HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                                  authorization: Bearer administrator-of-tests\r\nexpect: 100-continue\r\n\
                                  content-length: 2\r\n\r\n";

struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    _server: TestServer,
}

async fn run(patience: Patience) -> Running {
    let server = TestServer::start().await;
    // More than any buffer between two ends of a connection takes.
    let router = server.everything.clone().route("/endless/answer", get(|| async { vec![b'x'; 64 << 20] }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let task = tokio::spawn(serve(listener, router, patience, stopping));
    Running { address, stop, task, _server: server }
}

impl Running {
    /// Sends a text on a new connection.
    async fn say(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }
}

/// All that comes until the server closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut off may end with an error.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The status line of the next answer; empty if the connection ends without one.
async fn status(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 12];
    if stream.read_exact(&mut bytes).await.is_err() {
        return String::new();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn who_does_not_say_what_it_wants_is_let_go() {
    let running = run(Patience { head: SHORT, ..PATIENT }).await;
    for beginning in ["", "GET /_status HT", "GET /_status HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let stream = running.say(beginning).await;
        let told = rest(stream).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408"), "{told}");
    }
    // An idle connection is kept no longer either. On a machine that is held up the request may come too late itself.
    let stream = loop {
        let mut stream = running.say("GET /_status HTTP/1.1\r\nhost: a\r\n\r\n").await;
        if status(&mut stream).await == "HTTP/1.1 200" {
            break stream;
        }
    };
    rest(stream).await;
}

#[tokio::test]
async fn a_body_that_stops_coming_is_not_waited_for() {
    let running = run(Patience { body: SHORT, ..PATIENT }).await;
    let head = "POST /admin-api/data-groups HTTP/1.1\r\nhost: a\r\nauthorization: Bearer administrator-of-tests\r\n\
                content-type: application/json\r\ncontent-length: 100\r\nconnection: close\r\n\r\n";
    let told = rest(running.say(&format!("{head}{{\"name\":")).await).await;
    assert!(told.starts_with("HTTP/1.1 4"), "{told}");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_refused() {
    let running = run(PATIENT).await;
    let endless = format!("GET /_status?{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(200_000));
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    // The server may close before it has read all of it.
    let _ = stream.write_all(endless.as_bytes()).await;
    let told = rest(stream).await;
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{told}");
}

#[tokio::test]
async fn a_connection_too_many_waits_for_another_to_end() {
    let running = run(Patience { connections: 1, ..PATIENT }).await;
    let first = running.say("GET /_status HT").await;
    let mut second = running.say("GET /_status HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let early = tokio::time::timeout(SHORT, second.readable()).await;
    assert!(early.is_err(), "there is no room yet");
    drop(first);
    assert_eq!(status(&mut second).await, "HTTP/1.1 200");
}

#[tokio::test]
async fn who_does_not_take_the_answer_is_let_go() {
    let running = run(Patience { answer: SHORT, connections: 1, ..PATIENT }).await;
    let silent = running.say("GET /endless/answer HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // Its place is the only one there is.
    let mut next = running.say("GET /_status HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(status(&mut next).await, "HTTP/1.1 200");
    let told = rest(silent).await;
    assert!(told.starts_with("HTTP/1.1 200") && told.len() < 64 << 20, "{} bytes", told.len());
}

#[tokio::test]
async fn a_server_that_stops_lets_idle_connections_go_and_requests_end() {
    let running = run(PATIENT).await;
    let mut idle = running.say("GET /_status HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(status(&mut idle).await, "HTTP/1.1 200");
    let mut under_way = running.say(WAITS_FOR_ITS_BODY).await;
    assert_eq!(status(&mut under_way).await, "HTTP/1.1 100");
    running.stop.send(true).unwrap();
    rest(idle).await;
    under_way.write_all(b"[]").await.unwrap();
    assert!(rest(under_way).await.contains("HTTP/1.1 400"));
    running.task.await.unwrap();
}

#[tokio::test]
async fn a_server_that_stops_waits_for_nobody_for_ever() {
    let running = run(Patience { end: SHORT, ..PATIENT }).await;
    let mut under_way = running.say(WAITS_FOR_ITS_BODY).await;
    assert_eq!(status(&mut under_way).await, "HTTP/1.1 100");
    running.stop.send(true).unwrap();
    running.task.await.unwrap();
    assert!(!rest(under_way).await.contains("HTTP/1.1"), "it was cut off");
}
