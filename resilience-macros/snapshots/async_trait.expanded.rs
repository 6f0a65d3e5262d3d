impl Service for Client {
    fn call<'life0, 'async_trait>(
        &'life0 self,
        prompt: String,
    ) -> ::core::pin::Pin<
        Box<
            dyn ::core::future::Future<
                Output = Result<u8, Error>,
            > + ::core::marker::Send + 'async_trait,
        >,
    >
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        use ::resilience::__private as __resilience;
        #[timeout(__taken)]
        const _: () = ();
        __resilience::Box::pin(async move {
            let __self = self;
            let prompt = prompt;
            const __RETRY: __resilience::RetryConfig = __resilience::RetryConfig::new();
            const __TIMEOUT: __resilience::TimeoutConfig = __resilience::TimeoutConfig::new(
                    __resilience::Duration::new(1u64, 0u32),
                )
                .operation_or("call");
            let mut __retry = __resilience::Retry::new(&__RETRY);
            loop {
                let __outcome = match __resilience::Timeout::new(
                        __resilience::TimeoutConfig::get_limit(&__TIMEOUT),
                        async {
                            let _ = false
                                && return __resilience::expected::<Result<u8, Error>>();
                            '__body: {
                                if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<
                                    Result<u8, Error>,
                                > {
                                    #[allow(unreachable_code)] return __ret;
                                }
                                let __ret: Result<u8, Error> = {
                                    __self.send(&prompt).await
                                };
                                #[allow(unreachable_code)] __ret
                            }
                        },
                    )
                    .await
                {
                    __resilience::Ok(__outcome) => __outcome,
                    __resilience::Err(_) => {
                        __resilience::failed::<
                            Result<u8, Error>,
                        >(
                            __resilience::timed_out_into(
                                __resilience::TimeoutConfig::timed_out(&__TIMEOUT),
                            ),
                        )
                    }
                };
                let __next = __resilience::Retry::after(
                        &mut __retry,
                        __resilience::outcome::<Result<u8, Error>>(&__outcome),
                    )
                    .next(
                        "call",
                        |__error| __resilience::Show::new(__error).__resilience_show(),
                    );
                let __resilience::Some(__delay) = __next else { break __outcome };
                __resilience::backoff(__delay, __outcome).await;
            }
        })
    }
}
