async fn search(query: &str) -> Result<Vec<Issue>, Error> {
    use ::resilience::__private as __rt;
    #[fallback(__taken)]
    #[circuit_breaker(__taken)]
    const _: () = ();
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "search"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "");
        __rt::Stack::add(__stack, &__rt::Fallback, "");
        __rt::Stack::add(__stack, &__CIRCUIT_CONFIG, "").name("jira");
    }
    let __file = __rt::Operation::enter(&__OPERATION);
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    const __CIRCUIT_CONFIG: __rt::CircuitBreakerConfig = __rt::CircuitBreakerConfig::new();
    static __CIRCUIT: __rt::Site = __rt::Site::new("jira", &__OPERATION);
    let __circuit = __rt::Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);
    let mut __origin = __rt::Origin::Body;
    let mut __retry = __rt::Retry::in_file(&__RETRY, __file, 0, &__OPERATION);
    return loop {
        if __rt::Retry::is_retried(&__retry) {
            __rt::Retry::wait(&__retry, &__OPERATION).await;
        }
        let __outcome = '__fallback: {
            let __outcome = __rt::Layered::new(
                __rt::CircuitLayer::new(__circuit, &__OPERATION, ()).noting(&mut __origin),
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
            let __error =
                match <Result<Vec<Issue>, Error> as __rt::Fallible>::into_result(__outcome) {
                    __rt::Err(__error) => __error,
                    __result => {
                        break '__fallback <Result<Vec<Issue>, Error> as __rt::Fallible>::succeeded(
                            __result,
                        );
                    }
                };
            if __rt::Fallback::is_disabled(__file, 1) {
                break '__fallback <Result<Vec<Issue>, Error> as __rt::Fallible>::failed(__error);
            }
            let __traits = __rt::Inspect::of_error(&__error).__traits();
            __rt::Fallback::told(&__OPERATION, &__error, __traits);
            __origin = __rt::Origin::Body;
            '__answer: {
                let __later = match __rt::Answer::<Result<Vec<Issue>, Error>, _>::into_answer({
                    let __given = (&__error, query);
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
        let __result = <Result<Vec<Issue>, Error> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<Vec<Issue>, Error> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<Vec<Issue>, Error> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits_in_stack();
        let __last = __rt::EndedAttempt::failed(&mut __retry, __traits, __error)
            .from_stack(&mut __origin)
            .refused_for(if __rt::Fallback::is_disabled(__file, 1) {
                __rt::CircuitBreaker::refuses_for(__circuit)
            } else {
                __rt::None
            })
            .last(&__OPERATION);
        let __rt::None = __last else {
            break <Result<Vec<Issue>, Error> as __rt::Fallible>::given_up(__last);
        };
    };
}
