//! Calls the functions that options name (`retry_if = f`, `fallback = f`).
//!
//! A function that takes exactly what it is given is called as it is, and one may also take what a
//! reference to it dereferences to (`&str` for a `&String`) or a `&dyn Error`. Any other function
//! is refused in words that say the signature, which rustc alone would not: it takes the user's
//! function for the one that is right.
//!
//! The expansion looks the [`Passing`] up by method resolution, as
//! [`Inspect`](crate::errors::Inspect) does, because the trait solver alone cannot prefer one of
//! two: a generic function would fit both.

use core::error::Error;
use core::marker::PhantomData;
use core::ops::Deref;
use core::time::Duration;

/// The arguments are passed as they are.
#[derive(Debug)]
pub enum Exact {}

/// Some of the arguments are converted; `By` says how each one is.
#[derive(Debug)]
pub struct Converted<By>(PhantomData<By>);

/// The argument is dereferenced once more.
#[derive(Debug)]
pub enum Dereferenced {}

/// The argument becomes a trait object.
#[derive(Debug)]
pub enum AsDynError {}

/// The entry of the lookup of how `F` is called with `Given`. It answers for a function that takes
/// `Given` as it is.
#[derive(Debug)]
pub struct Passing<F, Given>(OtherPassing<F, Given>);

/// The second step of the lookup. It answers for every other function.
#[derive(Debug)]
pub struct OtherPassing<F, Given>(PhantomData<(F, Given)>);

impl<F, Given> Passing<F, Given> {
    /// Takes the two types for the lookup.
    #[inline]
    pub fn of(_: &F, _: &Given) -> Self {
        Self(OtherPassing(PhantomData))
    }
}

impl<F, Given> Deref for Passing<F, Given> {
    type Target = OtherPassing<F, Given>;

    #[inline]
    fn deref(&self) -> &OtherPassing<F, Given> {
        &self.0
    }
}

impl<F, Given> OtherPassing<F, Given> {
    #[doc(hidden)]
    #[inline]
    #[expect(clippy::unused_self, reason = "the lookup goes by its type")]
    pub fn __found<By>(&self) -> PhantomData<Converted<By>> {
        PhantomData
    }
}

/// A reference that a function may take in place of another one.
pub trait Convert<Taken, By> {
    /// Converts.
    fn convert(self) -> Taken;
}

impl<T> Convert<T, Exact> for T {
    #[inline]
    fn convert(self) -> T {
        self
    }
}

impl<'a, T: Deref> Convert<&'a T::Target, Dereferenced> for &'a T {
    #[inline]
    fn convert(self) -> &'a T::Target {
        self
    }
}

impl<'a, T: Error + 'static> Convert<&'a (dyn Error + 'static), AsDynError> for &'a T {
    #[inline]
    fn convert(self) -> &'a (dyn Error + 'static) {
        self
    }
}

/// The value that `#[timeout(…)]` was given as its limit. It is the entry of a lookup and answers
/// for a `Duration`.
#[derive(Debug)]
pub struct Limit<T>(NoLimit<T>);

/// The second step of the lookup. It answers for any other type, and only to refuse it.
#[derive(Debug)]
pub struct NoLimit<T>(T);

impl<T> Limit<T> {
    /// Takes the value.
    #[inline]
    pub const fn new(value: T) -> Self {
        Self(NoLimit(value))
    }
}

impl Limit<Duration> {
    #[doc(hidden)]
    #[inline]
    pub const fn __duration(&self) -> Duration {
        self.0.0
    }
}

impl<T> Deref for Limit<T> {
    type Target = NoLimit<T>;

    #[inline]
    fn deref(&self) -> &NoLimit<T> {
        &self.0
    }
}

impl<T> NoLimit<T> {
    #[doc(hidden)]
    #[expect(clippy::unused_self, reason = "the lookup goes by its type")]
    pub fn __duration(&self) -> Duration
    where
        T: IsLimit,
    {
        unreachable!("nothing is `IsLimit`")
    }
}

/// Implemented for nothing: a `Duration` is found before this is asked.
#[diagnostic::on_unimplemented(
    message = "the limit of `#[timeout(…)]` is a `Duration`, and this is a `{Self}`",
    label = "this is a `{Self}`",
    note = "a number needs a unit: write `5s`, or `Duration::from_secs(…)`",
    note = "a configuration is behind its option: write `config = …`"
)]
pub trait IsLimit {}

/// No type implements this trait. An implementation that asks for it stands beside the ones that
/// count, because rustc reports an unmet trait in the words of that trait only if more than one
/// implementation could be meant.
pub trait Unmet {}

/// A function that an option of one parameter may name.
#[diagnostic::on_unimplemented(
    message = "this option takes a function `fn({Given}) -> {Returned}`",
    label = "this is `{Self}`",
    note = "a function that takes something else is called in a closure, `|given| f(given)`, which may use the arguments by their names"
)]
pub trait OptionFunction<Given, Returned, How> {
    /// Calls it. The argument stands first, so that its type is known before the one that the
    /// function takes is, and a refusal shows it.
    fn call(given: Given, how: PhantomData<How>, function: Self) -> Returned;
}

#[diagnostic::do_not_recommend]
impl<F: FnOnce(Given) -> R, Given, R> OptionFunction<Given, R, Exact> for F {
    #[inline]
    fn call(given: Given, _: PhantomData<Exact>, function: F) -> R {
        function(given)
    }
}

#[diagnostic::do_not_recommend]
impl<F, Given, Taken, R, By> OptionFunction<Given, R, Converted<(Taken, By)>> for F
where
    F: FnOnce(Taken) -> R,
    Given: Convert<Taken, By>,
{
    #[inline]
    fn call(given: Given, _: PhantomData<Converted<(Taken, By)>>, function: F) -> R {
        function(given.convert())
    }
}

#[diagnostic::do_not_recommend]
impl<F: Unmet, Given, R> OptionFunction<Given, R, Converted<Exact>> for F {
    fn call(_: Given, _: PhantomData<Converted<Exact>>, _: F) -> R {
        unreachable!("no type is `Unmet`")
    }
}

/// A function that `fallback` may name: it takes the error of the refusal and the arguments.
/// `Returned` is only shown, because the fallback of an async function may return a future of it.
#[diagnostic::on_unimplemented(
    message = "this option takes a function `fn{Given} -> {Returned}`",
    label = "this is `{Self}`",
    note = "for an async function it may be async",
    note = "a function that takes something else is called in a closure, `|given| f(…)`, which may use the arguments by their names"
)]
pub trait FallbackFunction<Given, Returned, How> {
    /// The type that the function returns.
    type Output;

    /// Calls it. The arguments stand first, so that their types are known before those that the
    /// function takes are.
    fn call(given: Given, how: PhantomData<How>, function: Self) -> Self::Output;
}

#[diagnostic::do_not_recommend]
impl<F: Unmet, Given, Returned> FallbackFunction<Given, Returned, Converted<Exact>> for F {
    type Output = Returned;

    fn call(_: Given, _: PhantomData<Converted<Exact>>, _: F) -> Returned {
        unreachable!("no type is `Unmet`")
    }
}

/// Implements both traits for a function of this number of arguments, the error of the refusal
/// included.
macro_rules! with_arguments {
    ($($given:ident $taken:ident $by:ident $name:ident),+) => {
        impl<Function: FnOnce($($given),+) -> R, $($given,)+ R> Passing<Function, ($($given,)+)> {
            #[doc(hidden)]
            #[inline]
            pub fn __found(&self) -> PhantomData<Exact> {
                PhantomData
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Function, $($given,)+ R, Returned> FallbackFunction<($($given,)+), Returned, Exact> for Function
        where
            Function: FnOnce($($given),+) -> R,
        {
            type Output = R;

            #[inline]
            fn call(($($name,)+): ($($given,)+), _: PhantomData<Exact>, function: Function) -> R {
                function($($name),+)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Function, $($given, $taken, $by,)+ R, Returned>
            FallbackFunction<($($given,)+), Returned, Converted<($($taken, $by,)+)>> for Function
        where
            Function: FnOnce($($taken),+) -> R,
            $($given: Convert<$taken, $by>,)+
        {
            type Output = R;

            #[inline]
            fn call(
                ($($name,)+): ($($given,)+),
                _: PhantomData<Converted<($($taken, $by,)+)>>,
                function: Function,
            ) -> R {
                function($($name.convert()),+)
            }
        }
    };
}

with_arguments!(A TakenA ByA a);
with_arguments!(A TakenA ByA a, B TakenB ByB b);
with_arguments!(A TakenA ByA a, B TakenB ByB b, C TakenC ByC c);
with_arguments!(A TakenA ByA a, B TakenB ByB b, C TakenC ByC c, D TakenD ByD d);
with_arguments!(A TakenA ByA a, B TakenB ByB b, C TakenC ByC c, D TakenD ByD d, E TakenE ByE e);
with_arguments!(
    A TakenA ByA a, B TakenB ByB b, C TakenC ByC c, D TakenD ByD d, E TakenE ByE e, F TakenF ByF f
);
with_arguments!(
    A TakenA ByA a, B TakenB ByB b, C TakenC ByC c, D TakenD ByD d, E TakenE ByE e, F TakenF ByF f,
    G TakenG ByG g
);
with_arguments!(
    A TakenA ByA a, B TakenB ByB b, C TakenC ByC c, D TakenD ByD d, E TakenE ByE e, F TakenF ByF f,
    G TakenG ByG g, H TakenH ByH h
);
