impl Service for Client {
    fn call<'life0, 'async_trait>(
        &'life0 self,
        prompt: String,
    ) -> ::core::pin::Pin<
        Box<
            dyn ::core::future::Future<Output = Result<u8, Error>>
                + ::core::marker::Send
                + 'async_trait,
        >,
    >
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        use ::resilience::__private as __rt;
        #[timeout(__taken)]
        const _: () = ();
        __rt::FutureBox::pin(async move {
            let __self = self;
            let prompt = prompt;
            const __NAME: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "call");
            static __OPERATION: __rt::Operation = __rt::Operation::of_stack(__NAME, __describe);
            fn __describe(__stack: &mut __rt::Stack) {
                __rt::Stack::add(__stack, &__RETRY, "");
                __rt::Stack::add(__stack, &__TIMEOUT, "limit");
            }
            __rt::Operation::enter(&__OPERATION);
            const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
            const __TIMEOUT: __rt::TimeoutConfig =
                __rt::TimeoutConfig::new(__rt::Duration::new(1, 0)).operation_or(__NAME);
            let mut __retry = __rt::Retry::new(&__RETRY);
            return loop {
                if __rt::Retry::is_retried(&__retry) {
                    __rt::Retry::wait(&__retry, &__OPERATION).await;
                }
                let __outcome = __rt::Limited::with_error(
                    &__TIMEOUT,
                    |__late| __rt::FromTimedOut::from(__late),
                    async {
                        let _: u8 = if false {
                            return <Result<u8, Error> as __rt::Fallible>::expected();
                        } else {
                            0
                        };
                        '__resilience_body: {
                            if let ::core::option::Option::Some(__ret) =
                                ::core::option::Option::None::<Result<u8, Error>>
                            {
                                #[allow(unreachable_code)]
                                return __ret;
                            }
                            let __ret: Result<u8, Error> = { __self.send(&prompt).await };
                            #[allow(unreachable_code)]
                            __ret
                        }
                    },
                )
                .await;
                let __result = <Result<u8, Error> as __rt::Fallible>::into_result(__outcome);
                let __error @ __rt::Err(_) = __result else {
                    let __value = <Result<u8, Error> as __rt::Fallible>::value(__result);
                    __rt::Retry::succeeded(&__retry, &__OPERATION);
                    break <Result<u8, Error> as __rt::Fallible>::of_value(__value);
                };
                let __traits = __rt::Inspect::of(&__error).__traits_in_stack();
                let __last = __rt::EndedAttempt::failed(&mut __retry, __traits, __error)
                    .above_timeout()
                    .last(&__OPERATION);
                let __rt::None = __last else {
                    break <Result<u8, Error> as __rt::Fallible>::given_up(__last);
                };
            };
        })
    }
}
