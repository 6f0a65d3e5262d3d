//! Every option has a golden for each mistake that its kind allows:
//! `tests/ui/<attribute>/<mistake>/<option>.stderr`.

use std::path::Path;

use crate::language::shared::rules::NumberRule;
use crate::language::table::{Kind, OptionSpec, Zero};
use crate::policy::family;

/// The mistakes that can be made in the list of any attribute.
const LIST: [&str; 10] = [
    "twice",
    "without_value",
    "without_value_after_equals",
    "without_comma",
    "with_two_commas",
    "in_parentheses",
    "misspelt",
    "unknown",
    "of_another_attribute",
    "of_another_library",
];

/// The mistakes that can be made in the value of an option.
fn mistakes(spec: &OptionSpec) -> &'static [&'static str] {
    match spec.kind {
        Kind::Count { at_least: 0, .. } => &[
            "negative",
            "duration",
            "text",
            "too_large",
            "of_another_type",
        ],
        Kind::Count { .. } => &[
            "zero",
            "negative",
            "duration",
            "constant_zero",
            "of_another_type",
        ],
        Kind::CountTo(_) => &[
            "zero",
            "negative",
            "duration",
            "too_large",
            "constant_zero",
            "constant_too_large",
            "of_another_type",
        ],
        Kind::Duration(Zero::Allowed) => &["without_unit", "negative", "of_another_type"],
        Kind::DurationOr(_) => &[
            "zero",
            "without_unit",
            "negative",
            "constant_zero",
            "of_another_type",
            "unknown",
            "text",
        ],
        Kind::Duration(Zero::Refused { .. }) => &[
            "zero",
            "without_unit",
            "negative",
            "constant_zero",
            "of_another_type",
        ],
        Kind::Number(NumberRule::AtLeastOne { .. }) => &[
            "below_one",
            "negative",
            "text",
            "constant_below_one",
            "of_another_type",
        ],
        Kind::Number(NumberRule::Share {
            allows_zero: true, ..
        }) => &[
            "negative",
            "above_one",
            "percent",
            "text",
            "constant_above_one",
            "of_another_type",
        ],
        Kind::Number(_) => &[
            "zero",
            "above_one",
            "percent",
            "text",
            "constant_above_one",
            "of_another_type",
        ],
        Kind::Flag => &["text", "of_another_type"],
        Kind::Switch => &["text", "not_a_literal"],
        Kind::Word(_) => &["unknown", "misspelt", "text", "of_another_type"],
        Kind::Mode(_) => &["unknown", "misspelt", "on_async"],
        Kind::Text { .. } => &["empty", "number", "not_constant", "of_another_type"],
        Kind::Pattern => &[
            "without_parentheses",
            "empty",
            "list",
            "of_another_type",
            "unknown_variant",
            "guard_of_another_type",
        ],
        Kind::Function => &[
            "literal",
            "no_parameter",
            "wrong_argument",
            "wrong_return",
            "closure_wrong_return",
            "too_many_parameters",
        ],
        Kind::Arguments => &[
            "without_parentheses",
            "empty",
            "not_a_name",
            "unknown_argument",
            "borrowed",
            "not_clone",
        ],
        Kind::Error => &["of_another_type", "too_many_parameters"],
        Kind::Value => &["of_another_type"],
        Kind::Name { .. } => &["not_a_name", "of_an_argument", "of_another_layer"],
        Kind::CratePath => &["not_a_path", "unknown"],
    }
}

#[test]
fn every_option_has_a_golden_for_every_mistake() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui");
    let mut missing = Vec::new();
    for table in family() {
        let list = LIST.iter().map(|mistake| format!("options/{mistake}"));
        let values = table.options.iter().flat_map(|spec| {
            mistakes(spec)
                .iter()
                .map(|mistake| format!("{mistake}/{}", spec.name))
        });
        for case in list.chain(values) {
            let golden = root.join(table.name).join(case).with_extension("stderr");
            if !golden.exists() {
                missing.push(golden);
            }
        }
    }
    assert!(missing.is_empty(), "no golden: {missing:#?}");
}
