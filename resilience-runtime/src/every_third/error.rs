use core::{error::Error, fmt};
use std::io;

use crate::errors::{Refusal, RefusalKind};

/// The error of a call that `#[every_third]` refused.
#[derive(Clone, Debug)]
pub struct ThirdCall(pub(super) ());

static REFUSAL: Refusal = Refusal::new(RefusalKind::EveryThird, "it was a third call");

impl fmt::Display for ThirdCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every third call is refused")
    }
}

impl Error for ThirdCall {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&REFUSAL)
    }
}

impl From<ThirdCall> for io::Error {
    fn from(refused: ThirdCall) -> Self {
        Self::other(refused)
    }
}

/// An error type that the refusal converts into.
pub trait FromThirdCall: Sized {
    /// Converts.
    fn from(refused: ThirdCall) -> Self;
}

impl<E: From<ThirdCall>> FromThirdCall for E {
    fn from(refused: ThirdCall) -> Self {
        refused.into()
    }
}
