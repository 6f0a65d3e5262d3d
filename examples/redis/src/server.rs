//! A real Redis, which can be killed and come back at the same port.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use redis::Client;
use tempfile::TempDir;

/// A `redis-server` on 127.0.0.1 that writes each command to its file, so that nothing is lost when
/// it is killed.
#[derive(Debug)]
pub struct RedisServer {
    program: PathBuf,
    port: u16,
    folder: TempDir,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts it on a free port. `None` if the machine has no `redis-server`.
    ///
    /// # Errors
    /// If it cannot be started or does not answer within ten seconds.
    pub fn start() -> io::Result<Option<Self>> {
        let program = PathBuf::from("redis-server");
        let is_there = Command::new(&program)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if is_there.is_err() {
            return Ok(None);
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut server = Self {
            program,
            port,
            folder: tempfile::tempdir()?,
            process: None,
        };
        server.up()?;
        Ok(Some(server))
    }

    /// Returns the address for the client.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it again.
    ///
    /// # Errors
    /// If it cannot be started or does not answer within ten seconds.
    pub fn up(&mut self) -> io::Result<()> {
        let process = Command::new(&self.program)
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "yes", "--appendfsync", "no"])
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .spawn()?;
        self.process = Some(process);
        self.wait_until_it_answers()
    }

    /// It listens before it has read its file, and until then it refuses commands.
    fn wait_until_it_answers(&mut self) -> io::Result<()> {
        let client = Client::open(self.url()).map_err(io::Error::other)?;
        let start = Instant::now();
        while let Err(error) = ping(&client) {
            if start.elapsed() > Duration::from_secs(10) {
                return Err(io::Error::other(error));
            }
            if let Some(process) = &mut self.process
                && let Some(status) = process.try_wait()?
            {
                let text = format!("redis-server ended with {status}");
                return Err(io::Error::other(text));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Kills it.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }
}

fn ping(client: &Client) -> redis::RedisResult<String> {
    let mut connection = client.get_connection()?;
    redis::cmd("PING").query(&mut connection)
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // A process that is gone needs no end.
        let _ = self.kill();
    }
}
