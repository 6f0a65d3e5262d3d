//! From a text to values that hold: all of it, or nothing.

use std::{
    env,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use super::names;
use super::sections::{SECTIONS, SHARED};

use crate::events::{self, EventKind};
use crate::file::{
    self, ConfigChange, ConfigErrors, ConfigFault, Document, Faults, OVERRIDES, Values,
    add_overrides, changes, parse,
};
use crate::operation::{self, Computed, Hold, Prepared};

/// A configuration that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// The settings that are others than before, sorted.
    pub changes: Vec<ConfigChange>,
}

/// Applies a text and the overrides of the environment, or nothing of them.
pub(super) fn apply(name: &str, text: String) -> Result<Applied, ConfigErrors> {
    let content = hash(&text);
    let document = Document {
        name: name.to_owned(),
        text,
        is_environment: false,
    };
    let applied = read(document).and_then(hold);
    match applied {
        Ok(Held {
            changes,
            computed,
            shared,
        }) => {
            operation::tell_computed(computed);
            for tell in shared {
                tell();
            }
            tell_applied(name, &changes);
            Ok(Applied { changes })
        }
        Err(errors) => Err(tell_refused(errors, content)),
    }
}

/// Tells of a configuration whose content nobody could read, and returns its faults. It is told
/// once until something else happens.
pub(super) fn refused(errors: ConfigErrors) -> ConfigErrors {
    tell_refused(errors, hash(""))
}

fn hash(content: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

/// Tells of a configuration that was refused, once for each content, and returns its faults.
fn tell_refused(errors: ConfigErrors, content: u64) -> ConfigErrors {
    let report = errors.to_string();
    if file::note_refused(&report, content) {
        tracing::error!(
            target: "resilience",
            report,
            "configuration refused, and nothing of it was applied"
        );
        events::emit(None, || EventKind::ConfigRefused { report: &report });
    }
    errors
}

/// Reads the text and the overrides. All faults are found that need no function.
fn read(document: Document) -> Result<Values, ConfigErrors> {
    let mut faults = Faults::default();
    let mut values = parse(&Arc::new(document), SECTIONS, &mut faults);
    match env::var(OVERRIDES) {
        Ok(text) => {
            let document = Document {
                name: OVERRIDES.to_owned(),
                text,
                is_environment: true,
            };
            add_overrides(&Arc::new(document), SECTIONS, &mut values, &mut faults);
        }
        Err(env::VarError::NotPresent) => {}
        Err(env::VarError::NotUnicode(_)) => {
            let message = format!("the variable `{OVERRIDES}` is no UTF-8");
            faults.push(ConfigFault::of_file(OVERRIDES, message));
        }
    }
    values.check_together(SECTIONS, &mut faults);
    names::check(&values, &mut faults);
    faults.into_result()?;
    Ok(values)
}

/// The result of a configuration that holds.
struct Held {
    changes: Vec<ConfigChange>,
    computed: Vec<Computed>,
    /// They tell of the shared things.
    shared: Vec<Box<dyn FnOnce()>>,
}

/// Checks the values against everything that has run, and lets them hold.
fn hold(values: Values) -> Result<Held, ConfigErrors> {
    file::replace(|before| {
        let Checked { functions, shared } = prepare(&values)?;
        let changes = changes(before, &values);
        let computed = functions.hold();
        let shared = shared.into_iter().map(|hold| hold(&values)).collect();
        let held = Held {
            changes,
            computed,
            shared,
        };
        Ok((Arc::new(values), held))
    })
}

/// Everything that has run, with values that were checked.
struct Checked {
    functions: Prepared,
    shared: Vec<Hold>,
}

/// Checks the values against everything that has run.
fn prepare(values: &Values) -> Result<Checked, ConfigErrors> {
    let mut faults = Faults::default();
    let mut functions = operation::prepare(values);
    for fault in functions.faults.drain(..) {
        faults.push(fault);
    }
    let prepare = |shared: &super::sections::Shared| (shared.prepare)(values, &mut faults);
    let shared = SHARED.iter().map(prepare).collect();
    faults.into_result()?;
    Ok(Checked { functions, shared })
}

fn tell_applied(name: &str, changes: &[ConfigChange]) {
    file::note_applied(name);
    names::warn_later();
    tracing::info!(
        target: "resilience",
        file = name,
        changes = changes.len(),
        "configuration applied"
    );
    events::emit(None, || EventKind::ConfigApplied { changes });
}
