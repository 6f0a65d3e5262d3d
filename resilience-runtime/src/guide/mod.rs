//! The guide: one page for each question.
//!
//! The pages belong to the documentation alone and cost a build nothing. Their examples are
//! doctests.
//!
//! | I want to | page |
//! |---|---|
//! | see all options and their defaults | [`options`] |
//! | choose the numbers | [`choosing_numbers`] |
//! | choose the order of the attributes | [`ordering`] |
//! | decide which errors are retried | [`what_to_retry`] |
//! | know which error my caller gets | [`errors`] |
//! | keep retries from making an outage worse | [`budgets`] |
//! | stop work that nobody waits for | [`deadlines`] |
//! | have a circuit for each host or tenant | [`circuits_per_key`] |
//! | run the service in many replicas | [`many_replicas`] |
//! | limit the calls that run at the same time | [`bulkhead`] |
//! | limit the calls in a time | [`rate_limit`] |
//! | answer while the service is down | [`fallback`] |
//! | cut the slowest calls short with a second attempt | [`hedge`] |
//! | annotate a sync function | [`sync_functions`] |
//! | guard code that has no function of mine | [`without_attributes`] |
//! | annotate a call of reqwest, sqlx, tonic, a language model or a queue | [`cookbook`] |
//! | read what happened | [`reading_the_statistics`], [`logs_and_events`] |
//! | be told when something is wrong | [`alerts`] |
//! | act on an open circuit | [`runbook`] |
//! | change numbers without a deployment | [`configuration`] |
//! | test a function with attributes | [`testing`] |
//! | avoid what others ran into | [`common_mistakes`], [`limits`] |
//! | decide for this library or another one | [`comparison`] |
//! | move an existing program | [`from_python`], [`from_resilience4j`], [`from_tower_resilience`], [`from_backon`], [`from_failsafe`] |

pub mod alerts {
    #![doc = include_str!("alerts.md")]
}

pub mod budgets {
    #![doc = include_str!("budgets.md")]
}

pub mod bulkhead {
    #![doc = include_str!("bulkhead.md")]
}

pub mod choosing_numbers {
    #![doc = include_str!("choosing_numbers.md")]
}

pub mod circuits_per_key {
    #![doc = include_str!("circuits_per_key.md")]
}

pub mod common_mistakes {
    #![doc = include_str!("common_mistakes.md")]
}

pub mod comparison {
    #![doc = include_str!("comparison.md")]
}

pub mod configuration {
    #![doc = include_str!("configuration.md")]
}

pub mod cookbook {
    #![doc = include_str!("cookbook.md")]
}

pub mod deadlines {
    #![doc = include_str!("deadlines.md")]
}

pub mod errors {
    #![doc = include_str!("errors.md")]
}

pub mod fallback {
    #![doc = include_str!("fallback.md")]
}

pub mod from_backon {
    #![doc = include_str!("from_backon.md")]
}

pub mod from_failsafe {
    #![doc = include_str!("from_failsafe.md")]
}

pub mod from_python {
    #![doc = include_str!("from_python.md")]
}

pub mod from_resilience4j {
    #![doc = include_str!("from_resilience4j.md")]
}

pub mod from_tower_resilience {
    #![doc = include_str!("from_tower_resilience.md")]
}

pub mod hedge {
    #![doc = include_str!("hedge.md")]
}

pub mod limits {
    #![doc = include_str!("limits.md")]
}

pub mod logs_and_events {
    #![doc = include_str!("logs_and_events.md")]
}

pub mod many_replicas {
    #![doc = include_str!("many_replicas.md")]
}

pub mod options {
    #![doc = include_str!("options.md")]
}

pub mod ordering {
    #![doc = include_str!("ordering.md")]
}

pub mod rate_limit {
    #![doc = include_str!("rate_limit.md")]
}

pub mod reading_the_statistics {
    #![doc = include_str!("reading_the_statistics.md")]
}

pub mod runbook {
    #![doc = include_str!("runbook.md")]
}

pub mod sync_functions {
    #![doc = include_str!("sync_functions.md")]
}

pub mod testing {
    #![doc = include_str!("testing.md")]
}

pub mod what_to_retry {
    #![doc = include_str!("what_to_retry.md")]
}

pub mod without_attributes {
    #![doc = include_str!("without_attributes.md")]
}
