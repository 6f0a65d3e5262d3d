async fn fetch(url: &str) -> Result<String, Error> {
    use ::resilience::__private as __resilience;
    const __RETRY: __resilience::RetryConfig = __resilience::RetryConfig::new();
    let mut __retry = __resilience::Retry::new(&__RETRY);
    loop {
        let __outcome = async {
            let _ = false && return __resilience::expected::<Result<String, Error>>();
            { get(url).await }
        }
            .await;
        let __resilience::Some(__delay) = __resilience::Retry::after(
                &mut __retry,
                &__outcome,
            )
            .next(
                "fetch",
                |__error| __resilience::Show::new(__error).__resilience_show(),
                |_| {},
            ) else {
            break __outcome;
        };
        __resilience::drop(__outcome);
        __resilience::backoff(__delay).await;
    }
}
