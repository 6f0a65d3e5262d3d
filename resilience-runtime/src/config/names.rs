//! The names of the sections: those that are expected, and those that nothing has used.

// The locks are the standard library's, because loom's cannot be statics.
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::sections::{SECTIONS, SHARED};
use crate::file::{
    ConfigErrors, ConfigFault, Faults, NamedSection, SectionKind, SectionSpec, Values, current,
    nearest,
};
use crate::{operation, scope::per_scope};

/// A section that nothing has used for so long is warned of.
const WARN_AFTER: Duration = Duration::from_secs(60);

per_scope! {
    /// The names that a section may have, or `None` if any name may.
    static EXPECTED: Mutex<Option<BTreeSet<String>>> = Mutex::new(None);
}

/// The sections that were warned of, and the time of the next warning.
static WARNINGS: Mutex<Warnings> = Mutex::new(Warnings {
    told: BTreeSet::new(),
    due: None,
});

struct Warnings {
    told: BTreeSet<String>,
    due: Option<Instant>,
}

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes any other name an error from now on, and judges the values that hold.
pub(super) fn expect(names: &[&str]) -> Result<(), ConfigErrors> {
    let names = names.iter().map(|name| (*name).to_owned());
    *lock(&EXPECTED) = Some(names.collect());
    let mut faults = Faults::default();
    if let Some(values) = current().values() {
        check(values, &mut faults);
    }
    faults.into_result()
}

/// Finds the sections with a name that is not expected.
pub(super) fn check(values: &Values, faults: &mut Faults) {
    let expected = lock(&EXPECTED).clone();
    let Some(expected) = expected else {
        return;
    };
    for (spec, section) in sections(values) {
        let name = section.name;
        let Some(place) = section.place().filter(|_| !expected.contains(name)) else {
            continue;
        };
        let names: Vec<_> = expected.iter().map(String::as_str).collect();
        let meant = nearest(name, &names, |name| name).copied();
        let message = match meant {
            Some(meant) => format!("no section `{name}` is expected; did you mean `{meant}`?"),
            None => {
                let names = names.join("`, `");
                format!("no section `{name}` is expected; the names are `{names}`")
            }
        };
        let setting = format!("{}.{name}", spec.name);
        faults.push(ConfigFault::at(place, setting, message).near(meant));
    }
}

/// The sections that have a name.
fn sections(values: &Values) -> impl Iterator<Item = (&'static SectionSpec, NamedSection<'_>)> {
    let specs = SECTIONS.iter().copied();
    let specs = specs.filter(|spec| spec.kind != SectionKind::Single);
    specs.flat_map(|spec| values.sections_of(spec).map(move |section| (spec, section)))
}

/// The sections of which nothing has used the name yet.
fn unused_sections() -> Vec<(&'static SectionSpec, String)> {
    let current = current();
    let Some(values) = current.values() else {
        return Vec::new();
    };
    let is_used = |spec: &SectionSpec, section: &NamedSection<'_>| {
        let shared = SHARED
            .iter()
            .find(|shared| shared.section.name == spec.name);
        match shared {
            Some(shared) => (shared.is_used)(section.name, section.values),
            None => operation::has_run(section.name),
        }
    };
    let unused = sections(values).filter(|(spec, section)| !is_used(spec, section));
    unused
        .map(|(spec, section)| (spec, section.name.to_owned()))
        .collect()
}

/// The names that nothing has used yet, sorted.
pub(super) fn unused() -> Vec<String> {
    let names = unused_sections().into_iter().map(|(_, name)| name);
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Warns of the sections that nothing has used, after a minute. A later configuration begins the
/// minute anew.
pub(super) fn warn_later() {
    let is_waiting = lock(&WARNINGS)
        .due
        .replace(Instant::now() + WARN_AFTER)
        .is_some();
    if is_waiting {
        return;
    }
    let waiter = thread::Builder::new().name("resilience-config".to_owned());
    if waiter.spawn(wait_and_warn).is_err() {
        // Without a thread nobody is warned, and the list of the unused sections is still right.
        lock(&WARNINGS).due = None;
    }
}

fn wait_and_warn() {
    loop {
        let due = lock(&WARNINGS).due;
        let Some(rest) = due.map(|due| due.saturating_duration_since(Instant::now())) else {
            return;
        };
        if !rest.is_zero() {
            thread::sleep(rest);
            continue;
        }
        let mut warnings = lock(&WARNINGS);
        if warnings.due == due {
            warnings.due = None;
            drop(warnings);
            return warn();
        }
    }
}

/// Warns of each section once.
fn warn() {
    for (spec, name) in unused_sections() {
        let section = format!("{}.{name}", spec.name);
        if lock(&WARNINGS).told.insert(section.clone()) {
            tracing::warn!(
                target: "resilience",
                section,
                "the configuration has a section that no function has used"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::capture;

    #[test]
    fn a_section_that_nothing_uses_is_warned_of_once() {
        let _alone = super::super::tests::alone();
        super::super::apply("[retry.\"names::unused\"]\nmax_retries = 1").expect("valid");
        assert_eq!(unused(), ["names::unused"]);
        let events = capture::events(warn);
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(
            events[0].contains("section=\"retry.names::unused\""),
            "{events:?}"
        );
        assert_eq!(capture::events(warn), [""; 0]);
    }

    #[test]
    fn the_warning_is_due_a_minute_after_the_last_configuration() {
        let _alone = super::super::tests::alone();
        let apply = |retries: u32| {
            let text = format!("[retry.\"names::due\"]\nmax_retries = {retries}");
            super::super::apply(&text).expect("valid");
        };
        for retries in [1, 2] {
            let before = Instant::now();
            apply(retries);
            let due = lock(&WARNINGS).due.expect("nobody was warned yet");
            assert!(due >= before + WARN_AFTER, "the minute begins anew");
            assert!(due <= Instant::now() + WARN_AFTER);
        }
        // The minute is over.
        lock(&WARNINGS).due = Some(Instant::now());
        let events = capture::events(wait_and_warn);
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].starts_with("WARN"), "{events:?}");
        assert_eq!(lock(&WARNINGS).due, None);
    }
}
