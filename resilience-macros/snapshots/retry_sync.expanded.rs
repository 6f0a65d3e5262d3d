fn fetch(url: &str, patient: bool) -> Result<String, Error> {
    use ::resilience::__private as __rt;
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new().max_retries(5);
    let mut __retry = __rt::Retry::timed(&__RETRY);
    loop {
        __rt::Retry::wait_blocking(&__retry);
        let __outcome = __rt::attempt(|| -> Result<String, Error> { get(url) });
        let __outcome = __rt::outcome::<Result<String, Error>>(__outcome);
        let __rt::Err(__error) = __outcome else { break __rt::success(__outcome) };
        let __due = __rt::Attempt::next_telling(
            __rt::Attempt::retry_if(__rt::Retry::after(&mut __retry, __rt::Err(__error)), |__error| match __error {
                Error::Busy | Error::Io(_) if patient => true,
                #[allow(unreachable_patterns)]
                _ => false,
            })
            .within_deadline(),
            "fetch",
            |__error| __rt::Show::new(__error).__shown(),
            |event| count(event),
        );
        let __rt::Err(__outcome) = __due else { continue };
        break __outcome;
    }
}
