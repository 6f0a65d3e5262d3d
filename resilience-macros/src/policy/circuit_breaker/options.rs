//! The options of `#[circuit_breaker]`, one row each. The tables of guide and rustdoc are written
//! from the rows.

use crate::language::shared::rules::NumberRule;
use crate::language::table::{Kind, OptionSpec, Role, Zero};
use crate::policy::keys::{idle, key, max_keys};
use crate::policy::spec::{CRATE, operation};

const RATE: NumberRule = NumberRule::Share {
    allows_zero: false,
    reason: ", because it is a share of the calls",
};

const MULTIPLIER: NumberRule = NumberRule::AtLeastOne {
    reason: ", because the open time does not shrink from one opening to the next",
};

const JITTER: NumberRule = NumberRule::Share {
    allows_zero: true,
    reason: ", because it is a share of the open time",
};

pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "name",
        kind: Kind::Text {
            hint: "; a circuit that is chosen at run time is `key = …`, a circuit for each key, or `breaker = …`, a `&CircuitBreaker`",
        },
        role: Role::Own,
        example: "name = \"jira\"",
        default: "module path and function name",
        meaning: "the circuit's name; functions with the same name share one circuit, sync and async alike",
    },
    key(
        "a circuit for each key, all with this name and configuration: any value with `Display`, taken by reference, evaluated once per call; the text is the key",
    ),
    max_keys(
        "with `key` only: the largest number of circuits; a new key beyond it takes the place of an idle one that equals a new circuit, or shares the circuit `name{*}`",
    ),
    idle("with `key` only: how long after its last call a circuit is kept"),
    OptionSpec {
        name: "failure_threshold",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "failure_threshold = 5",
        default: "`5`",
        meaning: "open when this many failures lie within the window",
    },
    OptionSpec {
        name: "failure_window",
        kind: Kind::Duration(Zero::Refused { instead: "" }),
        role: Role::Setting,
        example: "failure_window = 60s",
        default: "`60s`",
        meaning: "how long a failure counts; the window slides",
    },
    OptionSpec {
        name: "failure_rate",
        kind: Kind::Number(RATE),
        role: Role::Setting,
        example: "failure_rate = 0.5",
        default: "none",
        meaning: "instead of the threshold: open when this share of the calls in the window failed, or more",
    },
    OptionSpec {
        name: "consecutive_failures",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "consecutive_failures = 5",
        default: "none",
        meaning: "instead of the threshold: open when this many calls in a row failed, whatever the time between them; a success clears the count",
    },
    OptionSpec {
        name: "window_calls",
        kind: Kind::CountTo(1024),
        role: Role::Setting,
        example: "window_calls = 100",
        default: "none",
        meaning: "the window of `failure_rate` and `slow_rate` is the last calls, this many and at most 1024, instead of `failure_window`",
    },
    OptionSpec {
        name: "minimum_calls",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "minimum_calls = 20",
        default: "`20`, or `window_calls` if that is less",
        meaning: "with `failure_rate` or `slow_rate` only: how many calls must lie in the window before the rate counts",
    },
    OptionSpec {
        name: "recovery_timeout",
        kind: Kind::Duration(Zero::Refused { instead: "" }),
        role: Role::Setting,
        example: "recovery_timeout = 30s",
        default: "`30s`",
        meaning: "how long an open circuit refuses; the next call after that is a probe",
    },
    OptionSpec {
        name: "recovery_multiplier",
        kind: Kind::Number(MULTIPLIER),
        role: Role::Setting,
        example: "recovery_multiplier = 2.0",
        default: "`1.0`",
        meaning: "each opening from half-open makes the open time longer by this factor; closing begins anew with `recovery_timeout`",
    },
    OptionSpec {
        name: "max_recovery_timeout",
        kind: Kind::Duration(Zero::Refused { instead: "" }),
        role: Role::Setting,
        example: "max_recovery_timeout = 10m",
        default: "`10m`, or `recovery_timeout` if that is longer",
        meaning: "the longest open time, for one that grows and for a `recovery_hint`",
    },
    OptionSpec {
        name: "recovery_jitter",
        kind: Kind::Number(JITTER),
        role: Role::Setting,
        example: "recovery_jitter = 0.1",
        default: "`0.0`",
        meaning: "adds up to this share of the open time to it, at random, so that replicas do not probe at the same moment; above `max_recovery_timeout`, too",
    },
    OptionSpec {
        name: "recovery_hint",
        kind: Kind::Function,
        role: Role::Own,
        example: "recovery_hint = |error| error.retry_after()",
        default: "none",
        meaning: "`fn(&E) -> Option<Duration>`: the error that opens the circuit may say for how long, from `recovery_timeout` to `max_recovery_timeout`; each failure is asked",
    },
    OptionSpec {
        name: "success_threshold",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "success_threshold = 2",
        default: "`2`",
        meaning: "how many probes in a row must succeed to close the circuit; one failure opens it again",
    },
    OptionSpec {
        name: "half_open_max_calls",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "half_open_max_calls = 1",
        default: "`1`",
        meaning: "how many probes may run at the same time; other calls are refused",
    },
    OptionSpec {
        name: "slow_call",
        kind: Kind::Duration(Zero::Refused { instead: "" }),
        role: Role::Setting,
        example: "slow_call = 2s",
        default: "none",
        meaning: "a call that takes longer counts as a failure, whatever it returned",
    },
    OptionSpec {
        name: "slow_rate",
        kind: Kind::Number(RATE),
        role: Role::Setting,
        example: "slow_rate = 0.5",
        default: "none",
        meaning: "beside any criterion of failures: open when this share of the calls in the window took longer than `slow_call`, or more; a slow call is then no failure by itself",
    },
    OptionSpec {
        name: "failure_on",
        kind: Kind::Pattern,
        role: Role::Filter,
        example: "failure_on(ApiError::Server(_))",
        default: "every error",
        meaning: "only errors that match are failures; any other is a success, because the service answered. A refusal that matches is a failure, too",
    },
    OptionSpec {
        name: "failure_if",
        kind: Kind::Function,
        role: Role::Filter,
        example: "failure_if = |error| error.is_server_error()",
        default: "none",
        meaning: "`fn(&E) -> bool`: only errors that it accepts are failures; beside `failure_on` both must agree",
    },
    OptionSpec {
        name: "failure_if_ok",
        kind: Kind::Function,
        role: Role::Filter,
        example: "failure_if_ok = |answer| answer.is_stale()",
        default: "none",
        meaning: "`fn(&T) -> bool`: an `Ok` that is a failure",
    },
    OptionSpec {
        name: "ignore",
        kind: Kind::Pattern,
        role: Role::Filter,
        example: "ignore(ApiError::NotFound)",
        default: "none",
        meaning: "errors that count as nothing; wins over the other filters",
    },
    OptionSpec {
        name: "fallback",
        kind: Kind::Function,
        role: Role::Own,
        example: "fallback = cached_answer",
        default: "none",
        meaning: "answers when the circuit refuses: a path is called as `f(&CircuitOpen, self, arguments…)`, owned arguments by reference; a closure takes `\\|open\\|` and may use the arguments. Returns what the function returns, or, for an async function, a future of it",
    },
    OptionSpec {
        name: "error",
        kind: Kind::Error,
        role: Role::Own,
        example: "error = ApiError::CircuitOpen",
        default: "`From`",
        meaning: "makes the error of a refusal: a function or closure of `CircuitOpen`, a variant, or a value; not beside `fallback`; while the circuit is open, a `retry_on` above it is matched with such an error beforehand",
    },
    OptionSpec {
        name: "breaker",
        kind: Kind::Value,
        role: Role::Own,
        example: "breaker = &self.breaker",
        default: "none",
        meaning: "an existing `&CircuitBreaker`, instead of a name and its settings",
    },
    OptionSpec {
        name: "config",
        kind: Kind::Value,
        role: Role::Own,
        example: "config = BREAKER",
        default: "none",
        meaning: "a `CircuitBreakerConfig` to start from",
    },
    operation("operation = \"jira.issue\""),
    CRATE,
];
