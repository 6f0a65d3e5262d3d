fn fetch(url: &str, patient: bool) -> Result<String, Error> {
    use ::resilience::__private as __resilience;
    const __RETRY: __resilience::RetryConfig = __resilience::RetryConfig::new()
        .max_retries(5u32);
    let mut __retry = __resilience::Retry::timed(&__RETRY);
    loop {
        let __outcome = __resilience::attempt(|| -> Result<String, Error> { get(url) });
        let __next = __resilience::Attempt::next_telling(
            __resilience::Attempt::retry_if(
                    __resilience::Retry::after(
                        &mut __retry,
                        __resilience::outcome::<Result<String, Error>>(&__outcome),
                    ),
                    |__error| match __error {
                        Error::Busy | Error::Io(_) if patient => true,
                        #[allow(unreachable_patterns)]
                        _ => false,
                    },
                )
                .within_deadline(),
            "fetch",
            |__error| __resilience::Show::new(__error).__resilience_show(),
            |event| count(event),
        );
        let __resilience::Some(__delay) = __next else { break __outcome };
        __resilience::backoff_blocking(__delay, __outcome);
    }
}
