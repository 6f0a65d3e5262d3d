//! The operation as the expansion declares it.

// The types are the standard library's, because loom's cannot be statics.
#[cfg(not(feature = "config"))]
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fmt, mem::ManuallyDrop, panic::Location, sync::OnceLock};

#[cfg(not(feature = "config"))]
use super::described::Described;
use super::{
    counters::{Count, Counters},
    description::PolicyDescription,
    stack::Stack,
};
#[cfg(feature = "config")]
use super::{
    file_values::{FileValues, KeptValues},
    published::Published,
};
use crate::reports::UsesReport;
#[cfg(not(feature = "config"))]
use crate::settings::LayerOptions;

/// One annotated function under its name. The expansion declares one in a static for each function.
pub struct Operation {
    pub(super) name: &'static str,
    declared_at: &'static Location<'static>,
    /// Adds the policies from top to bottom. It is a function and no constant, because rustc would
    /// report a wrong value of an option once more where a constant refers to it.
    pub(super) stack: fn(&mut Stack),
    /// True from the first call on. It is apart from the counters, so that a call reads one byte
    /// and waits for nothing.
    #[cfg(not(feature = "config"))]
    has_run: AtomicBool,
    /// The values that hold, from the first call on.
    #[cfg(feature = "config")]
    pub(super) in_force: Published<FileValues>,
    /// All values that have held.
    #[cfg(feature = "config")]
    pub(super) kept: ManuallyDrop<KeptValues>,
    /// The counters of the name, from the first call on. A static is never dropped, but without the
    /// `ManuallyDrop` rustc compiles its drop into each crate that declares an operation.
    counters: ManuallyDrop<OnceLock<&'static Counters>>,
}

impl Operation {
    /// Makes an operation without a stack, as that of a value.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        Self::at(name, |_| {}, Location::caller())
    }

    /// Declares the operation at the caller's place, which is the top attribute of the function.
    #[must_use]
    #[track_caller]
    pub const fn of_stack(name: &'static str, stack: fn(&mut Stack)) -> Self {
        Self::at(name, stack, Location::caller())
    }

    /// Declares the operation at a place of the user's code.
    pub(super) const fn at(
        name: &'static str,
        stack: fn(&mut Stack),
        declared_at: &'static Location<'static>,
    ) -> Self {
        Self {
            name,
            declared_at,
            stack,
            #[cfg(not(feature = "config"))]
            has_run: AtomicBool::new(false),
            #[cfg(feature = "config")]
            in_force: Published::nothing(),
            #[cfg(feature = "config")]
            kept: ManuallyDrop::new(KeptValues::new()),
            counters: ManuallyDrop::new(OnceLock::new()),
        }
    }

    /// True if a call has begun.
    #[inline]
    #[cfg(not(feature = "config"))]
    pub(super) fn has_run(&self) -> bool {
        self.has_run.load(Ordering::Relaxed)
    }

    /// The options of the attribute that uses a shared thing. Only a configuration file asks for
    /// them, and there is none.
    #[cfg(not(feature = "config"))]
    #[expect(clippy::unused_self, reason = "the feature `config` has a file")]
    pub(crate) fn options_of(&self, _: &dyn Described, _: &str) -> LayerOptions {
        LayerOptions::default()
    }

    /// Notes the counters of the name.
    pub(super) fn list(&self, counters: impl FnOnce() -> &'static Counters) {
        self.counters.get_or_init(counters);
    }

    /// Notes that the operation is listed in the statistics.
    #[cfg(not(feature = "config"))]
    pub(super) fn listed(&self) {
        self.has_run.store(true, Ordering::Relaxed);
    }

    /// Counts one thing that went wrong. An operation that is not listed, as that of a value,
    /// counts nothing.
    #[inline]
    pub(crate) fn count(&self, what: Count) {
        if let Some(counters) = self.counters() {
            counters.count(what);
        }
    }

    /// Adds a use of a fallback, and returns a report if one is due.
    pub(crate) fn add_fallback_use(&self, now: u64) -> Option<UsesReport> {
        self.counters()?.fallback_uses.add(now)
    }

    fn counters(&self) -> Option<&'static Counters> {
        #[cfg(feature = "test-util")]
        let operation = crate::scope::Own::here_if_used(self);
        #[cfg(not(feature = "test-util"))]
        let operation = self;
        operation.counters.get().copied()
    }

    /// Takes a name that is not a literal. The expansion passes it through this function, so that a
    /// value of another type is reported at the user's token.
    #[must_use]
    pub const fn text(name: &'static str) -> &'static str {
        name
    }

    /// Checks that two attributes of one stack give the same name. At least one of the names is a
    /// constant that the macro cannot read.
    ///
    /// # Panics
    ///
    /// If the names differ. The expansion evaluates it when the program is compiled.
    #[track_caller]
    pub const fn same(first: &'static str, second: &'static str) {
        let (first, second) = (first.as_bytes(), second.as_bytes());
        let mut at = 0;
        let mut is_same = first.len() == second.len();
        while is_same && at < first.len() {
            is_same = first[at] == second[at];
            at += 1;
        }
        assert!(
            is_same,
            "`operation` has another value on an attribute above: a function is one operation; keep one of them"
        );
    }

    /// The name: the one that `operation = …` gives, or the module path and the name of the
    /// function.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Describes the policies from top to bottom, with the values that hold now.
    pub(super) fn describe_now(&self) -> Vec<PolicyDescription> {
        #[cfg(feature = "config")]
        if let Some(values) = crate::file::current().values() {
            return self.describe_in_file(values);
        }
        self.describe()
    }

    /// Describes the policies from top to bottom.
    pub(super) fn describe(&self) -> Vec<PolicyDescription> {
        Stack::of(self.stack).describe(self.name)
    }

    /// The place of the function's top attribute.
    #[must_use]
    pub const fn declared_at(&self) -> &'static Location<'static> {
        self.declared_at
    }
}

#[cfg(feature = "test-util")]
impl crate::scope::Own for Operation {
    fn unused(&self) -> Self {
        Self::at(self.name, self.stack, self.declared_at)
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static FETCH: Operation = Operation::new("declared::fetch");

    #[test]
    fn it_knows_its_name_and_its_place() {
        assert_eq!(FETCH.name(), "declared::fetch");
        assert_eq!(FETCH.declared_at().file(), file!());
    }

    #[test]
    fn the_same_name_twice_is_one_operation() {
        const _: () = Operation::same("jira", concat!("ji", "ra"));
    }

    #[test]
    #[should_panic(expected = "`operation` has another value on an attribute above")]
    fn another_name_of_the_same_length_is_refused() {
        Operation::same("jira", "jirb");
    }

    #[test]
    #[should_panic(expected = "`operation` has another value on an attribute above")]
    fn a_longer_name_is_refused() {
        Operation::same("jira", "jira.issue");
    }
}
