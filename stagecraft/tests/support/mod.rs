//! A real PostgreSQL server of a test's own, in a folder that goes away with it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A running server, which listens on a socket in its folder only or, with TLS, on this machine only.
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    /// Where it listens with TLS.
    port: Option<u16>,
}

impl Postgres {
    /// Starts a server; `None` where PostgreSQL is not installed, which is a failure in continuous integration.
    pub fn start() -> Option<Postgres> {
        let server = Postgres::prepare()?;
        server.make();
        server.begin(&format!("-k {} -c listen_addresses=", server.folder.path().display()));
        Some(server)
    }

    fn prepare() -> Option<Postgres> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "PostgreSQL is not installed");
            eprintln!("skipped: PostgreSQL is not installed (apt-get install postgresql)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        // It refuses to run as root, and then runs as the user that the package has made for it.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        Some(Postgres { programs, folder, port: None })
    }

    /// Starts a server that answers by TLS only, with a certificate of an authority that nobody but
    /// [`authority`](Postgres::authority) knows.
    pub fn start_with_tls() -> Option<Postgres> {
        let mut server = Postgres::prepare()?;
        server.make();
        server.certify();
        std::fs::write(format!("{}/pg_hba.conf", server.data()), "hostssl all all 127.0.0.1/32 trust\n")
            .unwrap();
        // Free a moment ago; if another program was faster, the server does not start.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        server.port = Some(port);
        let folder = server.folder.path().display();
        let options = format!(
            "-k {folder} -c listen_addresses=127.0.0.1 -p {port} -c ssl=on \
             -c ssl_cert_file={folder}/server.pem -c ssl_key_file={folder}/server.key"
        );
        server.begin(&options);
        Some(server)
    }

    /// The URL of its empty database.
    pub fn url(&self) -> String {
        match self.port {
            None => format!("postgres://postgres@localhost/postgres?host={}", self.folder.path().display()),
            Some(port) => format!("postgres://postgres@localhost:{port}/postgres"),
        }
    }

    /// The file with the certificate of the authority that has signed the server's.
    pub fn authority(&self) -> String {
        self.folder.path().join("authority.pem").display().to_string()
    }

    fn make(&self) {
        self.run("initdb", &["--auth=trust", "--username=postgres", "--no-sync", "-D", &self.data()]);
    }

    fn begin(&self, options: &str) {
        let (data, options) = (self.data(), format!("{options} -c fsync=off"));
        self.run("pg_ctl", &["-D", &data, "-w", "-l", &format!("{data}.log"), "-o", &options, "start"]);
    }

    /// Makes an authority, and a certificate for the server, by the program that PostgreSQL's own packages use.
    fn certify(&self) {
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            command.current_dir(self.folder.path()).args(arguments.split(' ')).stderr(Stdio::null());
            assert!(command.status().unwrap().success(), "openssl {arguments}");
        };
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        openssl(&format!("{new} -subj /CN=authority -keyout authority.key -out authority.pem"));
        openssl(&format!(
            "{new} -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
             -CA authority.pem -CAkey authority.key -keyout server.key -out server.pem"
        ));
        if is_root() {
            assert!(
                Command::new("chown")
                    .arg("postgres")
                    .arg(self.folder.path().join("server.key"))
                    .status()
                    .unwrap()
                    .success()
            );
        }
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let status =
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.unwrap().success(), "{arguments:?}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        self.run("pg_ctl", &["-D", &data, "-m", "immediate", "stop"]);
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

/// Where Debian puts them, by version, or those on the path.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    found.sort();
    found.extend(std::env::split_paths(&std::env::var_os("PATH")?));
    found.into_iter().rev().find(|folder| Path::new(&folder.join("initdb")).exists())
}
