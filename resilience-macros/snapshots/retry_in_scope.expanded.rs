async fn fetch(url: &str) -> Result<String, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "fetch"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "");
    }
    __rt::Operation::enter(&__OPERATION);
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    let mut __retry = __rt::Retry::new(&__RETRY);
    return loop {
        if __rt::Retry::is_retried(&__retry) {
            __rt::Retry::wait(&__retry, &__OPERATION).await;
        }
        let __run = __rt::Retry::body_run(&__retry);
        let __outcome = __rt::scoped_body(
            &__OPERATION,
            __run,
            __rt::Injectable::of(
                __rt::ErrorProbe::<Result<String, Error>>::new().__take(),
                __rt::ValueProbe::<Result<String, Error>>::new().__take(),
            ),
            async {
                let _: u8 = if false {
                    return <Result<String, Error> as __rt::Fallible>::expected();
                } else {
                    0
                };
                '__resilience_body: { get(url).await }
            },
            |__outcome| __rt::Inspect::of(__outcome).__traits(),
        )
        .await;
        let __result = <Result<String, Error> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<String, Error> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<String, Error> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits();
        let __last = __rt::Retry::failed(&mut __retry, __traits, __error, &__OPERATION);
        let __rt::None = __last else {
            break <Result<String, Error> as __rt::Fallible>::given_up(__last);
        };
    };
}
