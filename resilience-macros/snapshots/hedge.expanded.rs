async fn search(&self, mut query: String) -> Result<Vec<Issue>, Error> {
    use ::resilience::__private as __rt;
    #[hedge(__taken)]
    #[circuit_breaker(__taken)]
    #[timeout(__taken)]
    const _: () = ();
    const __NAME: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "search");
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(__NAME, __describe);
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "budget");
        __rt::Stack::add(__stack, &__HEDGE, "budget max_hedges");
        __rt::Stack::add(__stack, &__CIRCUIT_CONFIG, "").name("jira");
        __rt::Stack::add(__stack, &__TIMEOUT, "limit");
    }
    static __BUDGET: __rt::RetryBudget = __rt::RetryBudget::process_wide("jira");
    static __RETRY: __rt::RetryConfig = __rt::RetryConfig::new().budget(&__BUDGET);
    static __HEDGE_BUDGET: __rt::RetryBudget = __rt::RetryBudget::process_wide("jira");
    static __LATENCY: __rt::Latency = __rt::Latency::new();
    static __HEDGE: __rt::HedgeConfig = __rt::HedgeConfig::new(&__HEDGE_BUDGET).max_hedges(2);
    const __CIRCUIT_CONFIG: __rt::CircuitBreakerConfig = __rt::CircuitBreakerConfig::new();
    static __CIRCUIT: __rt::Site = __rt::Site::new("jira", &__OPERATION);
    const __TIMEOUT: __rt::TimeoutConfig =
        __rt::TimeoutConfig::new(__rt::Duration::new(5, 0)).operation_or(__NAME);
    let __circuit = __rt::Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);
    let mut __origin = __rt::Origin::Body;
    let mut __retry = __rt::Retry::new(&__RETRY);
    __rt::Retry::deposit(&__retry, &__OPERATION);
    return loop {
        if __rt::Retry::is_retried(&__retry) {
            __rt::Retry::wait(&__retry, &__OPERATION).await;
        }
        let __kept_0 = __rt::keep_unless_last(
            __rt::RetryArgument::again_unless_last(&query, &__retry),
            &mut query,
        );
        let __outcome = {
            let (__outcome, __origin_inside) = __rt::outcome_of_attempts({
                let mut __hedged = __rt::pin!(__rt::Hedged::new(
                    || __rt::HedgedCall::new(&__HEDGE, &__OPERATION).measured_by(&__LATENCY),
                    || __rt::CircuitBreaker::takes_more_load(__circuit)
                ));
                loop {
                    let __clone_of_query =
                        __rt::OwnedByAttempt::new(__rt::HedgeArgument::again(&query));
                    __rt::Hedged::start::<(Result<Vec<Issue>, Error>, __rt::Origin)>(
                        __rt::Pin::as_mut(&mut __hedged),
                        async {
                            #[allow(unused_mut, clippy::shadow_same, clippy::shadow_unrelated)]
                            let mut query = __rt::OwnedByAttempt::take(__clone_of_query);
                            let mut __origin = __rt::Origin::Body;
                            let __outcome = __rt :: Layered :: new (__rt :: Nested :: new (__rt :: CircuitLayer :: new (__circuit , & __OPERATION , __rt :: AboveTimeout (())) . noting (& mut __origin) , __rt :: TimeoutLayer :: new (& __TIMEOUT)) , || & ((__rt :: FromCircuitOpen :: from ,) , (__rt :: FromTimedOut :: from ,)) , async { let _ : u8 = if false { return < Result < Vec < Issue > , Error > as __rt :: Fallible > :: expected () } else { 0 } ; '__resilience_body : { self . client . search (query) . await } } , | __outcome | __rt :: Inspect :: of (__outcome) . __traits ()) . await ;
                            (__outcome, __origin)
                        },
                    );
                    if let __rt::Some(__ended) = __rt::Hedged::next_accepting(
                        __rt::Pin::as_mut(&mut __hedged),
                        |__outcome| __rt::Inspect::of(__outcome).__traits(),
                        |__error| match __error {
                            Error::NotFound => true,
                            #[allow(unreachable_patterns)]
                            _ => false,
                        },
                    )
                    .await
                    {
                        break __ended;
                    }
                }
            });
            __origin = __origin_inside;
            __outcome
        };
        let __result = <Result<Vec<Issue>, Error> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<Vec<Issue>, Error> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<Vec<Issue>, Error> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits_in_stack();
        let __last = __rt::Retry::failed_in_stack(
            &mut __retry,
            __traits,
            __error,
            &mut __origin,
            (__rt::CircuitBreaker::refuses_for, __circuit),
            &__OPERATION,
        );
        let __rt::None = __last else {
            break <Result<Vec<Issue>, Error> as __rt::Fallible>::given_up(__last);
        };
        query = __rt::kept(__kept_0);
    };
}
