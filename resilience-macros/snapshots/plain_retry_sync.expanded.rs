fn fetch(url: &str) -> Result<String, Error> {
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
    let mut __begun = __rt::Begun::new(&__RETRY);
    let mut __retry = __rt::None;
    return loop {
        #[allow(clippy::result_large_err)]
        let __outcome = __rt::attempt(|| -> Result<String, Error> { get(url) });
        let __result = <Result<String, Error> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<String, Error> as __rt::Fallible>::value(__result);
            __rt::Begun::succeeded(__begun, &__retry, &__OPERATION);
            break <Result<String, Error> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits();
        let mut __failed = __rt::FailedWith::of(__traits, __error);
        __begun = __rt::Begun::failed(__begun, &mut __retry, &__RETRY, &mut __failed, &__OPERATION);
        if __rt::FailedWith::is_last(&__failed) {
            break <Result<String, Error> as __rt::Fallible>::given_up(__rt::FailedWith::last(
                __failed,
            ));
        }
    };
}
