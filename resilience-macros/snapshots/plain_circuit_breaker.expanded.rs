async fn search(query: &str) -> Result<Vec<Issue>, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "search"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__CIRCUIT_CONFIG, "");
    }
    const __CIRCUIT_CONFIG: __rt::CircuitBreakerConfig = __rt::CircuitBreakerConfig::new();
    static __CIRCUIT: __rt::Site = __rt::Site::unnamed(&__OPERATION);
    let __circuit = __rt::Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);
    return __rt::Layered::new(
        __rt::CircuitLayer::new(__circuit, &__OPERATION, ()),
        || &(__rt::FromCircuitOpen::from,),
        async {
            let _: u8 = if false {
                return <Result<Vec<Issue>, Error> as __rt::Fallible>::expected();
            } else {
                0
            };
            '__resilience_body: { find(query).await }
        },
        |__outcome| __rt::Inspect::of(__outcome).__traits(),
    )
    .await;
}
