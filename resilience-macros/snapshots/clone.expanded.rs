async fn send(mut self, mut text: String) -> Result<Answer, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "send"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "");
    }
    __rt::Operation::enter(&__OPERATION);
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    let mut __retry = __rt::Retry::new(&__RETRY);
    return loop {
        if __rt::Retry::is_retried(&__retry) {
            __rt::Retry::wait(&__retry, &__OPERATION).await;
        }
        let __kept_0 = __rt::keep_unless_last(
            __rt::RetryArgument::again_unless_last(&self, &__retry),
            &mut self,
        );
        let __kept_1 = __rt::keep(__rt::RetryArgument::again(&text), &mut text);
        let __outcome = async {
            let _: u8 = if false {
                return <Result<Answer, Error> as __rt::Fallible>::expected();
            } else {
                0
            };
            let _ = &mut self;
            '__resilience_body: { self.connection.send(text).await }
        }
        .await;
        text = __kept_1;
        let __result = <Result<Answer, Error> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<Answer, Error> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<Answer, Error> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits();
        let __last = __rt::EndedAttempt::retry_if(
            __rt::EndedAttempt::failed(&mut __retry, __traits, __error),
            |error| error.concerns(&text),
        )
        .last(&__OPERATION);
        let __rt::None = __last else {
            break <Result<Answer, Error> as __rt::Fallible>::given_up(__last);
        };
        self = __rt::kept(__kept_0);
    };
}
