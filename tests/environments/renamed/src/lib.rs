//! The runtime under another name, which `crate =` says.

/// All of them but the hedge.
///
/// # Errors
///
/// Never.
#[stamina::fallback(|_| Ok(*calls + 10), crate = stamina)]
#[stamina::retry(max_retries = 1, base_delay = 1s, crate = stamina)]
#[stamina::circuit_breaker(crate = stamina)]
#[stamina::timeout(5s, crate = ::stamina)]
#[stamina::rate_limit(1000, per = 1s, crate = stamina)]
#[stamina::bulkhead(5, crate = stamina)]
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
#[stamina::hedge(after = 1s, budget = 0.1, crate = stamina)]
pub async fn parse(text: &str) -> std::io::Result<u32> {
    text.parse().map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    #[tokio::test(start_paused = true)]
    async fn a_renamed_dependency_works() {
        assert_eq!(super::fetch(&mut 0).await.ok(), Some(12));
        assert_eq!(super::parse("7").await.ok(), Some(7));
    }
}
