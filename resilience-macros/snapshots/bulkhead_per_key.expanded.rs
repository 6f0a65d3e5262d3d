async fn search(&self, tenant: &str, query: &str) -> Result<Hits, SearchError> {
    use ::resilience::__private as __rt;
    #[bulkhead(__taken)]
    const _: () = ();
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "search"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "max_retries");
        __rt::Stack::add(__stack, &__BULKHEAD_CONFIG, "max_concurrent max_wait")
            .computed("key")
            .name("search");
    }
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new().max_retries(3);
    const __BULKHEAD_CONFIG: __rt::BulkheadConfig = __rt::BulkheadConfig::unset()
        .max_concurrent(5)
        .max_wait(__rt::Duration::new(2, 0));
    static __BULKHEAD: __rt::BulkheadSite = __rt::BulkheadSite::new("search", &__OPERATION);
    let __bulkhead = __rt::BulkheadSite::of_key(
        &__BULKHEAD,
        &__BULKHEAD_CONFIG,
        __rt::Key::of(&tenant).__text(),
    );
    let mut __origin = __rt::Origin::Body;
    let mut __retry = __rt::Retry::new(&__RETRY);
    return loop {
        if __rt::Retry::is_retried(&__retry) {
            __rt::Retry::wait(&__retry, &__OPERATION).await;
        }
        let __outcome = {
            __origin = __rt::Origin::Body;
            match __rt::BulkheadFuture::new(
                __rt::KeyedBulkhead::limiter(&__bulkhead),
                &__BULKHEAD_CONFIG,
                &__OPERATION,
                async {
                    let _: u8 = if false {
                        return <Result<Hits, SearchError> as __rt::Fallible>::expected();
                    } else {
                        0
                    };
                    '__resilience_body: { self.client.search(tenant, query).await }
                },
            )
            .await
            {
                __rt::Ok(__outcome) => __outcome,
                __rt::Err(__full) => {
                    __origin = __rt::Origin::Refused;
                    let __full = __rt::KeyedBulkhead::named(&__bulkhead, __full);
                    __rt::failed_by::<Result<Hits, SearchError>, _>(__full, |full| {
                        SearchError::Full(full)
                    })
                }
            }
        };
        let __result = <Result<Hits, SearchError> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<Hits, SearchError> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<Hits, SearchError> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits_in_stack();
        let __last = __rt::EndedAttempt::failed(&mut __retry, __traits, __error)
            .from_stack(&mut __origin)
            .last(&__OPERATION);
        let __rt::None = __last else {
            break <Result<Hits, SearchError> as __rt::Fallible>::given_up(__last);
        };
    };
}
