//! While someone types in an editor, the function is still defined, with the tokens that are there.

use proc_macro2::TokenStream;

use crate::policy::spec::Policy;
use crate::policy::{self, policies};

fn lex(source: &str) -> TokenStream {
    source
        .parse()
        .unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// The expansion without white space, because the printer chooses that.
fn expand(policy: &'static Policy, args: &str, item: &str) -> String {
    crate::attribute::expand(policy, lex(args), lex(item))
        .to_string()
        .replace([' ', '\n'], "")
}

#[test]
fn a_half_typed_body_is_carried_as_it_is() {
    for body in [
        "client.",
        "client.get(url).await?.",
        "let x = ;",
        "match url {",
        "if let Some(",
        "return",
        "x.. ; fn",
        "let y: =",
    ] {
        // An unclosed delimiter is closed by the editor before a macro sees it.
        let open = [('{', '}'), ('(', ')')]
            .iter()
            .filter(|(open, _)| body.contains(*open) && !body.contains("get("));
        let closers: String = open.map(|(_, close)| *close).collect();
        let item =
            format!("async fn fetch(url: &str) -> Result<String, Error> {{ {body}{closers} }}");
        for policy in policies() {
            let expanded = expand(policy, &super::required(policy, ""), &item);
            let kept = lex(&format!("{body}{closers}"))
                .to_string()
                .replace(' ', "");
            assert!(
                expanded.contains(&kept),
                "{policy}: `{kept}` is not in {expanded}"
            );
            assert!(
                expanded.starts_with("asyncfnfetch(url:&str)->Result<String,Error>{use"),
                "{expanded}"
            );
            assert!(!expanded.contains("compile_error"), "{expanded}");
        }
    }
}

#[test]
fn a_half_typed_argument_list_leaves_the_function_as_it_was() {
    let item = "fn fetch(url: String) -> Result<String, Error> { get(url) }";
    let untouched = lex(item).to_string().replace(' ', "");
    for (policy, args) in [
        (&policy::retry::RETRY, "max_"),
        (&policy::retry::RETRY, "max_retries"),
        (&policy::retry::RETRY, "max_retries ="),
        (&policy::retry::RETRY, "max_retries = , base_delay = 1s"),
        (&policy::retry::RETRY, "max_retries = 3,, base_delay = 1s"),
        (&policy::retry::RETRY, "retry_on()"),
        (&policy::retry::RETRY, "retry_on(Error::)"),
        (&policy::retry::RETRY, "retry_on(Error::Busy if)"),
        (&policy::retry::RETRY, "retry_if = |e| e."),
        (&policy::retry::RETRY, "max_retries = 3 base_delay = 1s"),
        (&policy::circuit_breaker::CIRCUIT_BREAKER, "name = "),
        (&policy::circuit_breaker::CIRCUIT_BREAKER, "fallback = |"),
        (&policy::circuit_breaker::CIRCUIT_BREAKER, "\"jira\""),
        (&policy::timeout::TIMEOUT, ""),
        (&policy::timeout::TIMEOUT, "5"),
        (&policy::timeout::TIMEOUT, "5s, error = "),
        (&policy::bulkhead::BULKHEAD, ""),
        (&policy::bulkhead::BULKHEAD, "25, max_wait = "),
        (&policy::rate_limit::RATE_LIMIT, "100"),
        (&policy::rate_limit::RATE_LIMIT, "100, per = "),
        (&policy::timeout::TIMEOUT, "limit"),
    ] {
        let expanded = expand(policy, args, item);
        if (policy.name(), args) == ("timeout", "limit") {
            // `limit` may be a variable, and only rustc knows.
            assert!(expanded.contains("Limit::new(limit)"), "{expanded}");
            continue;
        }
        assert!(expanded.starts_with(&untouched), "`{args}`: {expanded}");
        assert_eq!(
            expanded.matches("compile_error!").count(),
            1,
            "`{args}`: {expanded}"
        );
    }
}

#[test]
fn what_is_right_beside_what_is_wrong_is_still_read() {
    let item = "async fn fetch() -> Result<String, Error> { get().await }";
    let expanded = expand(
        &policy::retry::RETRY,
        "max_retrys = 3, base_delay = 5x, multiplier = 0.5",
        item,
    );
    assert_eq!(expanded.matches("compile_error!").count(), 3, "{expanded}");
}

#[test]
fn the_attributes_below_are_taken_off_whatever_is_wrong_above() {
    let item = "#[doc = \"kept\"] #[timeout(5s)] #[must_use] #[circuit_breaker] async fn fetch() -> Result<String, Error> { get().await }";
    for args in ["max_retries = 3", "max_retries = "] {
        let expanded = expand(&policy::retry::RETRY, args, item);
        assert!(
            expanded.starts_with("#[doc=\"kept\"]#[must_use]asyncfnfetch()"),
            "{expanded}"
        );
    }
}
