//! The real binary, started as a user would, and HTTP to it over a socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::ADMIN;

/// The token of the data sets that [`Server::make_data_set`] makes.
pub const WRITER: &str = "token-of-the-data-set";

/// A running server; killed when it is dropped.
pub struct Server {
    process: Child,
    /// Where it listens: an address and a port.
    pub host: String,
}

impl Server {
    /// Starts a server on a folder, with further options, and waits until it listens.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        Self::listening(spawn(folder, options))
    }

    /// The same, with files of so many KiB at the most: what would be beyond cannot be written.
    pub fn start_with_small_files(folder: &Path, kib: u32) -> Self {
        // The signal that goes with the error would end the process; a full disk sends none.
        let script = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$@\"");
        let mut shell = Command::new("bash");
        shell.args(["-c", &script, "bash", env!("CARGO_BIN_EXE_performance-platform")]);
        Self::listening(serve(&mut shell, folder, &[]))
    }

    /// Starts a server on a disk of its own of so many KiB, a fourth of which is taken by a file `ballast`. The disk is in memory, and
    /// gone with the server. `None` where the system does not let us make one.
    pub fn start_on_small_disk(folder: &Path, kib: u32) -> Option<Self> {
        let script = format!(
            "mount -t tmpfs -o size={kib}k tmpfs \"$0\" && head -c {}k /dev/zero > \"$0/ballast\" && exec \"$@\"",
            kib / 4
        );
        let alone = ["--map-root-user", "--mount"];
        let may =
            Command::new("unshare").args(alone).args(["mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output();
        if !may.is_ok_and(|may| may.status.success()) {
            return None;
        }
        let mut program = Command::new("unshare");
        program.args(alone).args(["sh", "-c", &script]).arg(folder);
        program.arg(env!("CARGO_BIN_EXE_performance-platform"));
        Some(Self::listening(serve(&mut program, folder, &[])))
    }

    /// Makes room on the disk of [`Server::start_on_small_disk`].
    pub fn remove_ballast(&self, folder: &Path) {
        let seen_by_it = format!("/proc/{}/root{}/ballast", self.process.id(), folder.display());
        std::fs::remove_file(seen_by_it).unwrap();
    }

    /// Takes the limit of [`Server::start_with_small_files`] away.
    pub fn allow_large_files(&self) {
        let id = self.process.id().to_string();
        let done = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited:"]).status().unwrap();
        assert!(done.success());
    }

    fn listening(mut process: Child) -> Self {
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let host = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on http://").map(str::to_owned))
            .expect("the server says where it listens");
        // Somebody has to read what it logs.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| println!("server: {line}")));
        Self { process, host }
    }

    /// Stops it at once: SIGKILL, so that it gets no chance to put anything in order.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// The most memory that it has held, in bytes, where the system tells it.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
    }

    /// Asks until the answer is what it has to become soon.
    pub fn soon(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
        is_good: impl Fn(u16, &Value) -> bool,
    ) -> Value {
        let mut connection = Connection::open(&self.host).unwrap();
        let begun = Instant::now();
        loop {
            let (status, answer) = connection.json(method, path, token, body).unwrap();
            if is_good(status, &answer) {
                return answer;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "{method} {path}: {status} {answer}");
        }
    }

    /// Makes a data set with its group and type.
    pub fn make_data_set(&self, data_group: &str, data_type: &str) {
        let mut connection = Connection::open(&self.host).unwrap();
        let data_set = json!({
            "data_group": data_group, "data_type": data_type, "bearer_token": WRITER, "raw_queries_allowed": true,
        });
        connection.json("POST", "/admin-api/data-groups", ADMIN, &json!({"name": data_group})).unwrap();
        connection.json("POST", "/admin-api/data-types", ADMIN, &json!({"name": data_type})).unwrap();
        let made = connection.json("POST", "/admin-api/data-sets", ADMIN, &data_set).unwrap();
        assert_eq!(made.0, 200, "{}", made.1);
    }
}

/// Starts the binary and does not wait for anything.
pub fn spawn(folder: &Path, options: &[&str]) -> Child {
    serve(&mut Command::new(env!("CARGO_BIN_EXE_performance-platform")), folder, options)
}

fn serve(program: &mut Command, folder: &Path, options: &[&str]) -> Child {
    program
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-token", ADMIN, "--data-dir"])
        .arg(folder)
        .args(options)
        .env_remove("PP_SECRET_KEY")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection that stays open for one request after another.
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    pub fn open(host: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream: BufReader::new(stream), host: host.to_owned() })
    }

    /// A request with a JSON body (`null`: none): the status and the JSON of the answer. An error if there was no whole answer.
    pub fn json(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
    ) -> std::io::Result<(u16, Value)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.send(&[head.as_bytes(), body.as_bytes()].concat())?;
        self.answer()
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Ends what is sent.
    pub fn end(&mut self) -> std::io::Result<()> {
        self.stream.get_mut().shutdown(std::net::Shutdown::Write)
    }

    /// Reads an answer to its end; a body that is not JSON comes as text.
    pub fn answer(&mut self) -> std::io::Result<(u16, Value)> {
        let broken = |what: &str| std::io::Error::other(what.to_owned());
        let (mut status, mut length, mut chunked) = (None, 0, false);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(broken("the connection was closed"));
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.split(' ').next().and_then(|number| number.parse().ok());
            } else if let Some((name, value)) = line.split_once(':') {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().map_err(|_| broken("a length"))?,
                    "transfer-encoding" => chunked = true,
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        while chunked {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim_end(), 16).map_err(|_| broken("a chunk"))?;
            let mut chunk = vec![0; size + 2];
            self.stream.read_exact(&mut chunk)?;
            body.extend(&chunk[..size]);
            chunked = size > 0;
        }
        let value = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
        Ok((status.ok_or_else(|| broken("no status"))?, value))
    }
}
