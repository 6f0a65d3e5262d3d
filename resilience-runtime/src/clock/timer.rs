//! The creation of tokio timers, with a panic that names the operation where tokio's timer is
//! missing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::time::Sleep;

/// Creates a timer by `create`.
///
/// # Panics
///
/// If there is no tokio runtime, or its timer is disabled. tokio's own panic comes first, with its
/// own words and a place in this crate, because only tokio's feature `rt` has a way to ask
/// beforehand (`Handle::try_current`), and users of sync functions would have to build it, too. The
/// second panic names the operation and unwinds.
pub(crate) fn create_timer(operation: Option<&str>, create: impl FnOnce() -> Sleep) -> Sleep {
    // Nothing is left half done: `create` either returns a timer or has made none.
    match catch_unwind(AssertUnwindSafe(create)) {
        Ok(timer) => timer,
        Err(_) => timer_is_missing(operation.unwrap_or("operation")),
    }
}

#[cold]
fn timer_is_missing(operation: &str) -> ! {
    panic!(
        "`{operation}` needs a tokio runtime with its timer enabled: call it inside of a runtime that was built by \
         `#[tokio::main]`, or by a `Builder` with `enable_time()` or `enable_all()`"
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{runtime, time::sleep};

    use super::*;

    fn panic_text(create: impl FnOnce() -> Sleep) -> String {
        let panic = catch_unwind(AssertUnwindSafe(|| {
            drop(create_timer(Some("load"), create));
        }));
        let payload = panic.expect_err("there is no timer");
        payload.downcast_ref::<String>().expect("a text").clone()
    }

    #[test]
    fn without_a_runtime_the_panic_names_the_operation() {
        let text = panic_text(|| sleep(Duration::from_secs(1)));
        assert!(text.starts_with("`load` needs a tokio runtime with its timer enabled"));
    }

    #[test]
    fn in_a_runtime_without_timer_the_panic_names_the_operation() {
        let without_timer = runtime::Builder::new_current_thread().build().unwrap();
        let text = without_timer.block_on(async { panic_text(|| sleep(Duration::from_secs(1))) });
        assert!(text.starts_with("`load` needs a tokio runtime with its timer enabled"));
    }

    #[tokio::test]
    async fn in_a_runtime_with_timer_there_is_one() {
        assert!(!create_timer(None, || sleep(Duration::from_secs(3600))).is_elapsed());
    }
}
