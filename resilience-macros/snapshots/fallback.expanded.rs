async fn search(&self, mut query: String) -> Result<Vec<Issue>, Error> {
    use ::resilience::__private as __rt;
    #[fallback(__taken)]
    #[circuit_breaker(__taken)]
    #[timeout(__taken)]
    const _: () = ();
    const __NAME: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "search");
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(__NAME, __describe);
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "");
        __rt::Stack::add(__stack, &__rt::Fallback, "");
        __rt::Stack::add(__stack, &__CIRCUIT_CONFIG, "").name("jira");
        __rt::Stack::add(__stack, &__TIMEOUT, "limit");
    }
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    const __CIRCUIT_CONFIG: __rt::CircuitBreakerConfig = __rt::CircuitBreakerConfig::new();
    static __CIRCUIT: __rt::Site = __rt::Site::new("jira", &__OPERATION);
    const __TIMEOUT: __rt::TimeoutConfig =
        __rt::TimeoutConfig::new(__rt::Duration::new(5, 0)).operation_or(__NAME);
    let __circuit = __rt::Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);
    let mut __origin = __rt::Origin::Body;
    let mut __retry = __rt::Retry::new(&__RETRY);
    return loop {
        if __rt::Retry::is_retried(&__retry) {
            __rt::Retry::wait(&__retry, &__OPERATION).await;
        }
        let __kept_0 = __rt::keep(__rt::RetryArgument::again(&query), &mut query);
        let __outcome = '__fallback: {
            let __kept_0 = __rt::keep(__rt::FallbackArgument::again(&query), &mut query);
            let __outcome = __rt::Layered::new(
                __rt::Nested::new(
                    __rt::CircuitLayer::new(__circuit, &__OPERATION, __rt::AboveTimeout(()))
                        .noting(&mut __origin),
                    __rt::TimeoutLayer::new(&__TIMEOUT),
                ),
                || &((__rt::FromCircuitOpen::from,), (__rt::FromTimedOut::from,)),
                async {
                    let _: u8 = if false {
                        return <Result<Vec<Issue>, Error> as __rt::Fallible>::expected();
                    } else {
                        0
                    };
                    '__resilience_body: { self.client.search(query).await }
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
            query = __kept_0;
            if !__rt::FailedCall::is_answered(__rt::FailedCall::when(
                __rt::FailedCall::on(__rt::FailedCall::of(&__error), |__error| match __error {
                    Error::Down | Error::Busy => true,
                    #[allow(unreachable_patterns)]
                    _ => false,
                }),
                |__given| {
                    __rt::OptionFunction::<_, bool, _>::call(
                        __given,
                        __rt::Passing::of(&Error::is_transient, &(__given,)).__found(),
                        Error::is_transient,
                    )
                },
            )) {
                break '__fallback <Result<Vec<Issue>, Error> as __rt::Fallible>::failed(__error);
            }
            let __traits = __rt::Inspect::of_error(&__error).__traits();
            __rt::Fallback::told(&__OPERATION, &__error, __traits);
            __origin = __rt::Origin::Body;
            '__answer: {
                let __later = match __rt::Answer::<Result<Vec<Issue>, Error>, _>::into_answer({
                    let __given = (&__error, self, &query);
                    let __how = __rt::Passing::of(&Self::cached, &__given).__found();
                    __rt::FallbackFunction::<_, Result<Vec<Issue>, Error>, _>::call(
                        __given,
                        __how,
                        Self::cached,
                    )
                }) {
                    __rt::Answered::Now(__answer) => break '__answer __answer,
                    __rt::Answered::Later(__later) => __later,
                };
                __later.await
            }
        };
        query = __kept_0;
        let __result = <Result<Vec<Issue>, Error> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<Vec<Issue>, Error> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<Vec<Issue>, Error> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits_in_stack();
        let __last = __rt::EndedAttempt::failed(&mut __retry, __traits, __error)
            .from_stack(&mut __origin)
            .last(&__OPERATION);
        let __rt::None = __last else {
            break <Result<Vec<Issue>, Error> as __rt::Fallible>::given_up(__last);
        };
    };
}
