//! Prometheus, Debian's package, with a folder and a port of its own.

use std::error::Error;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// The longest wait for Prometheus to start and to scrape. It needs some seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

pub(crate) struct Prometheus {
    process: Child,
    url: String,
    http: reqwest::Client,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts it with `target` as the only service. `None` if it is not installed.
    pub(crate) fn start(target: &str) -> Result<Option<Self>, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("prometheus.yml");
        let job = format!("{{ job_name: shop, static_configs: [{{ targets: ['{target}'] }}] }}");
        fs::write(
            &config,
            format!("global: {{ scrape_interval: 1s }}\nscrape_configs: [{job}]\n"),
        )?;
        // The port is free until another program takes it in this moment.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let started = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match started {
            Ok(process) => process,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder().no_proxy().build()?,
            _folder: folder,
        }))
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks until the answer is `expected`, and returns the last answer.
    pub(crate) async fn wait_for(&self, query: &str, expected: f64) -> Result<f64, Box<dyn Error>> {
        let asks = async {
            loop {
                let answer = self
                    .query(query)
                    .await
                    .ok()
                    .and_then(|answer| value(&answer));
                match answer {
                    Some(answer) if (answer - expected).abs() < 0.5 => return answer,
                    _ => tokio::time::sleep(Duration::from_millis(200)).await,
                }
            }
        };
        Ok(tokio::time::timeout(LONGEST_WAIT, asks).await?)
    }

    /// Fails if Prometheus cannot evaluate one of them.
    pub(crate) async fn check_expressions(&self, all: &[String]) -> Result<(), Box<dyn Error>> {
        for expression in all {
            let answer = self.query(expression).await?;
            if answer["status"] != "success" {
                return Err(format!("{expression}: {}", answer["error"]).into());
            }
        }
        Ok(())
    }

    async fn query(&self, query: &str) -> Result<serde_json::Value, reqwest::Error> {
        let url = format!("{}/api/v1/query", self.url);
        let mut url = reqwest::Url::parse(&url).expect("the address is right");
        url.query_pairs_mut().append_pair("query", query);
        self.http.get(url).send().await?.json().await
    }
}

/// The number of an answer with one series.
fn value(answer: &serde_json::Value) -> Option<f64> {
    answer["data"]["result"][0]["value"][1]
        .as_str()?
        .parse()
        .ok()
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
