async fn call_llm(&self, prompt: &str) -> Result<String, ApiError> {
    use ::resilience::__private as __resilience;
    #[circuit_breaker(__taken)]
    const _: () = ();
    #[timeout(__taken)]
    const _: () = ();
    const __RETRY: __resilience::RetryConfig = __resilience::RetryConfig::new()
        .max_retries(3u32)
        .base_delay(__resilience::Duration::new(1u64, 0u32))
        .max_delay(__resilience::Duration::new(30u64, 0u32));
    const __CIRCUIT_CONFIG: __resilience::CircuitBreakerConfig = __resilience::CircuitBreakerConfig::new()
        .failure_threshold(5u32)
        .recovery_timeout(__resilience::Duration::new(30u64, 0u32));
    static __CIRCUIT: __resilience::Site = __resilience::Site::new("llm_api");
    let __circuit = __resilience::Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);
    const __TIMEOUT: __resilience::TimeoutConfig = __resilience::TimeoutConfig::new(
            __resilience::Duration::new(30u64, 0u32),
        )
        .operation_or("call_llm");
    let mut __refused = false;
    let mut __retry = __resilience::Retry::new(&__RETRY);
    loop {
        let __outcome = match __resilience::CircuitBreaker::acquire(__circuit) {
            __resilience::Ok(__permit) => {
                __refused = false;
                let (__permit, __outcome) = __resilience::Permit::watch(
                        __permit,
                        async {
                            match __resilience::Timeout::new(
                                    __resilience::TimeoutConfig::get_limit(&__TIMEOUT),
                                    async {
                                        let _ = false
                                            && return __resilience::expected::<
                                                Result<String, ApiError>,
                                            >();
                                        '__body: {
                                            self.http
                                                .post(URL)
                                                .json(&Request::new(prompt))
                                                .send()
                                                .await?
                                                .text()
                                                .await
                                                .map_err(ApiError::from)
                                        }
                                    },
                                )
                                .await
                            {
                                __resilience::Ok(__outcome) => __outcome,
                                __resilience::Err(_) => {
                                    __resilience::failed::<
                                        Result<String, ApiError>,
                                    >(
                                        __resilience::timed_out_into(
                                            __resilience::TimeoutConfig::timed_out(&__TIMEOUT),
                                        ),
                                    )
                                }
                            }
                        },
                    )
                    .await;
                __resilience::Verdict::of(
                        __resilience::outcome::<Result<String, ApiError>>(&__outcome),
                    )
                    .record(__permit);
                __outcome
            }
            __resilience::Err(__open) => {
                __refused = true;
                __resilience::failed::<
                    Result<String, ApiError>,
                >(__resilience::open_into(__open))
            }
        };
        let __next = __resilience::Retry::after(
                &mut __retry,
                __resilience::outcome::<Result<String, ApiError>>(&__outcome),
            )
            .unless_refused(__refused)
            .next(
                "call_llm",
                |__error| __resilience::Show::new(__error).__resilience_show(),
            );
        let __resilience::Some(__delay) = __next else { break __outcome };
        __resilience::backoff(__delay, __outcome).await;
    }
}
