//! The values that a call owns are dropped in the order of the bare function: locals, then
//! arguments from the last to the first.

use std::sync::{Arc, Mutex};

use crate::Error;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn note(&self, name: &'static str) -> Noted {
        Noted {
            name,
            log: self.clone(),
        }
    }

    fn entries(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }

    fn push(&self, entry: &'static str) {
        self.0.lock().unwrap().push(entry);
    }
}

/// Notes when it is dropped.
struct Noted {
    name: &'static str,
    log: Log,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.log.push(self.name);
    }
}

macro_rules! functions {
    ($($policies:tt)*) => {
        $($policies)*
        fn used(first: Noted, second: Noted, _named: Noted, _: Noted) -> Result<&'static str, Error> {
            let _local = first.log.note("local");
            let _later = second.log.note("later local");
            Ok(first.name)
        }

        $($policies)*
        fn unused(_first: Noted, _second: Noted) -> Result<(), Error> { Ok(()) }

        $($policies)*
        fn parts((left, _): (Noted, Noted), last: Noted) -> Result<(), Error> {
            let _seen = (&left, &last);
            Ok(())
        }

        struct Owner { field: Noted }

        impl Owner {
            $($policies)*
            fn method(self, last: Noted) -> Result<(), Error> { let _seen = (&self.field, &last); Ok(()) }
        }

        $($policies)*
        fn temporaries(log: &Log) -> Result<usize, Error> {
            fn len(noted: &Noted) -> usize { noted.name.len() }
            let before = len(&log.note("statement"));
            log.push("between");
            Ok(before + len(&log.note("tail")))
        }

        #[test]
        fn arguments_are_dropped_last_to_first_after_the_locals() {
            let log = Log::default();
            let outcome = run!(used(log.note("first"), log.note("second"), log.note("named"), log.note("anonymous")));
            log.push("returned");
            assert_eq!(outcome, Ok("first"));
            assert_eq!(log.entries(), BARE_USED);
        }

        #[test]
        fn arguments_that_nothing_uses_live_as_long() {
            let log = Log::default();
            run!(unused(log.note("first"), log.note("second"))).unwrap();
            log.push("returned");
            assert_eq!(log.entries(), ["second", "first", "returned"]);
        }

        #[test]
        fn parts_of_arguments_and_self() {
            let log = Log::default();
            run!(parts((log.note("left"), log.note("right")), log.note("last"))).unwrap();
            assert_eq!(log.entries(), BARE_PARTS);
            let log = Log::default();
            run!(Owner { field: log.note("self") }.method(log.note("last"))).unwrap();
            assert_eq!(log.entries(), ["last", "self"]);
        }

        #[test]
        fn temporaries_of_the_tail_are_dropped_at_its_end() {
            let log = Log::default();
            assert_eq!(run!(temporaries(&log)), Ok(13));
            assert_eq!(log.entries(), ["statement", "between", "tail"]);
        }
    };
}

const BARE_USED: [&str; 7] = [
    "later local",
    "local",
    "anonymous",
    "named",
    "second",
    "first",
    "returned",
];
const BARE_PARTS: [&str; 3] = ["last", "left", "right"];

// The rule itself, by rustc's own hand.
group!(bare, sync, 1, functions,);
group!(bare_async, asynchronous, 1, functions, async);
each!(functions);
each_hedged!(functions);
