//! A fallback that the file takes away lets errors pass.

use std::io::{self, ErrorKind};

use resilience::{Source, config, fallback, registry};
use resilience_config_tests::{Turn, setting};

#[fallback(|_| Ok("cached"), operation = "fallbacks.plain")]
fn plain() -> io::Result<&'static str> {
    Err(ErrorKind::Other.into())
}

#[fallback(|_| Ok("cached"), on(io::Error { .. }), operation = "fallbacks.later")]
async fn later() -> io::Result<&'static str> {
    Err(ErrorKind::Other.into())
}

#[test]
fn a_fallback_that_is_not_enabled_returns_the_error_and_counts_nothing() {
    let turn = Turn::begin();
    assert_eq!(plain().expect("answered"), "cached");
    let uses = || {
        registry::operation("fallbacks.plain")
            .expect("it ran")
            .fallbacks
    };
    let before = uses();
    turn.set("[fallback.\"fallbacks.plain\"]\nenabled = false");
    assert_eq!(plain().expect_err("not answered").kind(), ErrorKind::Other);
    assert_eq!(uses(), before);
    let (value, source) = setting("fallbacks.plain", "fallback", "enabled");
    let path = "apply".to_owned();
    assert_eq!(
        (value.as_str(), source),
        ("false", Source::File { path, line: 2 })
    );
    turn.set("[default.fallback]\nenabled = false\n[fallback.\"fallbacks.plain\"]\nenabled = true");
    assert_eq!(plain().expect("answered again"), "cached");
    turn.set("");
    assert_eq!(plain().expect("answered"), "cached");
    assert_eq!(uses(), before + 2);
}

#[tokio::test]
async fn a_fallback_that_runs_later_takes_its_section() {
    let turn = Turn::begin();
    turn.set("[default.fallback]\nenabled = false");
    later().await.expect_err("not answered");
    assert_eq!(config::unused(), [""; 0]);
    turn.set("");
    later().await.expect("answered");
}
