//! A service runs while its configuration file is changed, broken and mended: its retries, its
//! circuit and the limit of its bulkhead. After each step the program shows what holds, and asserts
//! it.
//!
//! `cargo run -p resilience-example-services --bin live_reload`

use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use resilience::events::{self, EventKind, Subscription};
use resilience::{
    CircuitState, Source, bulkhead, circuit_breaker, config, registry, retry, timeout,
};
use tokio::{sync::watch, task::JoinSet};

/// The service asks an address that nobody listens to, so each attempt fails at once.
#[retry(max_retries = 1, base_delay = 1ms, operation = "stock.quote")]
#[circuit_breaker(name = "stock", failure_threshold = 1000, recovery_timeout = 1h)]
#[timeout(5s)]
async fn quote(attempts: &mut u32) -> io::Result<()> {
    *attempts += 1;
    tokio::net::TcpStream::connect("127.0.0.1:1")
        .await
        .map(drop)
}

/// At most two reports are made at the same time, and the next one is refused.
#[bulkhead(2, name = "reports", operation = "stock.report")]
async fn report(mut is_over: watch::Receiver<bool>) -> io::Result<()> {
    let over = is_over.wait_for(|is_over| *is_over).await;
    over.map(drop).map_err(io::Error::other)
}

/// The number of reports of five that are refused, while all five are asked for at the same time.
async fn refused_reports() -> usize {
    let (end, is_over) = watch::channel(false);
    let mut reports = JoinSet::new();
    for _ in 0..5 {
        reports.spawn(report(is_over.clone()));
    }
    // All of them have been asked for when this task goes on.
    tokio::task::yield_now().await;
    end.send_replace(true);
    let ended = reports.join_all().await;
    let refused = ended.iter().filter(|report| report.is_err()).count();
    let stats = registry::bulkhead("reports").expect("the function has run");
    println!(
        "  {} of 5 reports admitted, {refused} refused, the limit is {}",
        5 - refused,
        stats.limit
    );
    refused
}

/// The number of attempts that one call makes.
async fn attempts() -> u32 {
    let mut attempts = 0;
    quote(&mut attempts).await.expect_err("nobody listens");
    attempts
}

/// The watch tells one of these for each content of the file.
#[derive(Debug)]
enum Told {
    Applied(Vec<String>),
    Refused(String),
}

fn told() -> (Subscription, Receiver<Told>) {
    let (send, receive) = mpsc::channel();
    let subscription = events::subscribe(move |event| {
        let told = match &event.kind {
            EventKind::ConfigApplied { changes, .. } => {
                Told::Applied(changes.iter().map(ToString::to_string).collect())
            }
            EventKind::ConfigRefused { report, .. } => Told::Refused((*report).to_owned()),
            _ => return,
        };
        let _ = send.send(told);
    });
    (subscription, receive)
}

/// Replaces the file as a whole, and waits until the watch has told of it.
fn write(path: &Path, text: &str, told: &Receiver<Told>) -> Told {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("the folder is writable");
    fs::rename(&new, path).expect("the folder is writable");
    let told = told
        .recv_timeout(Duration::from_secs(30))
        .expect("the watch tells of it");
    match &told {
        Told::Applied(changes) => println!("applied: {}", changes.join(", ")),
        Told::Refused(report) => println!("refused:\n{report}"),
    }
    told
}

/// Shows the value of a setting and where it comes from.
fn show(policy: &str, name: &str) -> String {
    let settings = config::describe("stock.quote");
    let shared = ["stock", "reports"].map(config::describe);
    let mut settings = settings.into_iter().chain(shared.into_iter().flatten());
    let is_it =
        |setting: &resilience::ResolvedSetting| setting.policy == policy && setting.setting == name;
    let setting = settings.find(is_it).expect("the function has run");
    let source = match &setting.source {
        Source::File { path, line } => format!("line {line} of {path}"),
        Source::Attribute { line, .. } => format!("the attribute in line {line}"),
        other => format!("{other:?}"),
    };
    println!("  {policy}: {name} = {}, from {source}", setting.value);
    setting.value
}

/// Changes the limit of the bulkhead, up and down, while a report runs.
async fn limiter(path: &Path, told: &Receiver<Told>) {
    println!("\nReports are limited by the attribute.");
    assert_eq!(refused_reports().await, 3);
    assert_eq!(show("bulkhead", "max_concurrent"), "2");

    println!("\nThere is room for more of them.");
    write(path, "[bulkhead.reports]\nmax_concurrent = 4\n", told);
    assert_eq!(refused_reports().await, 1);
    assert_eq!(show("bulkhead", "max_concurrent"), "4");

    println!(
        "\nThere is room for one. The two that run go on, and others are refused until they end."
    );
    let (end, is_over) = watch::channel(false);
    let running = [(); 2].map(|()| tokio::spawn(report(is_over.clone())));
    tokio::task::yield_now().await;
    write(path, "[bulkhead.reports]\nmax_concurrent = 1\n", told);
    assert_eq!(refused_reports().await, 5);
    end.send_replace(true);
    for report in running {
        report.await.expect("no panic").expect("it was admitted");
    }
    assert_eq!(refused_reports().await, 4);

    println!("\nNobody is refused while the team looks at it: the refusals are counted alone.");
    write(
        path,
        "[bulkhead.reports]\nmax_concurrent = 1\nenforce = false\n",
        told,
    );
    assert_eq!(refused_reports().await, 0);
    let stats = registry::bulkhead("reports").expect("the function has run");
    println!("  would have refused {}", stats.would_refuse);
    assert_eq!(stats.would_refuse, 4);

    println!("\nThe section is gone, and the attribute decides again.");
    write(path, "# nothing\n", told);
    assert_eq!(refused_reports().await, 3);
    assert_eq!(show("bulkhead", "max_concurrent"), "2");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder for the file");
    let path = folder.path().join("resilience.toml");
    fs::write(&path, "# nothing yet\n").expect("the folder is writable");
    let (_subscription, told) = told();
    let watch = config::watch(&path, Duration::from_millis(20)).expect("the file has no fault");
    told.recv().expect("the first content is told, too");

    println!("The file is empty: the attributes decide.");
    assert_eq!(attempts().await, 2);
    assert_eq!(show("retry", "max_retries"), "1");

    println!("\nThe service is down, so it is asked more often.");
    let more = "[retry.\"stock.quote\"]\nmax_retries = 4\nbase_delay = \"2ms\"\n";
    write(&path, more, &told);
    assert_eq!(attempts().await, 5);
    assert_eq!(show("retry", "max_retries"), "4");

    println!("\nA hand slips. Nothing changes, and the report says what is wrong.");
    let broken = "[retry.\"stock.quote\"]\nmax_retires = 9\nbase_delay = 2ms\n";
    let Told::Refused(report) = write(&path, broken, &told) else {
        panic!("the file has two faults")
    };
    assert!(report.contains("did you mean `max_retries = 3`?"));
    assert_eq!(attempts().await, 5);
    assert_eq!(show("retry", "max_retries"), "4");

    println!(
        "\nIt is mended: the retries end, and the circuit opens by the failures that it has counted."
    );
    let mended = "[retry.\"stock.quote\"]\nenabled = false\n[circuit_breaker.stock]\nfailure_threshold = 13\n";
    write(&path, mended, &told);
    assert_eq!(attempts().await, 1);
    let circuit = registry::get("stock").expect("the function has run");
    assert_eq!(circuit.stats().failure_count, 13);
    assert_eq!(circuit.state(), CircuitState::Open);
    assert_eq!(attempts().await, 0, "the circuit refuses");
    assert_eq!(show("circuit_breaker", "failure_threshold"), "13");

    println!("\nThe circuit must not refuse while the team looks at it: it goes on to count.");
    let observed = format!("{mended}enforce = false\n");
    write(&path, &observed, &told);
    assert_eq!(attempts().await, 1);
    let stats = circuit.stats();
    println!(
        "  would have refused {}, state {}",
        stats.would_refuse, stats.computed_state
    );
    assert_eq!(
        (stats.would_refuse, stats.computed_state),
        (1, CircuitState::Open)
    );

    limiter(&path, &told).await;

    println!("\nThe watch ends with its handle.");
    let start = Instant::now();
    drop(watch);
    assert!(start.elapsed() < Duration::from_secs(5));
    fs::write(&path, "# nobody reads this\n").expect("the folder is writable");
    assert!(told.recv_timeout(Duration::from_millis(200)).is_err());
}
