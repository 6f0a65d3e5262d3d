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
    let mut __retry = __rt::StackRetry::new(&__RETRY);
    return loop {
        let __ended = __rt::AttemptFuture::new(
            &mut __retry,
            || &__OPERATION,
            __rt::CircuitLayer::of_key(&__circuit, &__OPERATION, ()),
            || &(__rt::FromCircuitOpen::from,),
            async {
                let _: u8 = if false {
                    return <Result<Hits, SearchError> as __rt::Fallible>::expected();
                } else {
                    0
                };
                '__resilience_body: { self.client.search(tenant, query).await }
            },
            |__outcome| __rt::Inspect::of(__outcome).__traits_in_stack(),
        )
        .await;
        if let __rt::Some(__outcome) = __ended {
            break __outcome;
        }
    };
}
