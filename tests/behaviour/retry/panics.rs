//! A panic is no error: it passes through.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use resilience::retry;

#[test]
fn a_panic_passes_through_unchanged_and_is_not_retried() {
    #[retry(base_delay = 0s)]
    fn call(calls: &Cell<u32>) -> Result<(), ()> {
        calls.set(calls.get() + 1);
        if calls.get() == 2 {
            panic_any(7_u8)
        } else {
            Err(())
        }
    }
    let calls = Cell::new(0);
    let payload = catch_unwind(AssertUnwindSafe(|| call(&calls))).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&7_u8));
    assert_eq!(calls.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_panic_passes_through_an_async_function_unchanged_and_is_not_retried() {
    #[retry]
    async fn call(calls: Arc<AtomicU32>) -> Result<(), ()> {
        let call = calls.fetch_add(1, Ordering::Relaxed) + 1;
        if call == 2 { panic_any(7_u8) } else { Err(()) }
    }
    let calls = Arc::new(AtomicU32::new(0));
    let payload = tokio::spawn(call(Arc::clone(&calls)))
        .await
        .unwrap_err()
        .into_panic();
    assert_eq!(payload.downcast_ref(), Some(&7_u8));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[test]
fn a_panic_of_a_filter_or_a_hook_passes_through_too() {
    #[retry(base_delay = 0s, retry_if = |_| panic_any("filter"))]
    fn filter() -> Result<(), u8> {
        Err(7)
    }
    #[retry(base_delay = 0s, on_retry = |_| panic_any("hook"))]
    fn hook() -> Result<(), ()> {
        Err(())
    }
    assert_eq!(
        catch_unwind(filter).unwrap_err().downcast_ref(),
        Some(&"filter")
    );
    assert_eq!(
        catch_unwind(hook).unwrap_err().downcast_ref(),
        Some(&"hook")
    );
}

#[test]
fn a_call_after_a_panic_begins_anew() {
    #[retry(max_retries = 1, base_delay = 0s)]
    fn call(panics: bool, calls: &Cell<u32>) -> Result<(), u32> {
        calls.set(calls.get() + 1);
        assert!(!panics, "on purpose");
        Err(calls.get())
    }
    let calls = Cell::new(0);
    assert!(catch_unwind(AssertUnwindSafe(|| call(true, &calls))).is_err());
    assert_eq!(call(false, &calls), Err(3));
}

#[test]
fn without_a_timer_the_panic_of_a_wait_names_the_function() {
    #[retry(base_delay = 1s, jitter = none)]
    async fn load() -> Result<(), ()> {
        Err(())
    }
    let without_timer = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let panic = catch_unwind(AssertUnwindSafe(|| without_timer.block_on(load())));
    let payload = panic.expect_err("there is no timer");
    let text = payload.downcast_ref::<String>().expect("a text");
    let expected = "panics::load` needs a tokio runtime with its timer enabled";
    assert!(text.contains(expected), "{text}");
}
