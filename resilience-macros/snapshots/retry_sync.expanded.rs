fn fetch(url: &str, patient: bool) -> Result<String, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "fetch"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "max_retries");
    }
    __rt::Operation::enter(&__OPERATION);
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new().max_retries(5);
    let mut __retry = __rt::Retry::timed(&__RETRY);
    return loop {
        #[allow(clippy::result_large_err)]
        let __outcome = __rt::attempt(|| -> Result<String, Error> { get(url) });
        let __result = <Result<String, Error> as __rt::Fallible>::into_result(__outcome);
        let __traits = __rt::Inspect::of(&__result).__traits();
        let __last = __rt::EndedAttempt::next_telling(
            __rt::EndedAttempt::retry_on(
                __rt::EndedAttempt::after_blocking(&mut __retry, __traits, __result),
                |__error| match __error {
                    Error::Busy | Error::Io(_) if patient => true,
                    #[allow(unreachable_patterns)]
                    _ => false,
                },
            ),
            &__OPERATION,
            |event| count(event),
        );
        let __rt::None = __last else {
            break <Result<String, Error> as __rt::Fallible>::given_up(__last);
        };
        __rt::Retry::wait_blocking(&__retry);
    };
}
