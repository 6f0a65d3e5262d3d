//! The values of options.

use std::{
    cell::Cell,
    io,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use resilience::{RetryConfig, TimeoutConfig, retry, timeout};

#[test]
fn a_method_of_a_constant_was_taken_for_constant() {
    struct Settings;
    impl Settings {
        fn retries(&self) -> u32 {
            2
        }
    }
    static SETTINGS: LazyLock<Settings> = LazyLock::new(|| Settings);
    const BASE: Duration = Duration::from_micros(2);
    static CALLS: AtomicU32 = AtomicU32::new(0);
    #[retry(max_retries = SETTINGS.retries(), base_delay = BASE.mul_f64(0.5))]
    fn fetch() -> io::Result<()> {
        CALLS.fetch_add(1, SeqCst);
        Err(io::Error::other("busy"))
    }
    fetch().unwrap_err();
    assert_eq!(CALLS.load(SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_used_up_limit_panicked_beside_a_config() {
    const CONFIG: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(5));
    #[timeout(left, config = CONFIG)]
    async fn fetch(left: Duration) -> io::Result<()> {
        std::future::pending().await
    }
    assert_eq!(
        fetch(Duration::ZERO).await.unwrap_err().kind(),
        io::ErrorKind::TimedOut
    );
}

#[tokio::test(start_paused = true)]
async fn a_stateful_filter_lost_a_token_after_the_last_attempt() {
    #[retry(max_retries = 2, retry_if = |_| take(tokens), on_retry = |_| told.set(told.get() + 1))]
    async fn call(tokens: &Cell<u32>, told: &Cell<u32>) -> io::Result<()> {
        Err(io::Error::other("busy"))
    }
    fn take(tokens: &Cell<u32>) -> bool {
        tokens.set(tokens.get() - 1);
        true
    }
    let (tokens, told) = (Cell::new(10), Cell::new(0));
    call(&tokens, &told).await.unwrap_err();
    assert_eq!((tokens.get(), told.get()), (8, 2));
}

/// Its futures borrow from the closure. A lock lends the connection to one attempt after the other.
#[tokio::test(start_paused = true)]
async fn a_closure_that_changes_what_it_captures_was_not_taken() {
    struct Connection(u32);
    impl Connection {
        async fn ping(&mut self) -> Result<u32, &'static str> {
            self.0 += 1;
            if self.0 < 3 { Err("busy") } else { Ok(self.0) }
        }
        #[retry]
        async fn ping_again(&mut self) -> Result<u32, &'static str> {
            self.ping().await
        }
    }
    let mut connection = Connection(0);
    let lent = tokio::sync::Mutex::new(&mut connection);
    let config = RetryConfig::new();
    let pinged = config.run_async(|| async { lent.lock().await.ping().await });
    assert_eq!(pinged.await, Ok(3));
    assert_eq!(Connection(0).ping_again().await, Ok(3));
}
