//! `expect` holds for the process, so this test is a process of its own.

use resilience::config;
use resilience_config_tests::golden;

#[test]
fn another_name_than_the_expected_ones_is_an_error_from_now_on() {
    config::apply("[retry.jira]\nmax_retries = 1\n[retry.jria]\nmax_retries = 1")
        .expect("any name");
    let errors =
        config::expect(&["jira", "orders::jira::issue"]).expect_err("it judges the present");
    let [fault] = errors.faults() else {
        panic!("one fault, not {errors}")
    };
    assert_eq!(
        fault.message,
        "no section `jria` is expected; did you mean `jira`?"
    );
    assert_eq!((fault.line, fault.column), (3, 8));
    golden("names/misspelt", &errors.to_string()).expect("the golden");
    assert_eq!(fault.nearest.as_deref(), Some("jira"));
    let errors = config::apply("[timeout.other]\nlimit = \"5s\"").expect_err("another name");
    golden("names/unknown", &errors.to_string()).expect("the golden");
    config::apply("[timeout.\"orders::jira::issue\"]\nlimit = \"5s\"").expect("an expected name");
}
