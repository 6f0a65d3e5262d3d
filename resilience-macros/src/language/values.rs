//! The checked options of one attribute. The policy takes them out one by one; an option that it
//! leaves would be ignored, so that is an error of this crate.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, Ident, Path};

use super::entry::{Arguments, Entry, Filter};
use super::scope::Scope;
use super::stage::{Operators, Stage};
use super::table::{Role, Table};
use super::value::{self, CheckedValue, Literal, Setting};
use crate::errors::Errors;

/// A configuration: a value to start from, and the settings that override it.
#[derive(Clone)]
pub(crate) struct ConfigPlan {
    pub(crate) base: Option<(Expr, Stage)>,
    pub(crate) settings: Vec<Setting>,
    /// True if the configuration may refer to a static with atomics. It is a static item then,
    /// because before Rust 1.91 a const item must not refer to one.
    pub(crate) is_static: bool,
}

impl ConfigPlan {
    /// Sets a constant setting by a `setter` that compares it with a constant base, unless another
    /// setting of the attribute decides over its effect.
    pub(crate) fn compare_with_base(
        &mut self,
        setting: &str,
        deciders: &[&str],
        setter: &'static str,
    ) {
        let is_constant = |stage: Stage| stage != Stage::Runtime;
        let has_constant_base = self
            .base
            .as_ref()
            .is_some_and(|(_, stage)| is_constant(*stage));
        let is_decided = |setting: &Setting| deciders.contains(&setting.setter);
        if !has_constant_base || self.settings.iter().any(is_decided) {
            return;
        }
        let mut settings = self.settings.iter_mut();
        if let Some(found) = settings.find(|it| it.setter == setting && is_constant(it.stage)) {
            found.setter = setter;
        }
    }

    /// Sets two constant settings by one `setter`, which compares them, because a constant `low`
    /// above a constant `high` is a mistake. A setting that is computed is capped at run time.
    pub(crate) fn compare(&mut self, low: &str, high: &str, setter: &'static str) {
        let settings = &mut self.settings;
        let find = |name: &str| settings.iter().position(|setting| setting.setter == name);
        let (Some(low_at), Some(high_at)) = (find(low), find(high)) else {
            return;
        };
        let both = [low_at, high_at].map(|at| settings.get(at));
        let is_constant = both
            .iter()
            .flatten()
            .all(|setting| setting.stage != Stage::Runtime);
        let is_known = both
            .iter()
            .flatten()
            .all(|setting| setting.literal != Literal::Unknown);
        if !is_constant || is_known {
            return;
        }
        let high = settings.remove(high_at);
        if let Some(low) = settings.iter_mut().find(|setting| setting.setter == low) {
            // The error is at the value that the macro cannot compare.
            if low.literal != Literal::Unknown {
                low.source = high.source;
            }
            let (least, most) = (&low.value, &high.value);
            low.value = quote!(#least, #most);
            low.setter = setter;
            low.options.extend(high.options);
            low.stage = low.stage.max(high.stage);
            low.literal = Literal::Unknown;
        }
    }
}

pub(crate) struct Values<'a> {
    table: &'static Table,
    scope: Scope<'a>,
    checked: Vec<(Ident, &'static str, CheckedValue)>,
    /// The options that were written and are wrong.
    wrong: Vec<&'static str>,
    /// An option was refused, so that a missing one may have been meant by it.
    pub(crate) incomplete: bool,
    /// Span for errors about a missing option. Empty: underline the whole attribute (call site).
    pub(crate) anchor: TokenStream,
}

impl<'a> Values<'a> {
    /// `incomplete` says that an option could not even be read.
    pub(crate) fn new(
        table: &'static Table,
        entries: Vec<Entry>,
        incomplete: bool,
        anchor: TokenStream,
        scope: Scope<'a>,
        errors: &mut Errors,
    ) -> Self {
        let (mut checked, mut wrong) = (Vec::new(), Vec::new());
        for entry in entries {
            let (key, name) = (entry.key.clone(), entry.spec.name);
            match value::check(entry, scope, errors) {
                Some(value) => checked.push((key, name, value)),
                None => wrong.push(name),
            }
        }
        let incomplete = incomplete || !wrong.is_empty();
        Self {
            table,
            scope,
            checked,
            wrong,
            incomplete,
            anchor,
        }
    }

    /// The key as written, if the option is there.
    pub(crate) fn key(&self, name: &str) -> Option<&Ident> {
        self.checked
            .iter()
            .find(|(_, option, _)| *option == name)
            .map(|(key, ..)| key)
    }

    /// True if the option was written, and its value was refused.
    pub(crate) fn is_wrong(&self, name: &str) -> bool {
        self.wrong.contains(&name)
    }

    pub(crate) fn setting(&self, name: &str) -> Option<&Setting> {
        self.checked
            .iter()
            .find_map(|(_, option, value)| match value {
                CheckedValue::Setting(setting) if *option == name => Some(setting),
                _ => None,
            })
    }

    pub(crate) fn expr(&self, name: &str) -> Option<&Expr> {
        self.checked
            .iter()
            .find_map(|(_, option, value)| match value {
                CheckedValue::Expr(expr) if *option == name => Some(expr),
                _ => None,
            })
    }

    fn take(&mut self, name: &str) -> Option<CheckedValue> {
        let at = self
            .checked
            .iter()
            .position(|(_, option, _)| *option == name)?;
        Some(self.checked.remove(at).2)
    }

    pub(crate) fn take_setting(&mut self, name: &str) -> Option<Setting> {
        match self.take(name)? {
            CheckedValue::Setting(setting) => Some(setting),
            _ => None,
        }
    }

    pub(crate) fn take_expr(&mut self, name: &str) -> Option<Expr> {
        match self.take(name)? {
            CheckedValue::Expr(expr) => Some(expr),
            _ => None,
        }
    }

    pub(crate) fn take_pattern(&mut self, name: &str) -> Option<Filter> {
        match self.take(name)? {
            CheckedValue::Pattern(filter) => Some(filter),
            _ => None,
        }
    }

    pub(crate) fn take_arguments(&mut self, name: &str) -> Option<Arguments> {
        match self.take(name)? {
            CheckedValue::Arguments(arguments) => Some(arguments),
            _ => None,
        }
    }

    pub(crate) fn take_word(&mut self, name: &str) -> Option<&'static str> {
        match self.take(name)? {
            CheckedValue::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn take_switch(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            CheckedValue::Switch(is_on) => Some(is_on),
            _ => None,
        }
    }

    pub(crate) fn take_name(&mut self, name: &str) -> Option<Ident> {
        match self.take(name)? {
            CheckedValue::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn crate_path(&mut self) -> Option<Path> {
        match self.take("crate")? {
            CheckedValue::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The names of the options that set something in the configuration.
    pub(crate) fn settings(&self) -> impl Iterator<Item = &'static str> + use<> {
        let options = self.table.options.iter();
        options
            .filter(|spec| spec.role == Role::Setting)
            .map(|spec| spec.name)
    }

    /// `config =` and the settings.
    pub(crate) fn take_config(&mut self) -> ConfigPlan {
        let scope = self.scope;
        let base = self.take_expr("config").map(|expr| {
            let stage = Stage::of(&expr, Operators::RunTime, scope);
            (expr, stage)
        });
        let names: Vec<_> = self.settings().collect();
        let settings = names
            .into_iter()
            .filter_map(|name| self.take_setting(name))
            .collect();
        ConfigPlan {
            base,
            settings,
            is_static: false,
        }
    }

    /// The stage of an expression that is no number.
    pub(crate) fn stage(&self, expr: &Expr) -> Stage {
        Stage::of(expr, Operators::RunTime, self.scope)
    }

    /// An option that cannot stand beside any of the others: one error from the first to the last
    /// of them, whether it was refused or not. Returns true if there was none.
    pub(crate) fn exclusive(
        &self,
        one: &str,
        others: &[&str],
        why: &str,
        errors: &mut Errors,
    ) -> bool {
        if self.key(one).is_none() {
            return true;
        }
        let others = self
            .checked
            .iter()
            .filter(|(_, name, _)| others.contains(name));
        let names: Vec<_> = others.map(|(_, name, _)| format!("`{name}`")).collect();
        if names.is_empty() {
            return true;
        }
        let mut keys = self
            .checked
            .iter()
            .filter(|(_, name, _)| *name == one || names.contains(&format!("`{name}`")))
            .map(|(key, ..)| key);
        let (first, last) = (keys.next(), keys.next_back());
        let message = match names.as_slice() {
            [other] => format!("`{one}` and {other} cannot stand together: {why}; keep one"),
            several => {
                let several = several.join(" and ");
                format!("`{one}` cannot stand together with {several}: {why}; remove {several}")
            }
        };
        errors.at(quote!(#first #last), message);
        false
    }

    pub(crate) fn finish(self, errors: &mut Errors) {
        for (key, name, _) in self.checked {
            errors.at(
                key,
                format!("`{name}` was read but not used; this is a bug in resilience-macros"),
            );
        }
    }
}
