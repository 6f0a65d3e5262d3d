async fn fetch(&self, url: &str) -> Result<String, Error> {
    use ::resilience::__private as __rt;
    #[timeout(__taken)]
    const _: () = ();
    const __NAME: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "fetch");
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(__NAME, __describe);
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "base_delay").computed("max_retries");
        __rt::Stack::add(__stack, &__TIMEOUT, "limit");
    }
    let __file = __rt::Operation::enter(&__OPERATION);
    const __RETRY: __rt::RetryConfig =
        __rt::RetryConfig::new().base_delay(__rt::Duration::new(1, 0));
    let __retry: __rt::RetryConfig = __rt::RetryConfig::max_retries(__RETRY, self.retries);
    let __retry: __rt::RetryConfig = __rt::FileLayer::computed_in_file(__retry, __file, 0);
    const __TIMEOUT: __rt::TimeoutConfig =
        __rt::TimeoutConfig::new(__rt::Duration::new(5, 0)).operation_or(__NAME);
    let mut __retry = __rt::Retry::new(&__retry);
    __rt::Retry::deposit(&__retry, &__OPERATION);
    return loop {
        if __rt::Retry::is_retried(&__retry) {
            __rt::Retry::wait(&__retry, &__OPERATION).await;
        }
        let __outcome = __rt::Limited::with_error(
            __rt::FileLayer::in_file(&__TIMEOUT, __file, 1),
            |__late| __rt::FromTimedOut::from(__late),
            async {
                let _: u8 = if false {
                    return <Result<String, Error> as __rt::Fallible>::expected();
                } else {
                    0
                };
                '__resilience_body: { self.get(url).await }
            },
        )
        .await;
        let __result = <Result<String, Error> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<String, Error> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<String, Error> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits_in_stack();
        let __last = __rt::EndedAttempt::failed(&mut __retry, __traits, __error)
            .above_timeout()
            .last(&__OPERATION);
        let __rt::None = __last else {
            break <Result<String, Error> as __rt::Fallible>::given_up(__last);
        };
    };
}
