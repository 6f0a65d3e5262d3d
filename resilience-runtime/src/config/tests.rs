//! The configuration is one for the process, so the tests take turns.

use std::sync::{Mutex, MutexGuard, PoisonError};

static ALONE: Mutex<()> = Mutex::new(());

/// Lets one test at a time apply configurations.
pub(super) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

use super::apply;

#[test]
fn a_text_is_applied_as_a_whole_or_not_at_all() {
    let _alone = alone();
    let applied = apply("[retry.whole]\nmax_retries = 5\nbase_delay = \"250ms\"").expect("valid");
    let changes: Vec<_> = applied.changes.iter().map(ToString::to_string).collect();
    assert!(
        changes.contains(&"retry.whole.max_retries: none -> 5".to_owned()),
        "{changes:?}"
    );
    let errors =
        apply("[retry.whole]\nmax_retries = 6\nmax_attempts = 0\nbase_delay = 5s\n[retyr.x]\n")
            .unwrap_err();
    println!("{errors}");
    assert_eq!(errors.faults().len(), 3);
    let again = apply("[retry.whole]\nmax_retries = 5\nbase_delay = \"250ms\"").expect("valid");
    assert_eq!(again.changes, []);
}
