//! The names of sections: unused ones are listed, and others than the expected ones are errors.

use std::io;

use resilience::{config, retry};
use resilience_config_tests::Turn;

#[retry(operation = "names.used")]
fn used() -> io::Result<()> {
    Ok(())
}

#[test]
fn a_section_is_unused_until_its_function_runs() {
    let turn = Turn::begin();
    turn.set(
        "[retry.\"names.used\"]\nmax_retries = 1\n[circuit_breaker.\"names.none\"]\nenforce = true",
    );
    assert_eq!(config::unused(), ["names.none", "names.used"]);
    used().expect("it runs");
    assert_eq!(config::unused(), ["names.none"]);
    resilience::registry::get_or_register("names.none", resilience::CircuitBreakerConfig::new());
    assert_eq!(config::unused(), [""; 0]);
}
