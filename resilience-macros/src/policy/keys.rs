//! The rows of the options of policies that have a thing for each key.

use crate::language::table::{Kind, OptionSpec, Role, Zero};

/// The row of the option `key`.
pub(super) const fn key(meaning: &'static str) -> OptionSpec {
    OptionSpec {
        name: "key",
        kind: Kind::Value,
        role: Role::Own,
        example: "key = tenant",
        default: "none",
        meaning,
    }
}

/// The row of the option `max_keys`.
pub(super) const fn max_keys(meaning: &'static str) -> OptionSpec {
    OptionSpec {
        name: "max_keys",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "max_keys = 1000",
        default: "`1000`",
        meaning,
    }
}

/// The row of the option `idle`.
pub(super) const fn idle(meaning: &'static str) -> OptionSpec {
    OptionSpec {
        name: "idle",
        kind: Kind::Duration(Zero::Refused { instead: "" }),
        role: Role::Setting,
        example: "idle = 10m",
        default: "`10m`",
        meaning,
    }
}
