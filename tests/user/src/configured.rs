//! The configuration file of feature `config`.

use resilience::registry;

use crate::circuits::CIRCUIT;

pub(crate) fn run() {
    use resilience::config;

    let errors = config::apply("[timeout.\"user.wait\"]\nlimit = 5").expect_err("no unit");
    assert_eq!((errors.faults()[0].line, errors.faults()[0].column), (2, 9));
    config::apply("[circuit_breaker.\"user configured\"]\nfailure_threshold = 2").expect("valid");
    let circuit = registry::get_or_register("user configured", CIRCUIT.failure_threshold(9));
    assert_eq!(circuit.config().get_failure_threshold(), Some(2));
}
