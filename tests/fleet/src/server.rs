//! A `redis-server` of a test.

use std::{
    env, io,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A server on a free port, without persistence. It is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// The port on 127.0.0.1.
    pub port: u16,
    arguments: Vec<String>,
}

/// The files of a server with TLS, in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate of the authority that signed the server's.
    pub authority: String,
    /// The certificate of the server.
    pub certificate: String,
    /// The private key of the server.
    pub key: String,
}

/// Tells if the tests run without a server. With `FLEET_TESTS=skip` each prints its name instead.
///
/// # Panics
///
/// If `redis-server` is missing and the variable is not set.
pub fn is_skipped() -> bool {
    if env::var("FLEET_TESTS").is_ok_and(|value| value == "skip") {
        let thread = thread::current();
        eprintln!(
            "not run, because of FLEET_TESTS=skip: {}",
            thread.name().unwrap_or("a test")
        );
        return true;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there =
        env::split_paths(&path).any(|folder: PathBuf| folder.join("redis-server").exists());
    assert!(
        is_there,
        "these tests need redis-server: install Debian's package redis-server, or set FLEET_TESTS=skip"
    );
    false
}

/// A port that was free a moment ago.
///
/// # Panics
///
/// If there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

impl Server {
    /// Starts a server. `None` if the tests are skipped.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// Starts a server with further arguments. `None` if the tests are skipped.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub fn with(arguments: &[&str]) -> Option<Self> {
        if is_skipped() {
            return None;
        }
        let arguments: Vec<_> = arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect();
        for _ in 0..10 {
            let port = free_port();
            let mut process = spawn(port, &arguments);
            if answers(port, &mut process) {
                return Some(Self {
                    process,
                    port,
                    arguments,
                });
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("redis-server does not start with {arguments:?}");
    }

    /// Starts a server whose only port speaks TLS. `None` if the tests are skipped.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub fn with_tls(files: &TlsFiles) -> Option<Self> {
        // The later `--port` wins, and 0 closes the port without TLS.
        Self::with(&[
            "--port",
            "0",
            "--tls-port",
            PORT,
            "--tls-auth-clients",
            "no",
            "--tls-ca-cert-file",
            &files.authority,
            "--tls-cert-file",
            &files.certificate,
            "--tls-key-file",
            &files.key,
        ])
    }

    /// The address for a fleet.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends one command and returns the raw answer.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub fn command(&self, words: &[&str]) -> String {
        try_command(self.port, words).expect("an answer")
    }

    /// The scripts that the server has run. Each request of a replica is one script.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub fn scripts_run(&self) -> u64 {
        let stats = self.command(&["INFO", "commandstats"]);
        let lines = stats
            .lines()
            .filter(|line| line.starts_with("cmdstat_eval"));
        let calls = lines.filter_map(|line| line.split("calls=").nth(1)?.split(',').next());
        calls
            .filter_map(|calls| calls.parse::<u64>().ok())
            .sum::<u64>()
    }

    /// Kills the server, so that it forgets everything.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts the server again on its port.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub fn restart(&mut self) {
        self.kill();
        self.process = spawn(self.port, &self.arguments);
        assert!(answers(self.port, &mut self.process), "it starts again");
    }

    /// Stops the process with SIGSTOP, or lets it go on with SIGCONT.
    pub fn signal(&self, signal: &str) {
        super::server::signal(self.process.id(), signal);
    }
}

/// Sends a signal to a process.
///
/// # Panics
///
/// If there is no such process.
pub fn signal(process: u32, signal: &str) {
    let status = Command::new("kill")
        .args([format!("-{signal}"), process.to_string()])
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "kill -{signal}"
    );
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The port of the server, within its arguments.
const PORT: &str = "PORT";

fn spawn(port: u16, arguments: &[String]) -> Child {
    let port = port.to_string();
    let arguments = arguments
        .iter()
        .map(|argument| if argument == PORT { &port } else { argument });
    Command::new("redis-server")
        .args(["--port", &port, "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(env::temp_dir())
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server starts")
}

fn answers(port: u16, process: &mut Child) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if process.try_wait().is_ok_and(|ended| ended.is_some()) {
            return false;
        }
        // A server with a password or with TLS answers with an error, which is an answer, too.
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}

/// Sends one command to a server and returns the raw answer.
///
/// # Errors
///
/// If the server does not answer.
pub fn try_command(port: u16, words: &[&str]) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.extend(["$", &word.len().to_string(), "\r\n", word, "\r\n"]);
    }
    // The server closes the connection behind the answer, so that its end is known.
    request += "*1\r\n$4\r\nQUIT\r\n";
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    // A sentinel does not know QUIT, and keeps the connection.
    if let Err(error) = stream.read_to_end(&mut answer)
        && answer.is_empty()
    {
        return Err(error);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
