async fn search(query: &str) -> Result<Vec<Issue>, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "search"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__HEDGE, "budget after");
    }
    let __file = __rt::Operation::enter(&__OPERATION);
    static __HEDGE_BUDGET: __rt::RetryBudget = __rt::RetryBudget::new().ratio(0.1);
    static __LATENCY: __rt::Latency = __rt::Latency::new();
    static __HEDGE: __rt::HedgeConfig =
        __rt::HedgeConfig::new(&__HEDGE_BUDGET).after(__rt::Duration::new(0, 200000000));
    return __rt::outcome_of_attempts({
        let mut __hedged = __rt::pin!(__rt::Hedged::new(
            || __rt::HedgedCall::new(__rt::FileLayer::in_file(&__HEDGE, __file, 0), &__OPERATION)
                .measured_by(&__LATENCY)
                .depositing_in_file(__file, 0, true),
            || true
        ));
        loop {
            __rt::Hedged::start::<Result<Vec<Issue>, Error>>(
                __rt::Pin::as_mut(&mut __hedged),
                async {
                    let _: u8 = if false {
                        return <Result<Vec<Issue>, Error> as __rt::Fallible>::expected();
                    } else {
                        0
                    };
                    '__resilience_body: { find(query).await }
                },
            );
            if let __rt::Some(__ended) =
                __rt::Hedged::next(__rt::Pin::as_mut(&mut __hedged), |__outcome| {
                    __rt::Inspect::of(__outcome).__traits()
                })
                .await
            {
                break __ended;
            }
        }
    });
}
