fn fetch(url: &str) -> Result<String, Error> {
    use ::resilience::__private as __rt;
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    let mut __retry = __rt::Retry::new(&__RETRY);
    loop {
        let __outcome = __rt::attempt(|| -> Result<String, Error> { get(url) });
        let __next = __rt::Retry::after(&mut __retry, <Result<String, Error> as __rt::Fallible>::as_result(&__outcome))
            .within_deadline()
            .next("fetch", |__error| __rt::Show::new(__error).__shown());
        let __rt::Some(__delay) = __next else { break __outcome };
        __rt::backoff_blocking(__delay, __outcome);
    }
}
