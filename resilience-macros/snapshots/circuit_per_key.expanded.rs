async fn search(&self, tenant: &str, query: &str) -> Result<Hits, SearchError> {
    use ::resilience::__private as __rt;
    #[circuit_breaker(__taken)]
    const _: () = ();
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "search"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "max_retries");
        __rt::Stack::add(__stack, &__CIRCUIT_CONFIG, "max_keys failure_threshold")
            .computed("key")
            .name("search");
    }
    __rt::Operation::enter(&__OPERATION);
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new().max_retries(3);
    const __CIRCUIT_CONFIG: __rt::CircuitBreakerConfig = __rt::CircuitBreakerConfig::new()
        .max_keys(500)
        .failure_threshold(3);
    static __CIRCUIT: __rt::KeyedSite = __rt::KeyedSite::new("search", &__OPERATION);
    let __circuit = __rt::KeyedSite::circuit(
        &__CIRCUIT,
        &__CIRCUIT_CONFIG,
        __rt::Key::of(&tenant).__text(),
    );
    let mut __origin = __rt::Origin::Body;
    let mut __retry = __rt::Retry::new(&__RETRY);
    return loop {
        __rt::Retry::wait(&__retry, &__OPERATION).await;
        let __outcome = __rt::RecordedFuture::new(
            __rt::CircuitCall::noting(
                __rt::KeyedCircuit::circuit(&__circuit),
                &__OPERATION,
                &mut __origin,
            ),
            (),
            |__open| {
                let __open = __rt::KeyedCircuit::named(&__circuit, __open);
                __rt::FromCircuitOpen::from(__open)
            },
            async {
                let _: u8 = if false {
                    return <Result<Hits, SearchError> as __rt::Fallible>::expected();
                } else {
                    0
                };
                '__resilience_body: { self.client.search(tenant, query).await }
            },
            |__outcome| __rt::Inspect::of(__outcome).__traits(),
        )
        .await;
        let __result = <Result<Hits, SearchError> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<Hits, SearchError> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<Hits, SearchError> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits_in_stack();
        let __last = __rt::Retry::failed_in_stack(
            &mut __retry,
            __traits,
            __error,
            &mut __origin,
            (__rt::KeyedCircuit::refuses_for, &__circuit),
            &__OPERATION,
        );
        let __rt::None = __last else {
            break <Result<Hits, SearchError> as __rt::Fallible>::given_up(__last);
        };
    };
}
