//! The process `chromedriver`.

use std::env;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A driver with a port of its own. It ends when this is dropped, and its browsers with it.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Child,
    port: u16,
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
        Self { process, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
