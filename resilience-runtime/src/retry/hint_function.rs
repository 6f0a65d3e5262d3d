//! Calls the function that `delay_hint` names.

use core::marker::PhantomData;

use crate::function::{Convert, Converted, Exact, Unmet};

/// A function that `delay_hint` may name. It is an
/// [`OptionFunction`](crate::function::OptionFunction) that returns any type that converts into a
/// hint, so the words of a refusal say what that is.
#[diagnostic::on_unimplemented(
    message = "this option takes a function `fn({Given}) -> Option<Duration>`",
    label = "this is `{Self}`",
    note = "it may also return a `RetryHint`, or another type that converts into one",
    note = "a function that takes something else is called in a closure, `|given| f(given)`, which may use the arguments by their names"
)]
pub trait HintFunction<Given, How> {
    /// The type that the function returns.
    type Output;

    /// Calls it. The argument stands first, so that its type is known before the one that the
    /// function takes is, and a refusal shows it.
    fn call(given: Given, how: PhantomData<How>, function: Self) -> Self::Output;
}

#[diagnostic::do_not_recommend]
impl<F: FnOnce(Given) -> R, Given, R> HintFunction<Given, Exact> for F {
    type Output = R;

    #[inline]
    fn call(given: Given, _: PhantomData<Exact>, function: F) -> R {
        function(given)
    }
}

#[diagnostic::do_not_recommend]
impl<F, Given, Taken, R, By> HintFunction<Given, Converted<(Taken, By)>> for F
where
    F: FnOnce(Taken) -> R,
    Given: Convert<Taken, By>,
{
    type Output = R;

    #[inline]
    fn call(given: Given, _: PhantomData<Converted<(Taken, By)>>, function: F) -> R {
        function(given.convert())
    }
}

#[diagnostic::do_not_recommend]
impl<F: Unmet, Given> HintFunction<Given, Converted<Exact>> for F {
    type Output = ();

    fn call(_: Given, _: PhantomData<Converted<Exact>>, _: F) {
        unreachable!("no type is `Unmet`")
    }
}
