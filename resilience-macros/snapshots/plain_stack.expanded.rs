async fn fetch(url: &str) -> Result<String, Error> {
    use ::resilience::__private as __rt;
    #[circuit_breaker(__taken)]
    #[timeout(__taken)]
    const _: () = ();
    const __NAME: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "fetch");
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(__NAME, __describe);
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "");
        __rt::Stack::add(__stack, &__CIRCUIT_CONFIG, "");
        __rt::Stack::add(__stack, &__TIMEOUT, "limit");
    }
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    const __CIRCUIT_CONFIG: __rt::CircuitBreakerConfig = __rt::CircuitBreakerConfig::new();
    static __CIRCUIT: __rt::Site = __rt::Site::unnamed(&__OPERATION);
    const __TIMEOUT: __rt::TimeoutConfig =
        __rt::TimeoutConfig::new(__rt::Duration::new(1, 0)).operation_or(__NAME);
    let mut __retry = __rt::StackRetry::new(&__RETRY);
    return loop {
        let __circuit = __rt::Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);
        let __ended = __rt::AttemptFuture::new(
            &mut __retry,
            || &__OPERATION,
            __rt::Nested::new(
                __rt::CircuitLayer::new(__circuit, &__OPERATION, __rt::AboveTimeout(())),
                __rt::TimeoutLayer::new(&__TIMEOUT),
            ),
            || &((__rt::FromCircuitOpen::from,), (__rt::FromTimedOut::from,)),
            async {
                let _: u8 = if false {
                    return <Result<String, Error> as __rt::Fallible>::expected();
                } else {
                    0
                };
                '__resilience_body: { get(url).await }
            },
            |__outcome| __rt::Inspect::of(__outcome).__traits_in_stack(),
        )
        .await;
        if let __rt::Some(__outcome) = __ended {
            break __outcome;
        }
    };
}
