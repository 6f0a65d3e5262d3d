//! The options of `#[retry]`, one row each. The tables of guide and rustdoc are written from the
//! rows.

use crate::language::shared::rules::NumberRule;
use crate::language::table::{Kind, OptionSpec, Role, Zero};
use crate::policy::spec::{CRATE, operation};

const STRATEGY: &[(&str, &str)] = &[
    ("exponential", "Strategy::Exponential"),
    ("linear", "Strategy::Linear"),
    ("constant", "Strategy::Constant"),
];

const JITTER: &[(&str, &str)] = &[
    ("full", "Jitter::Full"),
    ("equal", "Jitter::Equal"),
    ("decorrelated", "Jitter::Decorrelated"),
    ("none", "Jitter::None"),
    // Messages do not name these two, because the words above say more.
    ("true", "Jitter::Full"),
    ("false", "Jitter::None"),
];

const MULTIPLIER: NumberRule = NumberRule::AtLeastOne {
    reason: ", because delays do not shrink from one retry to the next",
};

pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "max_retries",
        kind: Kind::Count {
            at_least: 0,
            hint: "; `u32::MAX` never gives up",
        },
        role: Role::Setting,
        example: "max_retries = 3",
        default: "`3`",
        meaning: "how many calls may follow the first one; `0` calls once",
    },
    OptionSpec {
        name: "max_attempts",
        kind: Kind::Count {
            at_least: 1,
            hint: ": it counts the first call too, so 1 never retries",
        },
        role: Role::Setting,
        example: "max_attempts = 4",
        default: "–",
        meaning: "the same, with the first call counted in; giving both is an error",
    },
    OptionSpec {
        name: "strategy",
        kind: Kind::Word(STRATEGY),
        role: Role::Setting,
        example: "strategy = exponential",
        default: "`exponential`",
        meaning: "the delay before retry n: `exponential` is base · multiplierⁿ⁻¹, `linear` is base · n, `constant` is base",
    },
    OptionSpec {
        name: "base_delay",
        kind: Kind::Duration(Zero::Allowed),
        role: Role::Setting,
        example: "base_delay = 1s",
        default: "`1s`",
        meaning: "the delay that the strategy starts from; `0s` waits for nothing, not even a timer, but an async function gives way to other tasks before each 32nd attempt",
    },
    OptionSpec {
        name: "max_delay",
        kind: Kind::Duration(Zero::Allowed),
        role: Role::Setting,
        example: "max_delay = 60s",
        default: "`60s`, or `base_delay` if that is longer",
        meaning: "the longest delay: it caps a computed `base_delay`, the delay of the strategy and the delay that jitter draws; a longer `delay_hint` ends the retries",
    },
    OptionSpec {
        name: "multiplier",
        kind: Kind::Number(MULTIPLIER),
        role: Role::Setting,
        example: "multiplier = 2.0",
        default: "`2.0`",
        meaning: "how fast `exponential` grows; at least 1",
    },
    OptionSpec {
        name: "jitter",
        kind: Kind::Word(JITTER),
        role: Role::Setting,
        example: "jitter = full",
        default: "`full`",
        meaning: "the share of chance in a delay d: `full` draws from [0, d], `equal` from [d/2, d], `decorrelated` from [base, 3 · previous], `none` is d itself; `true` and `false` mean `full` and `none`",
    },
    OptionSpec {
        name: "max_elapsed",
        kind: Kind::Duration(Zero::Refused {
            instead: "for a single attempt set `max_retries = 0`",
        }),
        role: Role::Setting,
        example: "max_elapsed = 2m",
        default: "none",
        meaning: "stop when the time spent plus the next delay would reach it; the wait is not begun, and a running attempt is not cut short",
    },
    OptionSpec {
        name: "retry_on",
        kind: Kind::Pattern,
        role: Role::Filter,
        example: "retry_on(ApiError::Busy | ApiError::Io(_))",
        default: "every error",
        meaning: "retry only errors that match; a refusal that matches is retried, too",
    },
    OptionSpec {
        name: "abort_on",
        kind: Kind::Pattern,
        role: Role::Filter,
        example: "abort_on(ApiError::NotFound)",
        default: "none",
        meaning: "never retry errors that match; wins over the other filters",
    },
    OptionSpec {
        name: "retry_if",
        kind: Kind::Function,
        role: Role::Filter,
        example: "retry_if = |error| error.is_transient()",
        default: "none",
        meaning: "`fn(&E) -> bool`: retry only errors that it accepts; beside `retry_on` both must agree; it does not decide over refusals",
    },
    OptionSpec {
        name: "retry_if_ok",
        kind: Kind::Function,
        role: Role::Filter,
        example: "retry_if_ok = |job| !job.is_done()",
        default: "none",
        meaning: "`fn(&T) -> bool`: an `Ok` to try again, such as \"not ready yet\"; when attempts run out the last one is returned",
    },
    OptionSpec {
        name: "delay_hint",
        kind: Kind::Function,
        role: Role::Filter,
        example: "delay_hint = |error| error.retry_after()",
        default: "none",
        meaning: "`fn(&E) -> impl Into<RetryHint>`, such as an `Option<Duration>`: how long the server asked to wait, as in `Retry-After`; replaces the computed delay, and jitter adds up to a tenth; `RetryHint::Never` or a time that cannot be kept ends the retries",
    },
    OptionSpec {
        name: "on_retry",
        kind: Kind::Function,
        role: Role::Filter,
        example: "on_retry = |event| METRICS.count(event.attempt)",
        default: "none",
        meaning: "`fn(&RetryEvent<'_, T, E>)`: called before each wait",
    },
    OptionSpec {
        name: "retry_refused",
        kind: Kind::Flag,
        role: Role::Setting,
        example: "retry_refused = true",
        default: "`false`",
        meaning: "retry refusals too: the errors of an open circuit, of this function or of another one that the body calls",
    },
    OptionSpec {
        name: "budget",
        kind: Kind::Value,
        role: Role::Own,
        example: "budget = \"jira\"",
        default: "none",
        meaning: "limits the retries of all calls together: the process-wide budget of that name, `0.2` for a budget of the function alone that allows so many retries per call, or a `&'static RetryBudget`",
    },
    OptionSpec {
        name: "attempt",
        kind: Kind::Name {
            hint: "; the number of attempts is `max_attempts`",
        },
        role: Role::Own,
        example: "attempt = n",
        default: "none",
        meaning: "the body has a variable of this name, an `Attempt`: its number from 1, whether it is the first or the last one, and the number of attempts",
    },
    OptionSpec {
        name: "span",
        kind: Kind::Switch,
        role: Role::Own,
        example: "span = true",
        default: "`false`",
        meaning: "each attempt is a `tracing` span `attempt` under the target `resilience`, with `operation`, `attempt`, `otel.kind`, `otel.status_code` and `error.type`; all that the attempt logs lies in it",
    },
    OptionSpec {
        name: "clone",
        kind: Kind::Arguments,
        role: Role::Own,
        example: "clone(text, request)",
        default: "none",
        meaning: "the body may consume these arguments: every attempt that another one may follow gets a clone, the last one that can be made the original; `clone(..)` means every owned argument that is `Clone`, `self` included",
    },
    OptionSpec {
        name: "config",
        kind: Kind::Value,
        role: Role::Own,
        example: "config = RETRY",
        default: "none",
        meaning: "a `RetryConfig` to start from",
    },
    operation("operation = \"jira.issue\""),
    CRATE,
];
