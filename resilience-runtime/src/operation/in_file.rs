//! The values of the configuration file for one annotated function.
//!
//! The function finds them by one pointer in its static.

use std::mem;

use super::{
    declared::Operation,
    described::Described,
    description::PolicyDescription,
    file_reports::{Computed, tell_computed, tell_refused},
    file_values::{FileValues, InForce, LayerInFile, LayersInForce},
    stack::{Layer, Stack},
    table,
    times::{LayerTimes, beyond_limit},
};
use crate::file::{ConfigFault, Current, SectionValues, Values};
use crate::scope::here;
use crate::settings::LayerOptions;

impl Operation {
    /// Begins a call: the first one lists the operation in the statistics. The values that hold now
    /// hold for the whole call.
    #[inline]
    pub fn enter(&'static self) -> InForce {
        let operation = here!(self);
        match operation.in_force.get() {
            Some(values) => values,
            None => operation.enter_first(),
        }
    }

    #[cold]
    #[inline(never)]
    fn enter_first(&'static self) -> InForce {
        static NONE: FileValues = FileValues::NONE;
        self.register();
        self.in_force.get().unwrap_or(&NONE)
    }

    /// Lets values hold from the next call on. `current` is held, so that no other change comes
    /// between.
    fn hold(&'static self, layers: LayersInForce) {
        self.in_force.publish(self.kept.find_or_add(layers));
    }

    /// Makes the configurations of the layers with the values of a file. A layer whose values
    /// contradict those of the function keeps its own, and is a fault.
    fn with_values(&self, values: &Values) -> Resolved {
        let stack = Stack::of(self.stack);
        let mut resolved = Resolved::default();
        let mut layers: Vec<_> = stack
            .layers()
            .map(|layer| resolved.layer(layer, self.name, values))
            .collect();
        check_times(&mut layers, &mut resolved.faults);
        resolved.layers = LayersInForce {
            own: layers.iter().map(|layer| layer.layer.described()).collect(),
            deposits: deposits(&layers),
            in_file: layers.into_iter().map(|layer| layer.in_file).collect(),
        };
        resolved
    }

    /// Takes the values of the file that holds now, for the first call. The faults are returned,
    /// because they are told after the lock is released.
    pub(super) fn begin_in_file(&'static self, current: &Current) -> Resolved {
        let none = Values::default();
        let mut resolved = self.with_values(current.values().unwrap_or(&none));
        self.hold(mem::take(&mut resolved.layers));
        resolved
    }

    /// Describes the policies with the values of a file.
    pub(super) fn describe_in_file(&self, values: &Values) -> Vec<PolicyDescription> {
        let stack = Stack::of(self.stack);
        // A layer that contradicts the file keeps its own values.
        let in_force = self.with_values(values).layers.in_file;
        let layers = stack.layers().enumerate();
        layers
            .map(|(at, layer)| {
                let is_in_force = in_force.get(at).is_some_and(Option::is_some);
                self.describe_layer(layer, is_in_force, values)
            })
            .collect()
    }

    /// `is_in_force` is false for a layer that keeps its own values.
    fn describe_layer(
        &self,
        layer: &Layer,
        is_in_force: bool,
        values: &Values,
    ) -> PolicyDescription {
        let mut own = section(layer, self.name, values);
        without_computed(layer, &mut own);
        if !is_in_force {
            own = SectionValues::default();
        }
        // A shared thing takes its part of the values itself, and keeps its own in another way.
        let mut all = shared_section(layer, self.name, values);
        without_computed(layer, &mut all);
        all.entries.extend_from_slice(&own.entries);
        let config = layer.described();
        for section in [all, own] {
            let in_file =
                (!section.is_empty()).then(|| config.in_file(layer.options(), self.name, &section));
            if let Some(Ok(Some(in_file))) = in_file {
                return layer.describe_in_file(in_file.settings(), self.name, &section);
            }
        }
        layer.describe_in_file(config, self.name, &SectionValues::default())
    }
}

/// The layers of a function with the values of a file.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    layers: LayersInForce,
    pub(crate) faults: Vec<ConfigFault>,
    /// The settings of the file that each call computes.
    pub(crate) computed: Vec<Computed>,
}

impl Resolved {
    /// Applies the section of the operation to a layer.
    fn layer<'l>(
        &mut self,
        layer: &'l Layer,
        operation: &'static str,
        values: &Values,
    ) -> ResolvedLayer<'l> {
        let mut section = section(layer, operation, values);
        let computed = without_computed(layer, &mut section).into_iter();
        self.computed
            .extend(computed.map(|setting| (operation.to_owned(), setting)));
        let in_file = if section.is_empty() {
            None
        } else {
            self.in_file(layer, operation, &section)
        };
        ResolvedLayer {
            layer,
            section,
            in_file,
        }
    }

    fn in_file(
        &mut self,
        layer: &Layer,
        operation: &'static str,
        section: &SectionValues,
    ) -> Option<LayerInFile> {
        let described = layer.described();
        match described.in_file(layer.options(), operation, section) {
            Ok(config) => Some(LayerInFile {
                contents: section.contents(),
                config: config?,
            }),
            Err(contradictions) => {
                let contradictions = contradictions.into_iter();
                self.faults
                    .extend(contradictions.filter_map(|one| section.fault(one)));
                None
            }
        }
    }
}

/// A layer with the section that applies to it.
struct ResolvedLayer<'l> {
    layer: &'l Layer,
    section: SectionValues,
    /// `None` if the layer has its own values.
    in_file: Option<LayerInFile>,
}

impl ResolvedLayer<'_> {
    /// The budget that the layer draws on, as far as it is a constant.
    fn budget(&self) -> Option<String> {
        if self.layer.options().computes("budget") {
            return None;
        }
        match &self.in_file {
            Some(in_file) => in_file.config.constant().budget(),
            None => self.layer.described().budget(),
        }
    }

    /// The times that can contradict those of other layers.
    fn times(&self) -> LayerTimes {
        let options = self.layer.options();
        match &self.in_file {
            Some(in_file) => in_file.config.constant().times(options, &self.section),
            None => {
                let none = SectionValues::default();
                self.layer.described().times(options, &none)
            }
        }
    }
}

/// Says which layers deposit a call into their budgets: those whose budget no layer outside draws
/// on.
fn deposits(layers: &[ResolvedLayer<'_>]) -> Vec<Option<bool>> {
    let budgets: Vec<_> = layers.iter().map(ResolvedLayer::budget).collect();
    let deposits = budgets.iter().enumerate();
    deposits
        .map(|(at, budget)| {
            let budget = budget.as_ref()?;
            let mut outside = budgets.iter().take(at).flatten();
            Some(!outside.any(|other| other == budget))
        })
        .collect()
}

/// Compares the times of the layers, the outermost first. The layer whose value of the file does
/// not fit keeps its own values.
fn check_times(layers: &mut [ResolvedLayer<'_>], faults: &mut Vec<ConfigFault>) {
    let mut times: Vec<_> = layers.iter().map(ResolvedLayer::times).collect();
    for outer in 0..layers.len() {
        for inner in outer + 1..layers.len() {
            let found = beyond_limit(&times[outer], &times[inner]);
            let Some((contradiction, is_inner)) = found else {
                continue;
            };
            let at = if is_inner { inner } else { outer };
            faults.extend(layers[at].section.fault(contradiction));
            layers[at].in_file = None;
            times[at] = layers[at].times();
        }
    }
}

impl Operation {
    /// The options of the attribute that uses a shared thing of that name.
    pub(crate) fn options_of(&self, config: &dyn Described, name: &str) -> LayerOptions {
        let stack = Stack::of(self.stack);
        let layer = stack.layers().find(|layer| {
            let is_policy = layer.described().policy() == config.policy();
            is_policy && layer.shared_name(self.name) == name
        });
        layer.map(Layer::options).unwrap_or_default()
    }
}

/// Takes the values out that each call computes, and returns their settings.
fn without_computed(layer: &Layer, section: &mut SectionValues) -> Vec<String> {
    let options = layer.options();
    let entries = section.entries.iter();
    let computed = entries.filter(|entry| options.computes(entry.key));
    let computed = computed.map(|entry| entry.setting.clone()).collect();
    section.entries.retain(|entry| !options.computes(entry.key));
    computed
}

/// The section of the operation, as far as it applies to a layer.
fn section(layer: &Layer, operation: &'static str, values: &Values) -> SectionValues {
    section_of(layer, operation, values, false)
}

/// The section of the shared thing that a layer uses.
fn shared_section(layer: &Layer, operation: &'static str, values: &Values) -> SectionValues {
    section_of(layer, layer.shared_name(operation), values, true)
}

fn section_of(layer: &Layer, name: &str, values: &Values, is_shared: bool) -> SectionValues {
    let described = layer.described();
    let Some(spec) = described.section() else {
        return SectionValues::default();
    };
    let mut section = values.of(spec, name);
    section
        .entries
        .retain(|entry| described.is_shared(entry.key) == is_shared);
    section
}

impl Resolved {
    /// Tells of the faults and of the computed settings of a function that has just begun to run.
    pub(super) fn tell(self) {
        tell_computed(self.computed);
        tell_refused(self.faults);
    }
}

/// The functions that have run, with the values of a file that does not hold yet.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    functions: Vec<(&'static Operation, LayersInForce)>,
    pub(crate) faults: Vec<ConfigFault>,
    pub(crate) computed: Vec<Computed>,
}

/// Makes the configurations of all functions that have run.
pub(crate) fn prepare(values: &Values) -> Prepared {
    let mut prepared = Prepared::default();
    for (_, entry) in table::all() {
        for function in entry.functions {
            let resolved = function.with_values(values);
            prepared.functions.push((function, resolved.layers));
            prepared.faults.extend(resolved.faults);
            prepared.computed.extend(resolved.computed);
        }
    }
    prepared
}

impl Prepared {
    /// Lets the values hold.
    pub(crate) fn hold(self) -> Vec<Computed> {
        for (function, layers) in self.functions {
            function.hold(layers);
        }
        self.computed
    }
}

/// Lets values hold that were checked, while no other file is applied. The result tells of it,
/// under no lock.
pub(crate) type Hold = Box<dyn FnOnce(&Values) -> Box<dyn FnOnce()>>;
