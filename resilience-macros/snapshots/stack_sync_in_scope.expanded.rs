fn load(id: u64) -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    #[circuit_breaker(__taken)]
    #[timeout(__taken)]
    const _: () = ();
    const __NAME: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "load");
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(__NAME, __describe);
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "");
        __rt::Stack::add(__stack, &__CIRCUIT_CONFIG, "").name("db");
        __rt::Stack::add(__stack, &__TIMEOUT, "limit");
    }
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    const __CIRCUIT_CONFIG: __rt::CircuitBreakerConfig = __rt::CircuitBreakerConfig::new();
    static __CIRCUIT: __rt::Site = __rt::Site::new("db", &__OPERATION);
    const __TIMEOUT: __rt::TimeoutConfig =
        __rt::TimeoutConfig::new(__rt::Duration::new(0, 500000000)).operation_or(__NAME);
    let __circuit = __rt::Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);
    let mut __origin = __rt::Origin::Body;
    let mut __retry = __rt::Retry::new(&__RETRY);
    return loop {
        let __run = __rt::Retry::body_run(&__retry);
        let __outcome = '__call: {
            let __permit =
                match __rt::CircuitBreaker::admit_noting(__circuit, &__OPERATION, &mut __origin) {
                    __rt::Ok(__permit) => __permit,
                    __rt::Err(__open) => {
                        break '__call __rt::failed::<Result<Row, Error>>(
                            __rt::FromCircuitOpen::from(__open),
                        );
                    }
                };
            let __outcome = {
                #[allow(clippy::shadow_reuse)]
                let id = __rt::WorkerArgument::copy(&id);
                #[allow(clippy::result_large_err)]
                let __timed =
                    __rt::TimeoutConfig::run_thread(__TIMEOUT, move || -> Result<Row, Error> {
                        let _ = &id;
                        #[allow(clippy::result_large_err)]
                        let __outcome = __rt::scoped_body_blocking(
                            &__OPERATION,
                            __run,
                            __rt::Injectable::of(
                                __rt::ErrorProbe::<Result<Row, Error>>::new().__take(),
                                __rt::ValueProbe::<Result<Row, Error>>::new().__take(),
                            ),
                            || -> Result<Row, Error> { query(id) },
                            |__outcome| __rt::Inspect::of(__outcome).__traits(),
                        );
                        __outcome
                    });
                match __timed {
                    __rt::Ok(__outcome) => __outcome,
                    __rt::Err(__late) => {
                        __origin = __rt::TimedOut::origin(&__late);
                        __rt::failed::<Result<Row, Error>>(__rt::FromTimedOut::from(__late))
                    }
                }
            };
            __rt::record::<Result<Row, Error>, _, _>(__outcome, __permit, __origin, |__outcome| {
                __rt::Inspect::of(__outcome).__traits()
            })
        };
        let __result = <Result<Row, Error> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<Row, Error> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<Row, Error> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits_in_stack();
        let __last = __rt::Retry::failed_in_stack_blocking(
            &mut __retry,
            __traits,
            __error,
            &mut __origin,
            (__rt::CircuitBreaker::refuses_for, __circuit),
            &__OPERATION,
        );
        let __rt::None = __last else {
            break <Result<Row, Error> as __rt::Fallible>::given_up(__last);
        };
        __rt::Retry::wait_blocking(&__retry);
    };
}
