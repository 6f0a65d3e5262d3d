//! The attributes through a third crate: this one does not depend on the runtime.

use environment_facade::deep::resilience::{
    bulkhead, circuit_breaker, fallback, hedge, rate_limit, retry, timeout,
};

/// All of them but the hedge.
///
/// # Errors
///
/// Never.
#[fallback(|_| Ok(*calls + 10), crate = environment_facade::deep::resilience)]
#[retry(max_retries = 1, base_delay = 1s, crate = environment_facade::deep::resilience)]
#[circuit_breaker(name = "behind_facade")]
#[timeout(5s)]
#[rate_limit(1000, per = 1s, key = "tenant")]
#[bulkhead(5, key = "tenant")]
pub async fn fetch(calls: &mut u32) -> std::io::Result<u32> {
    *calls += 1;
    if *calls < 3 {
        Err(std::io::Error::other("busy"))
    } else {
        Ok(*calls)
    }
}

/// The hedge, whose attempts cannot share the argument of [`fetch`].
///
/// # Errors
///
/// If the text is no number.
#[hedge(after = 1s, budget = 0.1, crate = environment_facade::deep::resilience)]
pub async fn parse(text: &str) -> std::io::Result<u32> {
    text.parse().map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    #[tokio::test(start_paused = true)]
    async fn a_reexport_works() {
        assert_eq!(super::fetch(&mut 0).await.ok(), Some(12));
        assert_eq!(super::parse("7").await.ok(), Some(7));
    }
}
