//! The process `chromedriver`.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The longest wait for the browser to end, which takes a fraction of a second.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A driver with a port of its own and one session at most. When this is dropped, the browser ends
/// and then the driver.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Child,
    port: u16,
    /// The session that has to be closed, because a browser outlives a driver that is killed.
    session: Option<String>,
}

impl Driver {
    /// Starts the driver. `None` if `BROWSER_TESTS=skip` and there is none.
    pub(crate) fn start() -> Option<Self> {
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(process) => Some(Self::listen(process)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let is_skipped = env::var("BROWSER_TESTS").is_ok_and(|value| value == "skip");
                assert!(
                    is_skipped,
                    "chromedriver is not installed: `apt-get install chromium chromium-driver`, \
                     or set BROWSER_TESTS=skip to leave the tests of the page out"
                );
                None
            }
            Err(error) => panic!("chromedriver does not start: {error}"),
        }
    }

    /// Waits for the line in which the driver tells its port.
    fn listen(mut process: Child) -> Self {
        let output = process.stdout.take().expect("the output is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let port = port.expect("chromedriver tells its port");
        Self {
            process,
            port,
            session: None,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Driver {
    pub(crate) fn close_at_the_end(&mut self, session: Option<String>) {
        self.session = session;
    }

    /// Closes the session, and waits for the answer. It works without a runtime, also while a test
    /// panics.
    fn close(&self, session: &str) -> io::Result<()> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(LONGEST_WAIT))?;
        write!(
            connection,
            "DELETE /session/{session} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\r\n",
            self.port
        )?;
        connection.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Browser and driver may have ended already.
        if let Some(session) = &self.session {
            let _ = self.close(session);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
