//! The entry of a policy in the list.

use std::fmt;
use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;

use crate::emit::cloned::Cloned;
use crate::emit::plan::PlannedLayer;
use crate::errors::Errors;
use crate::function::form::Form;
use crate::function::item::Function;
use crate::function::used_arguments::{NeedWords, UsedArguments};
use crate::language::entry::Entry;
use crate::language::table::{Kind, OptionSpec, Role, Table};
use crate::language::value::Setting;
use crate::language::values::Values;
use crate::source_text::source_text;

/// One attribute of the family.
pub(crate) struct Policy {
    /// The language of the attribute.
    pub(crate) table: &'static Table,
    /// Arguments that the policy needs after the function has run.
    pub(crate) needs: Option<Needs>,
    /// The option with a pattern that is shown the error of a refusal, before the refusal happens.
    pub(crate) refusal_filter: Option<&'static str>,
    /// Checks the options and plans the layer.
    pub(crate) check: fn(&mut Values<'_>, Surroundings<'_>, &mut Errors) -> CheckedLayer,
}

/// The need of a policy for arguments after the function has run.
pub(crate) struct Needs {
    /// The arguments, by the options of the attribute.
    pub(crate) arguments: fn(&[Entry]) -> UsedArguments,
    /// Code of the user's reads them then.
    pub(crate) are_read: bool,
    /// Several attempts use them at once.
    pub(crate) are_shared: bool,
    pub(crate) words: NeedWords,
}

impl Policy {
    /// The arguments that an attribute with these options needs after the function has run.
    pub(crate) fn used_after(&self, entries: &[Entry]) -> UsedArguments {
        let needs = self.needs.as_ref();
        needs.map_or(UsedArguments::None, |needs| (needs.arguments)(entries))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.table.name
    }
}

#[cfg(test)]
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)
    }
}

/// The row of the option `operation`, which all attributes have.
pub(crate) const fn operation(example: &'static str) -> OptionSpec {
    OptionSpec {
        name: OPERATION,
        kind: Kind::Text { hint: "" },
        role: Role::Own,
        example,
        default: "module path and function name",
        meaning: "the name of the function in logs, statistics and errors; one attribute says it for the whole stack",
    }
}

const OPERATION: &str = "operation";

/// The row of the option `crate`, which all attributes have.
pub(crate) const CRATE: OptionSpec = OptionSpec {
    name: "crate",
    kind: Kind::CratePath,
    role: Role::Own,
    example: "crate = my_crate::resilience",
    default: "`::resilience`",
    meaning: "where the runtime is, if it is renamed or re-exported",
};

/// Takes the name of the operation out of the options.
pub(crate) fn take_operation(values: &mut Values<'_>) -> Option<Setting> {
    values.take_setting(OPERATION)
}

/// The things beside its own options that a policy may look at.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) function: &'a Function,
    /// `None` for a function that no attribute can stand on.
    pub(crate) form: Option<&'a Form>,
    /// The expressions of the stack that are evaluated after an attempt.
    pub(crate) read_later: &'a TokenStream,
}

pub(crate) struct CheckedLayer {
    pub(crate) layer: PlannedLayer,
    pub(crate) literals: LiteralValues,
    /// The arguments that the layer clones.
    pub(crate) cloned: Vec<Cloned>,
}

/// A time that is written as a literal, with its tokens.
pub(crate) type LiteralTime = Option<(Duration, TokenStream)>;

/// The values of one layer that can contradict those of another layer, as far as they are literals.
#[derive(Default)]
pub(crate) struct LiteralValues {
    /// The layer ends all that is inside of it after this time.
    pub(crate) limit: LiteralTime,
    /// The shortest that the layer's first wait can be.
    pub(crate) first_wait: LiteralTime,
    /// The layer begins no wait that would end after this time.
    pub(crate) longest_wait: LiteralTime,
    /// The variable that the layer declares for the body.
    pub(crate) variable: Option<Ident>,
    /// The longest time that a call waits in the layer before the layers inside of it begin.
    pub(crate) max_wait: LiteralTime,
    /// The state that the layer shares with other layers of that name.
    pub(crate) shared: Option<SharedState>,
}

/// A state that layers share by name.
pub(crate) struct SharedState {
    /// The name in words, which tells two states apart, too.
    pub(crate) words: String,
    /// The tokens that give the name.
    pub(crate) tokens: TokenStream,
    /// The reason why it must not guard one function twice.
    pub(crate) twice: &'static str,
}

/// The state of a policy that is found by `name` and `key`. The key belongs to the name, because
/// the states of different keys are different.
pub(crate) fn shared_state(
    values: &Values<'_>,
    thing: &str,
    twice: &'static str,
) -> Option<SharedState> {
    let of_key = values.expr("key").map_or_else(String::new, |key| {
        format!(" of `{}`", source_text(&key.to_token_stream()))
    });
    let (words, tokens) = match values.setting("name") {
        Some(name) => (
            format!("the {thing} {}{of_key}", source_text(&name.source)),
            name.source.clone(),
        ),
        None if values.incomplete => return None,
        None => (
            format!("the {thing} of the function's own name{of_key}"),
            values.anchor.clone(),
        ),
    };
    Some(SharedState {
        words,
        tokens,
        twice,
    })
}

/// Checks the options that only states per key have.
pub(crate) fn key_settings(values: &Values<'_>, thing: &str, errors: &mut Errors) {
    if values.incomplete || values.key("key").is_some() {
        return;
    }
    for name in ["max_keys", "idle"] {
        if let Some(key) = values.key(name) {
            errors.at(
                key,
                format!(
                    "`{name}` belongs to `key`, a {thing} for each key: add one, like `key = tenant`, or remove `{name}`"
                ),
            );
        }
    }
}

/// The value of an option that is a literal duration.
pub(crate) fn literal_time(values: &Values<'_>, name: &str) -> LiteralTime {
    let setting = values.setting(name)?;
    Some((setting.literal.duration()?, setting.source.clone()))
}
