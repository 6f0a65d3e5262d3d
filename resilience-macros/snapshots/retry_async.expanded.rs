async fn fetch(url: &str) -> Result<String, Error> {
    use ::resilience::__private as __resilience;
    const __RETRY: __resilience::RetryConfig = __resilience::RetryConfig::new();
    let mut __retry = __resilience::Retry::new(&__RETRY);
    loop {
        let __outcome = async {
            let _ = false && return __resilience::expected::<Result<String, Error>>();
            '__body: { get(url).await }
        }
            .await;
        let __next = __resilience::Retry::after(
                &mut __retry,
                __resilience::outcome::<Result<String, Error>>(&__outcome),
            )
            .next(
                "fetch",
                |__error| __resilience::Show::new(__error).__resilience_show(),
            );
        let __resilience::Some(__delay) = __next else { break __outcome };
        __resilience::backoff(__delay, __outcome).await;
    }
}
