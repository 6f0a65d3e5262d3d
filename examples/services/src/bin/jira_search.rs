//! A synchronous client: retry over a circuit breaker, one configuration for all functions that
//! call the same service, and a cache that answers while the circuit is open.
//!
//! `cargo run -p resilience-example-services --bin jira_search`

use std::{collections::HashMap, sync::Mutex, thread, time::Duration};

use resilience::{
    CircuitBreakerConfig, CircuitOpen, CircuitState, RetryConfig, RetryEvent, circuit_breaker,
    registry, retry,
};
use resilience_example_services::{peers::IssueTracker, timeline};
use serde::Deserialize;

// The settings for Jira are in one place. A wrong value here does not compile.
const RETRY: RetryConfig = RetryConfig::new()
    .max_retries(2)
    .base_delay(Duration::from_millis(50))
    .max_delay(Duration::from_secs(2));
const CIRCUIT: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(4)
    .recovery_timeout(Duration::from_secs(2))
    .success_threshold(1);

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Issue {
    key: String,
    summary: String,
}

struct Jira {
    http: ureq::Agent,
    url: String,
    /// The latest answer to each search.
    cache: Mutex<HashMap<String, Vec<Issue>>>,
}

impl Jira {
    /// The issues that match; while the circuit is open, those that did when Jira was last asked.
    #[retry(config = RETRY, retry_if = JiraError::is_outage, on_retry = report_retry)]
    #[circuit_breaker(name = "jira", config = CIRCUIT, failure_if = JiraError::is_outage,
                      fallback = |open| self.search_cache(jql, open))]
    fn search(&self, jql: &str) -> Result<Vec<Issue>, JiraError> {
        let url = format!("{}/search", self.url);
        let issues: Vec<Issue> = self
            .http
            .get(url)
            .query("jql", jql)
            .call()?
            .body_mut()
            .read_json()?;
        self.cache
            .lock()
            .unwrap()
            .insert(jql.to_owned(), issues.clone());
        Ok(issues)
    }

    /// The same name is the same circuit: when searches fail, this need not find out for itself.
    #[retry(config = RETRY, retry_if = JiraError::is_outage, on_retry = report_retry)]
    #[circuit_breaker(name = "jira", config = CIRCUIT, failure_if = JiraError::is_outage)]
    fn issue(&self, key: &str) -> Result<Issue, JiraError> {
        let url = format!("{}/issue/{key}", self.url);
        Ok(self.http.get(url).call()?.body_mut().read_json()?)
    }

    fn search_cache(&self, jql: &str, open: &CircuitOpen) -> Result<Vec<Issue>, JiraError> {
        let issues = self
            .cache
            .lock()
            .unwrap()
            .get(jql)
            .cloned()
            .ok_or_else(|| open.clone())?;
        timeline::line("cache", "knows the answer");
        Ok(issues)
    }
}

#[derive(Debug, thiserror::Error)]
enum JiraError {
    #[error(transparent)]
    Http(#[from] ureq::Error),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

impl JiraError {
    /// Returns true if Jira is to blame. An error in the request, like 404 or 401, is neither
    /// retried nor held against Jira.
    fn is_outage(&self) -> bool {
        match self {
            Self::Http(ureq::Error::StatusCode(status)) => *status == 429 || *status >= 500,
            Self::Http(_) => true,
            Self::CircuitOpen(_) => false,
        }
    }
}

fn report_retry<T>(event: &RetryEvent<'_, T, JiraError>) {
    if let Err(error) = event.outcome {
        timeline::timed(
            format_args!("retry {}", event.attempt),
            "in",
            event.delay,
            error,
        );
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tracker = IssueTracker::start();
    let http = ureq::Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(5)))
        .build();
    let jira = Jira {
        http: http.into(),
        url: tracker.url(),
        cache: Mutex::default(),
    };
    let urgent = "priority = Highest";

    timeline::chapter("Jira is fine.");
    let issues = search(&jira, urgent)?;
    issue(&jira, "OPS-17")?;

    timeline::chapter("Jira fails once.");
    tracker.fail_next(1);
    let before = tracker.requests();
    assert_eq!(search(&jira, urgent)?, issues);
    assert_eq!(
        tracker.requests() - before,
        2,
        "the failed request was made again"
    );

    timeline::chapter("A missing issue is not Jira's fault.");
    let before = tracker.requests();
    let error = issue(&jira, "OPS-404").expect_err("there is none");
    assert!(matches!(
        error,
        JiraError::Http(ureq::Error::StatusCode(404))
    ));
    assert_eq!(
        tracker.requests() - before,
        1,
        "the request was not made again"
    );

    timeline::chapter("Jira fails until further notice.");
    tracker.fail_next(usize::MAX);
    issue(&jira, "OPS-17").expect_err("three attempts fail");
    let circuit = registry::get("jira").expect("both functions use it");
    assert_eq!(
        circuit.state(),
        CircuitState::Open,
        "the fourth failure opens the circuit"
    );

    timeline::chapter(
        "The circuit is open: searches are answered from the cache, and Jira is left in peace.",
    );
    let before = tracker.requests();
    assert_eq!(
        search(&jira, urgent)?,
        issues,
        "the cache knows this search"
    );
    let error = search(&jira, "assignee = me").expect_err("the cache does not know this one");
    assert!(matches!(error, JiraError::CircuitOpen(_)));
    let error = issue(&jira, "OPS-17").expect_err("this function has no fallback");
    assert!(matches!(error, JiraError::CircuitOpen(_)));
    assert_eq!(tracker.requests(), before);

    timeline::chapter("Jira is fine again.");
    tracker.fail_next(0);
    let pause = circuit.stats().retry_after.unwrap_or_default();
    timeline::line(
        "circuit",
        format_args!("lets a probe through in {pause:.1?}"),
    );
    thread::sleep(pause);
    let before = tracker.requests();
    assert_eq!(search(&jira, urgent)?, issues);
    assert_eq!(tracker.requests() - before, 1, "this answer is Jira's own");
    assert_eq!(
        circuit.state(),
        CircuitState::Closed,
        "the probe closes the circuit"
    );
    timeline::line("circuit", circuit.state());
    Ok(())
}

fn search(jira: &Jira, jql: &str) -> Result<Vec<Issue>, JiraError> {
    let outcome = jira.search(jql);
    match &outcome {
        Ok(issues) => {
            let keys: Vec<_> = issues.iter().map(|issue| issue.key.as_str()).collect();
            timeline::line("search", format_args!("{jql}: {}", keys.join(", ")));
        }
        Err(error) => timeline::line("search", format_args!("{jql}: FAILED, {error}")),
    }
    outcome
}

fn issue(jira: &Jira, key: &str) -> Result<Issue, JiraError> {
    let outcome = jira.issue(key);
    match &outcome {
        Ok(issue) => timeline::line("issue", format_args!("{key}: {}", issue.summary)),
        Err(error) => timeline::line("issue", format_args!("{key}: FAILED, {error}")),
    }
    outcome
}
