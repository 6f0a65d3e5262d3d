async fn fetch(url: &str) -> Result<String, Error> {
    use ::resilience::__private as __rt;
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    let mut __retry = __rt::Retry::new(&__RETRY);
    loop {
        __rt::Retry::wait(&__retry).await;
        let __outcome = async {
            let _: u8 = if false { return __rt::expected::<Result<String, Error>>() } else { 0 };
            '__body: { get(url).await }
        }
        .await;
        let __outcome = __rt::outcome::<Result<String, Error>>(__outcome);
        let __rt::Err(__error) = __outcome else { break __rt::success(__outcome) };
        let __due = __rt::Retry::after(&mut __retry, __rt::Err(__error))
            .next("fetch", |__error| __rt::Show::new(__error).__shown());
        let __rt::Err(__outcome) = __due else { continue };
        break __outcome;
    }
}
