//! A real browser without a window, told what to do over its debugging protocol.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// Where Debian and others put it.
const NAMES: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// A browser with one tab.
pub struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    next_id: u64,
    _folder: TempDir,
}

impl Browser {
    /// Starts a browser; `None` where there is none, which is a failure in continuous integration.
    pub fn start() -> Option<Browser> {
        let Some(program) = NAMES.iter().find(|name| Path::new(name).exists()) else {
            assert!(std::env::var_os("CI").is_none(), "Chromium is not installed");
            eprintln!("skipped: Chromium is not installed (apt-get install chromium)");
            return None;
        };
        // everything it writes, temporary files included, goes away with it
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("profile");
        let process = Command::new(program)
            .env("TMPDIR", folder.path())
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--remote-debugging-port=0", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // the browser writes its port there once it listens
        let file = profile.join("DevToolsActivePort");
        let port_and_path = (0..600)
            .find_map(|_| {
                let text = std::fs::read_to_string(&file).ok().filter(|text| text.lines().count() >= 2);
                if text.is_none() {
                    std::thread::sleep(Duration::from_millis(50));
                }
                text
            })
            .expect("the browser does not listen");
        let (port, path) = port_and_path.trim().split_once('\n').unwrap();
        let stream = TcpStream::connect(("127.0.0.1", port.parse::<u16>().unwrap())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (socket, _) = tungstenite::client(format!("ws://127.0.0.1:{port}{path}"), stream).unwrap();
        let mut browser = Browser { process, socket, session: String::new(), next_id: 0, _folder: folder };
        let target = browser.command("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        browser.session =
            browser.command("Target.attachToTarget", attach)["sessionId"].as_str().unwrap().to_owned();
        browser.command("Page.enable", json!({}));
        Some(browser)
    }

    fn read(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("the browser has gone") {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// One command of the protocol and its result.
    pub fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        self.socket.send(Message::text(message.to_string())).unwrap();
        loop {
            let mut answer = self.read();
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
        }
    }

    /// Opens a page and waits until it has loaded.
    pub fn open(&mut self, url: &str) {
        self.next_id += 1;
        let id = self.next_id;
        let message =
            json!({"id": id, "sessionId": self.session, "method": "Page.navigate", "params": {"url": url}});
        self.socket.send(Message::text(message.to_string())).unwrap();
        // the event may come before or after the answer
        let (mut answered, mut loaded) = (false, false);
        while !(answered && loaded) {
            let message = self.read();
            answered |= message["id"] == id;
            loaded |= message["method"] == "Page.loadEventFired";
        }
    }

    /// The value of a JavaScript expression, awaited if it is a promise.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut result = self.command("Runtime.evaluate", parameters);
        assert!(result.get("exceptionDetails").is_none(), "{}", result["exceptionDetails"]);
        result["result"]["value"].take()
    }

    /// Makes the window so many pixels wide.
    pub fn resize(&mut self, width: u32) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", size);
    }

    /// Sets media features, such as `prefers-color-scheme`.
    pub fn media(&mut self, features: &[(&str, &str)]) {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        self.command("Emulation.setEmulatedMedia", json!({"features": features}));
    }

    /// Leaves addresses unanswered that fit these patterns.
    pub fn block(&mut self, patterns: &[&str]) {
        self.command("Network.enable", json!({}));
        self.command("Network.setBlockedURLs", json!({"urls": patterns}));
    }

    /// Moves the pointer to a place in the window until a JavaScript condition holds, and says whether it came to that.
    ///
    /// The browser keeps moves for its next picture and may drop one that comes while it is busy, so one move says little.
    pub fn point_until(&mut self, x: f64, y: f64, condition: &str) -> bool {
        (0..100).any(|_| {
            self.draw();
            self.command("Input.dispatchMouseEvent", json!({"type": "mouseMoved", "x": x, "y": y}));
            self.draw();
            self.evaluate(condition) == true
        })
    }

    /// Waits until a JavaScript condition holds, looking at it with every picture the browser draws, and says whether it
    /// came to that.
    pub fn until(&mut self, condition: &str) -> bool {
        let look = format!(
            "new Promise((done) => {{ let left = 1000; const look = () => {{ if ({condition}) done(true); else if (left-- > 0) requestAnimationFrame(look); else done(false); }}; look(); }})"
        );
        self.evaluate(&look) == true
    }

    /// Waits until what has been changed or scrolled is drawn: only then does the browser know what is under the pointer.
    pub fn draw(&mut self) {
        self.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
    }

    /// Presses and releases the first button of the mouse at a place in the window.
    pub fn click(&mut self, x: f64, y: f64) {
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.command("Input.dispatchMouseEvent", event);
        }
    }

    /// Presses and releases a key.
    pub fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key});
            self.command("Input.dispatchKeyEvent", event);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // asked to close, it takes its helper processes along, which would else go on writing; it may have gone already
        let close = json!({"id": self.next_id + 1, "method": "Browser.close"});
        if self.socket.send(Message::text(close.to_string())).is_ok() {
            while self.socket.read().is_ok() {}
        } else {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}
