//! The number of calls that an attribute is given as its limit.

/// The type of a limit. It is `u32` alone, and the trait is there for its message: a limit may
/// stand without the name of its option, as a configuration does by mistake.
#[diagnostic::on_unimplemented(
    message = "a limit for calls is a `u32`, and this is a `{Self}`",
    label = "this is a `{Self}`",
    note = "a configuration is behind its option: write `config = …`",
    note = "a number of another type needs a conversion: `const LIMIT: u32 = …;`"
)]
pub trait CallLimit {
    /// The type itself. A function cannot name it where the type has no `CallLimit`, so that rustc
    /// says nothing else of the value.
    type Itself;
}

impl CallLimit for u32 {
    type Itself = Self;
}

/// Returns the limit.
#[doc(hidden)]
#[inline]
#[must_use]
pub const fn call_limit<L: CallLimit<Itself = L> + Copy>(limit: L) -> L::Itself {
    limit
}
