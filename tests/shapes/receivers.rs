//! `self` in every form that rustc accepts.

mod each {
    use std::pin::Pin;
    use std::rc::Rc;
    use std::sync::Arc;

    use crate::{Error, Flaky};

    macro_rules! receivers {
        ($($policies:tt)*) => {
            #[derive(Clone)]
            struct Client { flaky: Flaky, seen: u32 }

            type Alias = Client;

            impl Client {
                fn new() -> Self { Self { flaky: Flaky::failing(ATTEMPTS - 1), seen: 0 } }

                $($policies)*
                fn value(self) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn mut_value(mut self) -> Result<u32, Error> { self.seen += 1; call!(self.flaky).map(|n| n * self.seen) }

                $($policies)*
                fn shared(&self) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn named<'a>(&'a self) -> Result<&'a u32, Error> { call!(self.flaky).map(|_| &self.seen) }

                $($policies)*
                fn unique(&mut self) -> Result<u32, Error> { self.seen += 1; call!(self.flaky).map(|n| n * self.seen) }

                $($policies)*
                fn typed_value(self: Self) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn typed_alias(self: &Alias) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn typed_shared(self: &Self) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn typed_mut_shared<'a>(mut self: &'a Self, other: &'a Self) -> Result<u32, Error> {
                    if self.seen == 0 { self = other; }
                    call!(self.flaky)
                }

                $($policies)*
                fn typed_unique(self: &mut Self) -> Result<u32, Error> { self.unique_bare() }

                fn unique_bare(&mut self) -> Result<u32, Error> { self.seen += 1; self.flaky.call().map(|n| n * self.seen) }

                $($policies)*
                fn arc(self: Arc<Self>) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn arc_shared(self: &Arc<Self>) -> Result<u32, Error> { call!(Arc::clone(self).flaky) }

                $($policies)*
                fn arc_cloned(self: Arc<Self>) -> Result<u32, Error> {
                    let this = Arc::clone(&self);
                    std::thread::spawn(move || this.flaky.call()).join().unwrap()
                }

                $($policies)*
                fn rc(self: Rc<Self>) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn boxed(self: Box<Self>) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn mut_boxed(mut self: Box<Self>) -> Result<u32, Error> { self.unique_bare() }

                $($policies)*
                fn nested(self: Rc<Box<Self>>) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn pinned(self: Pin<&mut Self>) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn pinned_shared(self: Pin<&Self>) -> Result<u32, Error> { call!(self.flaky) }

                $($policies)*
                fn mut_pinned(mut self: Pin<&mut Self>) -> Result<u32, Error> { self.as_mut().get_mut().unique_bare() }

                $($policies)*
                fn mut_pinned_box(mut self: Pin<Box<Self>>) -> Result<u32, Error> { self.as_mut().get_mut().unique_bare() }
            }

            fn twice(call: u32) -> Result<u32, Error> { Ok(call * call) }

            #[test]
            fn by_value() {
                assert_eq!(run!(Client::new().value()), Ok(ATTEMPTS));
                assert_eq!(run!(Client::new().mut_value()), twice(ATTEMPTS));
                assert_eq!(run!(Client::new().typed_value()), Ok(ATTEMPTS));
            }

            #[test]
            fn by_reference() {
                let mut client = Client::new();
                assert_eq!(run!(client.shared()), Ok(ATTEMPTS));
                assert_eq!(run!(Client::new().named()), Ok(&0));
                assert_eq!(run!(Client::new().typed_shared()), Ok(ATTEMPTS));
                assert_eq!(run!(Client::new().typed_alias()), Ok(ATTEMPTS));
                client = Client::new();
                assert_eq!(run!(client.unique()), twice(ATTEMPTS));
                assert_eq!(run!(Client::new().typed_unique()), twice(ATTEMPTS));
            }

            #[test]
            fn a_reference_that_is_set_anew() {
                let (one, other) = (Client::new(), Client::new());
                assert_eq!(run!(one.typed_mut_shared(&other)), Ok(ATTEMPTS));
                assert_eq!((one.flaky.calls(), other.flaky.calls()), (0, ATTEMPTS));
            }

            #[test]
            fn by_smart_pointer() {
                assert_eq!(run!(Arc::new(Client::new()).arc()), Ok(ATTEMPTS));
                assert_eq!(run!(Arc::new(Client::new()).arc_shared()), Ok(ATTEMPTS));
                assert_eq!(run!(Arc::new(Client::new()).arc_cloned()), Ok(ATTEMPTS));
                assert_eq!(run!(Rc::new(Client::new()).rc()), Ok(ATTEMPTS));
                assert_eq!(run!(Box::new(Client::new()).boxed()), Ok(ATTEMPTS));
                assert_eq!(run!(Box::new(Client::new()).mut_boxed()), twice(ATTEMPTS));
                assert_eq!(run!(Rc::new(Box::new(Client::new())).nested()), Ok(ATTEMPTS));
            }

            #[test]
            fn pinned_down() {
                assert_eq!(run!(Pin::new(&mut Client::new()).pinned()), Ok(ATTEMPTS));
                assert_eq!(run!(Pin::new(&Client::new()).pinned_shared()), Ok(ATTEMPTS));
                assert_eq!(run!(Pin::new(&mut Client::new()).mut_pinned()), twice(ATTEMPTS));
                assert_eq!(run!(Box::pin(Client::new()).mut_pinned_box()), twice(ATTEMPTS));
            }
        };
    }
    each!(receivers);
}

/// Consumed: only a policy that calls once can be on these.
mod consumed {
    use crate::{Error, Flaky};

    macro_rules! builders {
        ($($policies:tt)*) => {
            struct Builder { flaky: Flaky, parts: Vec<u32> }

            impl Builder {
                $($policies)*
                fn part(mut self) -> Result<Self, Error> {
                    self.parts.push(call!(self.flaky)?);
                    Ok(self)
                }

                $($policies)*
                fn finish(self) -> Result<Vec<u32>, Error> {
                    let Self { flaky, mut parts } = self;
                    parts.push(call!(flaky)?);
                    Ok(parts)
                }
            }

            #[test]
            fn a_builder_passes_itself_on() {
                let builder = Builder { flaky: Flaky::default(), parts: Vec::new() };
                let builder = run!(run!(builder.part()).ok().unwrap().part()).ok().unwrap();
                assert_eq!(run!(builder.finish()), Ok(vec![1, 2, 3]));
            }
        };
    }
    each_once!(builders);
}

/// A worker thread takes `self`, so that it must be owned.
mod threaded {
    use std::sync::Arc;

    use crate::{Error, Flaky};

    macro_rules! receivers {
        ($($policies:tt)*) => {
            struct Client(Flaky);

            impl Client {
                $($policies)*
                fn value(self) -> Result<u32, Error> { self.0.call() }

                $($policies)*
                fn mut_value(mut self) -> Result<u32, Error> { self.0 = self.0.clone(); self.0.call() }

                $($policies)*
                fn arc(self: Arc<Self>) -> Result<u32, Error> { self.0.call() }
            }

            #[test]
            fn an_owned_self_moves_to_the_worker() {
                let client = || Client(Flaky::failing(ATTEMPTS - 1));
                assert_eq!(client().value(), Ok(ATTEMPTS));
                assert_eq!(client().mut_value(), Ok(ATTEMPTS));
                assert_eq!(Arc::new(client()).arc(), Ok(ATTEMPTS));
            }
        };
    }
    // This is not possible under a retry around the worker: `self` cannot be bound to a copy for
    // each attempt.
    group!(thread, sync, 1, receivers, #[resilience::timeout(1m)]);
    group!(thread_outside, sync, 3, receivers,
        #[resilience::timeout(1m)]
        #[resilience::circuit_breaker(failure_threshold = 1000)]
        #[resilience::retry(max_retries = 2, base_delay = 0s)]
    );

    mod copied {
        use super::*;

        macro_rules! receivers {
        ($($policies:tt)*) => {
            struct Client(Flaky);

            impl Client {
                $($policies)*
                fn forever(&'static self) -> Result<u32, Error> { self.0.call() }

                $($policies)*
                fn typed_forever(self: &'static Self) -> Result<u32, Error> { self.0.call() }

                $($policies)*
                fn untouched(self: Arc<Self>, flaky: Flaky) -> Result<u32, Error> { flaky.call() }
            }

            #[derive(Clone, Copy)]
            struct Id(&'static Client);

            impl Id {
                $($policies)*
                fn value(self) -> Result<u32, Error> { self.0.0.call() }
            }

            #[test]
            fn a_self_that_is_copied_moves_to_every_worker() {
                let client = || &*Box::leak(Box::new(Client(Flaky::failing(ATTEMPTS - 1))));
                assert_eq!(client().forever(), Ok(ATTEMPTS));
                assert_eq!(client().typed_forever(), Ok(ATTEMPTS));
                assert_eq!(Id(client()).value(), Ok(ATTEMPTS));
                assert_eq!(Arc::new(Client(Flaky::default())).untouched(client().0.clone()), Ok(ATTEMPTS));
            }
        };
    }
        each_threaded!(receivers);
    }
}
