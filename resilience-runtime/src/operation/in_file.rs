//! The values of the configuration file for one annotated function.
//!
//! The function finds them by one number in its static. The values stay for the rest of the process,
//! because calls that run have references to them, and equal values are found again, so that a file
//! that changes to and fro takes no more memory.

use std::sync::{Mutex, PoisonError, atomic::Ordering};

use super::{
    declared::Operation,
    description::PolicyDescription,
    file_values::{FileValues, HAS_RUN, LayerInFile},
    layer::{Described, Layer, Stack},
    table,
    times::beyond_limit,
};
use crate::events::{self, EventKind};
use crate::file::{ConfigFault, Current, Faults, SectionValues, Values};
use crate::layer_options::LayerOptions;
use crate::scope::here;

impl Operation {
    /// Begins a call: the first one lists the operation in the statistics. The values of the file
    /// hold for the whole call.
    #[inline]
    pub fn enter(&'static self) -> Option<&'static FileValues> {
        let operation = here!(self);
        if operation.state.load(Ordering::Relaxed) == HAS_RUN {
            return None;
        }
        operation.enter_slowly()
    }

    #[cold]
    #[inline(never)]
    fn enter_slowly(&'static self) -> Option<&'static FileValues> {
        let mut state = self.state.load(Ordering::Acquire);
        if state < HAS_RUN {
            self.register();
            state = self.state.load(Ordering::Acquire);
        }
        let version = state.checked_sub(HAS_RUN + 1)?;
        self.in_file.get()?.get(version)
    }

    /// Lets values hold from the next call on. `current` is held, so that no other change comes
    /// between.
    fn hold(&self, values: Option<FileValues>) {
        let state = values.map_or(HAS_RUN, |values| {
            let versions = self.in_file.get_or_init(Box::default);
            versions.find_or_add(values) + HAS_RUN + 1
        });
        self.state.store(state, Ordering::Release);
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
        self.check_times(&stack, values, &mut layers, &mut resolved);
        if layers.iter().any(Option::is_some) {
            resolved.values = Some(FileValues::new(layers));
        }
        resolved
    }

    /// Compares the times of the layers. The layer whose value of the file does not fit keeps its own
    /// values.
    fn check_times(
        &self,
        stack: &Stack,
        values: &Values,
        layers: &mut [Option<LayerInFile>],
        resolved: &mut Resolved,
    ) {
        let described: Vec<&Layer> = stack.layers().collect();
        let section = |at: usize| applicable(described[at], self.name, values);
        let times = |layers: &[Option<LayerInFile>], at: usize| {
            let layer = described[at];
            match &layers[at] {
                Some(in_file) => in_file
                    .config
                    .constant()
                    .times(layer.options(), &section(at)),
                None => {
                    let none = SectionValues::default();
                    layer.described().times(layer.options(), &none)
                }
            }
        };
        for outer in 0..described.len() {
            for inner in outer + 1..described.len() {
                let found = beyond_limit(&times(layers, outer), &times(layers, inner));
                let Some((contradiction, is_inner)) = found else {
                    continue;
                };
                let at = if is_inner { inner } else { outer };
                resolved.faults.extend(section(at).fault(contradiction));
                layers[at] = None;
            }
        }
    }

    /// Takes the values of the file that holds now, for the first call. The faults are returned,
    /// because they are told after the lock is released.
    pub(super) fn begin_in_file(&self, current: &Current) -> Resolved {
        let Some(values) = current.values() else {
            self.hold(None);
            return Resolved::default();
        };
        let mut resolved = self.with_values(values);
        self.hold(resolved.values.take());
        resolved
    }

    /// Describes the policies with the values of a file.
    pub(super) fn describe_in_file(&self, values: &Values) -> Vec<PolicyDescription> {
        let stack = Stack::of(self.stack);
        // A layer that contradicts the file keeps its own values.
        let in_force = self.with_values(values).values;
        let layers = stack.layers().enumerate();
        layers
            .map(|(at, layer)| {
                let in_file = in_force.as_ref().and_then(|in_force| in_force.at(at));
                self.describe_layer(layer, in_file, values)
            })
            .collect()
    }

    fn describe_layer(
        &self,
        layer: &Layer,
        in_file: Option<&LayerInFile>,
        values: &Values,
    ) -> PolicyDescription {
        let section = applicable(layer, self.name, values);
        let (config, options) = (layer.described(), layer.options());
        // A shared thing takes the values itself.
        let is_shared = config.is_shared() && !section.is_empty();
        let shared = is_shared.then(|| config.in_file(options, self.name, &section));
        let shared = shared.and_then(Result::ok).flatten();
        match in_file.map(|layer| &layer.config).or(shared.as_ref()) {
            Some(in_file) => layer.describe_in_file(in_file.constant(), self.name, &section),
            None => layer.describe_in_file(config, self.name, &SectionValues::default()),
        }
    }
}

/// The name of a function or of a shared thing, and a setting of the file that each call computes.
pub(crate) type Computed = (String, String);

/// The layers of a function with the values of a file.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    values: Option<FileValues>,
    pub(crate) faults: Vec<ConfigFault>,
    /// The settings of the file that each call computes.
    pub(crate) computed: Vec<Computed>,
}

impl Resolved {
    fn layer(
        &mut self,
        layer: &Layer,
        operation: &'static str,
        values: &Values,
    ) -> Option<LayerInFile> {
        if layer.described().is_shared() {
            return None;
        }
        let mut section = section(layer, operation, values);
        let options = layer.options();
        section.entries.retain(|entry| {
            let is_computed = options.computes(entry.key);
            if is_computed {
                self.computed
                    .push((operation.to_owned(), entry.setting.clone()));
            }
            !is_computed
        });
        if section.is_empty() {
            return None;
        }
        match layer.described().in_file(options, operation, &section) {
            Ok(config) => Some(LayerInFile {
                contents: section.contents(),
                config: config?,
            }),
            Err(contradictions) => {
                for contradiction in contradictions {
                    self.faults.extend(section.fault(contradiction));
                }
                None
            }
        }
    }
}

impl Operation {
    /// The options of the attribute that uses a shared thing of that name.
    pub(crate) fn options_of(&self, config: &dyn Described, name: &str) -> LayerOptions {
        let stack = Stack::of(self.stack);
        let layer = stack.layers().find(|layer| {
            let is_policy = layer.described().policy() == config.policy();
            is_policy && layer.name_in_file(self.name) == name
        });
        layer.map(Layer::options).unwrap_or_default()
    }
}

/// The section that applies to a layer, without the values that each call computes.
fn applicable(layer: &Layer, operation: &'static str, values: &Values) -> SectionValues {
    let mut section = section(layer, operation, values);
    let options = layer.options();
    section.entries.retain(|entry| !options.computes(entry.key));
    section
}

/// The section that applies to a layer of a function.
fn section(layer: &Layer, operation: &'static str, values: &Values) -> SectionValues {
    let spec = layer.described().section();
    spec.map_or_else(SectionValues::default, |spec| {
        values.of(spec, layer.name_in_file(operation))
    })
}

impl Resolved {
    /// Tells of the faults and of the computed settings of a function that has just begun to run.
    pub(super) fn tell(self) {
        tell_computed(self.computed);
        tell_refused(self.faults);
    }
}

/// Tells of a function, or of a shared thing, that keeps its own values. It is told once, because a
/// thing begins to run once.
pub(crate) fn tell_refused(found: Vec<ConfigFault>) {
    let mut faults = Faults::default();
    for fault in found {
        faults.push(fault);
    }
    if let Err(report) = faults.into_result() {
        let report = report.to_string();
        tracing::error!(
            target: "resilience",
            report,
            "a function keeps its own values, because those of the configuration file contradict them"
        );
        events::emit(None, || EventKind::ConfigRefused { report: &report });
    }
}

/// The functions that have run, with the values of a file that does not hold yet.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    functions: Vec<(&'static Operation, Option<FileValues>)>,
    pub(crate) faults: Vec<ConfigFault>,
    pub(crate) computed: Vec<Computed>,
}

/// Makes the configurations of all functions that have run.
pub(crate) fn prepare(values: &Values) -> Prepared {
    let mut prepared = Prepared::default();
    for (_, entry) in table::all() {
        for function in entry.functions {
            let resolved = function.with_values(values);
            prepared.functions.push((function, resolved.values));
            prepared.faults.extend(resolved.faults);
            prepared.computed.extend(resolved.computed);
        }
    }
    prepared
}

impl Prepared {
    /// Lets the values hold.
    pub(crate) fn hold(self) -> Vec<Computed> {
        for (function, values) in self.functions {
            function.hold(values);
        }
        self.computed
    }
}

/// Lets values hold that were checked, while no other file is applied. The result tells of it, under
/// no lock.
pub(crate) type Hold = Box<dyn FnOnce(&Values) -> Box<dyn FnOnce()>>;

/// The settings of which the log has said that a function computes them.
static TOLD: Mutex<Vec<Computed>> = Mutex::new(Vec::new());

/// Says once that a function computes a setting of the file in each call.
pub(crate) fn tell_computed(computed: Vec<Computed>) {
    for one in computed {
        let is_new = {
            let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = !told.contains(&one);
            if is_new {
                told.push(one.clone());
            }
            is_new
        };
        if is_new {
            let (name, setting) = one;
            tracing::warn!(
                target: "resilience",
                name,
                setting,
                "each call computes this option, so the configuration file does not set it"
            );
        }
    }
}
