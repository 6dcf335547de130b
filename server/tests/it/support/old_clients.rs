//! The clients of the older services, as they send their requests, and a deployment of the kind that they were made for.

use std::io::{Read, Write};
use std::net::SocketAddr;

use axum::Router;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use server::listener::{Patience, serve};
use server::router;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{ADMIN, TestServer};

/// A server on a socket of its own for each API, as an older deployment has them.
pub struct Deployment {
    pub server: TestServer,
    pub everything: SocketAddr,
    pub admin_api: SocketAddr,
    _stop: watch::Sender<bool>,
}

impl Deployment {
    pub async fn start() -> Deployment {
        let server = TestServer::start().await;
        let (stop, stopping) = watch::channel(false);
        let listen = async |router: Router| {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(serve(listener, router, Patience::default(), stopping.clone()));
            address
        };
        let everything = listen(server.everything.clone()).await;
        let admin_api = listen(router::admin_api_only(server.state.clone())).await;
        Deployment { server, everything, admin_api, _stop: stop }
    }

    /// Makes something by the admin API.
    pub async fn make(&self, path: &str, body: Value) -> Value {
        let answer = self.server.json("POST", &format!("/admin-api{path}"), ADMIN, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.value()
    }

    /// A data set with the token `tok`.
    pub async fn data_set(&self, group: &str, kind: &str) {
        self.server.json("POST", "/admin-api/data-groups", ADMIN, &json!({"name": group})).await;
        self.server.json("POST", "/admin-api/data-types", ADMIN, &json!({"name": kind})).await;
        let body = json!({"data_group": group, "data_type": kind, "bearer_token": "tok",
            "raw_queries_allowed": true, "published": true});
        self.make("/data-sets", body).await;
    }
}

/// A whole answer.
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// What the Python library makes of it: nothing of a 204, else JSON, which has to be there.
    pub fn json(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.text());
        match self.status {
            204 => Value::Null,
            _ => serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text())),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends bytes and reads one answer, on a connection that is kept open, as the clients do.
pub async fn exchange(stream: &mut BufReader<TcpStream>, bytes: &[u8]) -> Reply {
    stream.write_all(bytes).await.unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut reply = Reply { status, headers, body: Vec::new() };
    if let Some(length) = reply.header("content-length") {
        reply.body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut reply.body).await.unwrap();
    } else if reply.header("transfer-encoding") == Some("chunked") {
        loop {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            let length = usize::from_str_radix(line.trim(), 16).unwrap();
            let mut chunk = vec![0; length + 2];
            stream.read_exact(&mut chunk).await.unwrap();
            if length == 0 {
                break;
            }
            reply.body.extend(&chunk[..length]);
        }
    } else {
        assert!(matches!(status, 204 | 304), "an answer without an end");
    }
    if reply.header("content-encoding") == Some("gzip") {
        let mut plain = Vec::new();
        GzDecoder::new(reply.body.as_slice()).read_to_end(&mut plain).unwrap();
        reply.body = plain;
    }
    reply
}

pub async fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    BufReader::new(TcpStream::connect(address).await.unwrap())
}

/// The Python library.
pub struct Python {
    pub stream: BufReader<TcpStream>,
    /// The path of the base URL.
    base: String,
    pub token: Option<String>,
    /// Whether long bodies are packed: for data sets only.
    packs: bool,
}

impl Python {
    pub async fn new(address: SocketAddr, base: &str, token: Option<&str>, packs: bool) -> Python {
        let stream = connect(address).await;
        Python { stream, base: base.to_owned(), token: token.map(str::to_owned), packs }
    }

    pub fn head(&self, method: &str, path: &str, more: &str) -> String {
        let authorization = self
            .token
            .as_ref()
            .map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        format!(
            "{method} {}{path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip, deflate\r\n\
             Connection: keep-alive\r\nAccept: application/json\r\nUser-Agent: Performance Platform Client 0.11.5\r\n\
             Govuk-Request-Id: Not-Set\r\n{authorization}{more}\r\n",
            self.base
        )
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        let head = self.head("GET", path, "");
        exchange(&mut self.stream, head.as_bytes()).await
    }

    /// A request with a body of JSON text, which is packed if it is longer than 2048 characters.
    pub async fn send(&mut self, method: &str, path: &str, json: &str) -> Reply {
        let (body, packed) = match self.packs && json.len() > 2048 {
            true => (gzip(json.as_bytes()), "Content-Encoding: gzip\r\n"),
            false => (json.as_bytes().to_vec(), ""),
        };
        let more = format!("Content-Type: application/json\r\n{packed}Content-Length: {}\r\n", body.len());
        let mut bytes = self.head(method, path, &more).into_bytes();
        bytes.extend(body);
        exchange(&mut self.stream, &bytes).await
    }

    /// A retry of a packed body that has been read already: no byte of it is left.
    pub async fn retry_without_body(&mut self, path: &str) -> Reply {
        let more =
            "Content-Type: application/json\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n";
        let bytes = self.head("POST", path, more) + "0\r\n\r\n";
        exchange(&mut self.stream, bytes.as_bytes()).await
    }
}

/// Packs bytes.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
