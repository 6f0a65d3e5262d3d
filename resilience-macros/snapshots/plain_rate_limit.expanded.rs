async fn query() -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "query"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RATE_LIMIT_CONFIG, "limit per");
    }
    const __RATE_LIMIT_CONFIG: __rt::RateLimitConfig = __rt::RateLimitConfig::unset()
        .limit(100)
        .per(__rt::Duration::new(1, 0));
    static __RATE_LIMIT: __rt::RateLimitSite = __rt::RateLimitSite::unnamed(&__OPERATION);
    let __rate_limit = __rt::RateLimitSite::single(&__RATE_LIMIT, &__RATE_LIMIT_CONFIG);
    return match __rt::RateLimitFuture::new(
        __rate_limit,
        &__RATE_LIMIT_CONFIG,
        &__OPERATION,
        async {
            let _: u8 = if false {
                return <Result<Row, Error> as __rt::Fallible>::expected();
            } else {
                0
            };
            '__resilience_body: { connect().await?.query().await }
        },
    )
    .await
    {
        __rt::Ok(__outcome) => __outcome,
        __rt::Err(__limited) => {
            __rt::failed::<Result<Row, Error>>(__rt::FromRateLimited::from(__limited))
        }
    };
}
