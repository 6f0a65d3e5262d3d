async fn search(&self, query: String) -> Result<Vec<Issue>, Error> {
    use ::resilience::__private as __resilience;
    const __CIRCUIT_CONFIG: __resilience::CircuitBreakerConfig = __resilience::CircuitBreakerConfig::new()
        .failure_threshold(3u32);
    static __CIRCUIT: __resilience::Site = __resilience::Site::new("jira");
    let __circuit = __resilience::Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);
    match __resilience::CircuitBreaker::acquire(__circuit) {
        __resilience::Ok(__permit) => {
            let (__permit, __outcome) = __resilience::Permit::watch(
                    __permit,
                    async {
                        let _ = false
                            && return __resilience::expected::<
                                Result<Vec<Issue>, Error>,
                            >();
                        '__body: { self.client.search(query).await }
                    },
                )
                .await;
            __resilience::Verdict::of(
                    __resilience::outcome::<Result<Vec<Issue>, Error>>(&__outcome),
                )
                .record(__permit);
            __outcome
        }
        __resilience::Err(__open) => cached(&__open, self, &query).await,
    }
}
