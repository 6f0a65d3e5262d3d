//! Functions that `macro_rules!` writes: fragments arrive in invisible groups.

use resilience::{bulkhead, circuit_breaker, fallback, hedge, rate_limit, retry, timeout};

macro_rules! endpoints {
    ($($(#[$attr:meta])* $vis:vis fn $name:ident($arg:ident: $argty:ty) -> $ty:ty, $limit:expr, $retries:literal, $pattern:pat, $body:block)*) => {
        $(
            $(#[$attr])*
            #[fallback(|error| { let _ = error; Ok(99) }, on($pattern))]
            #[retry(max_retries = $retries, base_delay = 0s, retry_on($pattern))]
            #[circuit_breaker(failure_threshold = $retries, fallback = |_| Ok(0))]
            #[timeout($limit)]
            #[rate_limit($retries, per = 1ns)]
            #[bulkhead($retries)]
            $vis async fn $name($arg: $argty) -> $ty $body
        )*
    };
}

endpoints! {
    /// Fails once.
    ///
    /// # Errors
    ///
    /// Once.
    pub fn first(calls: &mut u32) -> Result<u32, std::io::Error>, std::time::Duration::from_secs(5), 3, _, {
        *calls += 1;
        if *calls == 1 { Err(std::io::Error::other("busy")) } else { Ok(*calls) }
    }
    /// Never fails.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn r#match(r#type: u32) -> std::io::Result<u32>, 5s, 2, std::io::Error { .. }, { Ok(r#type) }
}

macro_rules! sync_stack {
    ($(#[$attr:meta])* $name:ident, $ty:ty, $limit:literal, $body:expr) => {
        $(#[$attr])*
        #[fallback(|_| $body)]
        #[retry(max_retries = 1, base_delay = $limit)]
        #[timeout(1h, mode = cooperative)]
        pub fn $name() -> $ty {
            $body
        }
    };
}

sync_stack!(
    /// Never fails.
    ///
    /// # Errors
    ///
    /// Never.
    constant, Result<u8, std::io::Error>, 0s, Ok(7));

macro_rules! answered {
    ($(#[$attr:meta])* $name:ident($number:ident), $ty:ty, $answer:expr, $body:block) => {
        $(#[$attr])*
        #[fallback($answer)]
        pub fn $name($number: u8) -> $ty $body
    };
}

answered!(
    /// Never fails.
    ///
    /// # Errors
    ///
    /// Never.
    by_closure(number), Result<u8, std::io::Error>, |_| Ok(1), { Err(std::io::Error::other(number.to_string())) });

answered!(
    /// Never fails.
    ///
    /// # Errors
    ///
    /// Never.
    by_path(number), Result<u8, std::io::Error>, stored, { Err(std::io::Error::other(number.to_string())) });

fn stored(_: &std::io::Error, number: &u8) -> std::io::Result<u8> {
    Ok(*number)
}

macro_rules! hedged {
    ($(#[$attr:meta])* $name:ident($text:ident: $argty:ty), $ty:ty, $after:expr, $budget:literal, $pattern:pat, $body:block) => {
        $(#[$attr])*
        #[hedge(after = $after, budget = $budget, accept_on($pattern), clone($text))]
        pub async fn $name($text: $argty) -> $ty $body
    };
}

hedged!(
/// Parses a number.
///
/// # Errors
///
/// If the text is none.
parsed(text: String), Result<u32, std::num::ParseIntError>, std::time::Duration::from_secs(1), 0.1, _, {
    let text = text;
    text.parse()
});

/// Named like everything the expansion uses.
///
/// # Errors
///
/// Never.
#[fallback(|_| Ok(__error))]
#[retry]
#[circuit_breaker]
#[timeout(5s)]
#[rate_limit(1000, per = 1s)]
#[bulkhead(5)]
#[expect(clippy::too_many_arguments, reason = "that many names")]
pub async fn named_like_ours(
    __retry: u32,
    __outcome: u32,
    __delay: u32,
    __next: u32,
    __error: u32,
    __permit: u32,
    __open: u32,
    __late: u32,
    __refused: u32,
    __circuit: u32,
    __timeout: u32,
    __result: u32,
) -> std::io::Result<u32> {
    Ok(__retry
        + __outcome
        + __delay
        + __next
        + __error
        + __permit
        + __open
        + __late
        + __refused
        + __circuit
        + __timeout
        + __result)
}

#[cfg(test)]
mod tests {
    #[tokio::test(start_paused = true)]
    async fn generated_functions_work() {
        assert_eq!(super::first(&mut 0).await.ok(), Some(2));
        assert_eq!(super::r#match(5).await.ok(), Some(5));
        assert_eq!(super::constant().ok(), Some(7));
        assert_eq!(super::by_closure(7).ok(), Some(1));
        assert_eq!(super::by_path(7).ok(), Some(7));
        assert_eq!(super::parsed("7".to_owned()).await.ok(), Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn arguments_may_be_named_like_the_expansions_locals() {
        assert_eq!(
            super::named_like_ours(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
                .await
                .ok(),
            Some(78)
        );
    }
}
