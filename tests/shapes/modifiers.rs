//! The modifiers in front of `fn`: visibility, `unsafe`, `extern`, raw names, and their
//! combinations with `async`.
#![allow(
    unsafe_code,
    reason = "functions that are unsafe to call are functions too"
)]
#![allow(
    missing_abi,
    improper_ctypes_definitions,
    reason = "only Rust calls what is exported here"
)]

use crate::{Error, Flaky};

macro_rules! modified {
    ($($policies:tt)*) => {
        mod inner {
            use super::*;

            $($policies)*
            pub(in super::super) fn in_path(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

            $($policies)*
            pub(super) fn in_super(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

            $($policies)*
            pub(crate) fn in_crate(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }
        }

        $($policies)*
        unsafe fn reads(flaky: &Flaky, raw: *const u32) -> Result<u32, Error> {
            // SAFETY: promised by the caller.
            Ok(flaky.call()? + unsafe { *raw })
        }

        #[allow(unsafe_op_in_unsafe_fn)]
        $($policies)*
        unsafe fn reads_without_a_block(flaky: &Flaky, raw: *const u32) -> Result<u32, Error> { Ok(flaky.call()? + *raw) }

        $($policies)*
        extern "C" fn foreign(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

        $($policies)*
        unsafe extern "C-unwind" fn foreign_unsafe(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

        $($policies)*
        extern fn of_the_default_interface(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

        $($policies)*
        fn r#match(flaky: &Flaky, r#type: u32) -> Result<u32, Error> { Ok(flaky.call()? + r#type) }

        #[test]
        fn modifiers_are_kept() {
            let flaky = || Flaky::failing(ATTEMPTS - 1);
            assert_eq!(inner::in_path(&flaky()), Ok(ATTEMPTS));
            assert_eq!(inner::in_super(&flaky()), Ok(ATTEMPTS));
            assert_eq!(inner::in_crate(&flaky()), Ok(ATTEMPTS));
            let pointer: unsafe fn(&Flaky, *const u32) -> Result<u32, Error> = reads;
            // SAFETY: a reference points to a number.
            assert_eq!(unsafe { pointer(&flaky(), &1) }, Ok(ATTEMPTS + 1));
            // SAFETY: the pointer comes from a reference that is still alive.
            assert_eq!(unsafe { reads_without_a_block(&flaky(), &1) }, Ok(ATTEMPTS + 1));
            let pointer: extern "C" fn(&Flaky) -> Result<u32, Error> = foreign;
            assert_eq!(pointer(&flaky()), Ok(ATTEMPTS));
            // SAFETY: it asks for nothing.
            assert_eq!(unsafe { foreign_unsafe(&flaky()) }, Ok(ATTEMPTS));
            assert_eq!(of_the_default_interface(&flaky()), Ok(ATTEMPTS));
            assert_eq!(r#match(&flaky(), 2), Ok(ATTEMPTS + 2));
        }
    };
}
each_sync!(modified);

macro_rules! modified_async {
    ($($policies:tt)*) => {
        $($policies)*
        pub(crate) async fn in_crate(flaky: &Flaky) -> Result<u32, Error> { flaky.call_async().await }

        $($policies)*
        pub(super) async unsafe fn reads(flaky: &Flaky, raw: &u32) -> Result<u32, Error> {
            let raw: *const u32 = raw;
            // SAFETY: the pointer is made of a reference a line above.
            let read = unsafe { *raw };
            Ok(flaky.call_async().await? + read)
        }

        $($policies)*
        async fn r#async(flaky: &Flaky, r#await: u32) -> Result<u32, Error> { Ok(flaky.call_async().await? + r#await) }

        #[test]
        fn modifiers_are_kept() {
            let flaky = || Flaky::failing(ATTEMPTS - 1);
            assert_eq!(run!(in_crate(&flaky())), Ok(ATTEMPTS));
            let reading = flaky();
            // SAFETY: it asks for nothing.
            assert_eq!(run!(unsafe { reads(&reading, &1) }), Ok(ATTEMPTS + 1));
            assert_eq!(run!(r#async(&flaky(), 2)), Ok(ATTEMPTS + 2));
        }
    };
}
each_async!(modified_async,);
each_hedged!(modified_async,);

/// Written out: an exported symbol must be one.
#[resilience::retry(max_retries = 2, base_delay = 0s)]
#[resilience::circuit_breaker(failure_threshold = 1000)]
#[unsafe(no_mangle)]
#[resilience::timeout(1m, mode = cooperative)]
pub(crate) extern "C" fn resilience_tests_exported(flaky: &Flaky) -> Result<u32, Error> {
    flaky.call()
}

#[test]
fn an_exported_symbol_is_retried() {
    assert_eq!(resilience_tests_exported(&Flaky::failing(2)), Ok(3));
}

#[test]
fn a_raw_name_is_shown_without_its_prefix() {
    #[resilience::timeout(1ms)]
    async fn r#match() -> Result<(), resilience::TimedOut> {
        std::future::pending().await
    }
    let late = crate::policies::asynchronous::block_on(r#match()).unwrap_err();
    assert_eq!(late.operation(), concat!(module_path!(), "::match"));
}
