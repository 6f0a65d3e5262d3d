async fn search(&self, query: String) -> Result<Vec<Issue>, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "search"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__CIRCUIT_CONFIG, "failure_threshold").name("jira");
    }
    const __CIRCUIT_CONFIG: __rt::CircuitBreakerConfig =
        __rt::CircuitBreakerConfig::new().failure_threshold(3);
    static __CIRCUIT: __rt::Site = __rt::Site::new("jira", &__OPERATION);
    let __circuit = __rt::Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);
    let __permit = match __rt::CircuitBreaker::admit_task(__circuit, &__OPERATION) {
        __rt::Ok(__permit) => __permit,
        __rt::Err(__open) => {
            match __rt::CircuitBreaker::probe(__circuit, &__OPERATION, __open).await {
                __rt::Ok(__permit) => __permit,
                __rt::Err(__open) => {
                    return {
                        __rt::CircuitOpen::falls_back(&__open, &__OPERATION);
                        '__answer: {
                            let __later =
                                match __rt::Answer::<Result<Vec<Issue>, Error>, _>::into_answer({
                                    let __given = (&__open, self, &query);
                                    let __how = __rt::Passing::of(&cached, &__given).__found();
                                    __rt::FallbackFunction::<_, Result<Vec<Issue>, Error>, _>::call(
                                        __given, __how, cached,
                                    )
                                }) {
                                    __rt::Answered::Now(__answer) => break '__answer __answer,
                                    __rt::Answered::Later(__later) => __later,
                                };
                            __later.await
                        }
                    };
                }
            }
        }
    };
    let (__permit, __outcome) = __rt::GuardedFuture::new(__permit, async {
        let _: u8 = if false {
            return <Result<Vec<Issue>, Error> as __rt::Fallible>::expected();
        } else {
            0
        };
        '__resilience_body: { self.client.search(query).await }
    })
    .await;
    return __rt::record::<Result<Vec<Issue>, Error>, _, _>(__outcome, __permit, (), |__outcome| {
        __rt::Inspect::of(__outcome).__traits()
    });
}
