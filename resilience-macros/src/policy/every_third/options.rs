//! The options of `#[every_third]`.

use crate::language::table::{Kind, OptionSpec, Role};
use crate::policy::spec::{CRATE, operation};

pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "first",
        kind: Kind::Count {
            at_least: 1,
            hint: "",
        },
        role: Role::Setting,
        example: "first = 3",
        default: "`3`",
        meaning: "the first call that is refused",
    },
    OptionSpec {
        name: "error",
        kind: Kind::Error,
        role: Role::Own,
        example: "error = ApiError::Refused",
        default: "`From`",
        meaning: "makes the error of a refusal",
    },
    operation("operation = \"jira.issue\""),
    CRATE,
];
