//! The section `[retry.NAME]` of the configuration file.

use core::time::Duration;

use resilience_macros::file_keys;

use super::config::RetryConfig;
use super::settings::RetrySettings;
use super::strategy::{Jitter, Strategy};
use crate::budget::{BUDGET_OF_RETRIES, budget_in_file};
use crate::file::{Contradiction, ENABLED, Exclusive, SectionKind, SectionSpec, SectionValues};
use crate::operation::{
    ConfigInFile, Configured, FileLayer, FileSettings, InSlot, LayerTimes, TypeKey,
};
use crate::settings::LayerOptions;

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "retry",
    keys: file_keys!(retry),
    own: &[BUDGET_OF_RETRIES, ENABLED],
    kind: SectionKind::Policy,
    exclusive: &[Exclusive {
        keys: &["max_retries", "max_attempts"],
        why: "they say the same, `max_attempts` with the first call counted in",
    }],
    contradictions: |values| contradictions(values, None),
};

/// The values of a section beside those of the function, for the rules that take two values.
struct Pairs<'a> {
    values: &'a SectionValues,
    /// The configuration of the function and the options of its attribute.
    function: Option<(&'a RetryConfig, LayerOptions)>,
}

impl Pairs<'_> {
    /// The word of an option, if the file or the attribute has it.
    fn word(&self, key: &'static str) -> Option<String> {
        if let Some(word) = self.values.word(key) {
            return Some(word.to_owned());
        }
        let (config, options) = self.function.filter(|(_, options)| options.has(key))?;
        if options.computes(key) {
            return None;
        }
        let word = match key {
            "jitter" => format!("{:?}", config.get_jitter()),
            _ => format!("{:?}", config.get_strategy()),
        };
        Some(word.to_lowercase())
    }

    fn has(&self, key: &str) -> bool {
        let has_option = |(_, options): (_, LayerOptions)| options.has(key);
        self.values.has(key) || self.function.is_some_and(has_option)
    }

    /// The time of an option, if the file or the attribute has it as a constant.
    fn time(
        &self,
        key: &str,
        of: impl FnOnce(&RetryConfig) -> Option<Duration>,
    ) -> Option<Duration> {
        if let Some(time) = self.values.time(key) {
            return Some(time);
        }
        let (config, options) = self.function.filter(|(_, options)| options.has(key))?;
        if options.computes(key) {
            None
        } else {
            of(config)
        }
    }

    /// The first of the keys that the file has.
    fn in_file(&self, keys: &[&'static str]) -> Option<&'static str> {
        keys.iter().copied().find(|key| self.values.has(key))
    }
}

/// Finds the values that contradict each other, or those of the function.
fn contradictions(
    values: &SectionValues,
    function: Option<(&RetryConfig, LayerOptions)>,
) -> Vec<Contradiction> {
    let pairs = Pairs { values, function };
    let found = [
        without_effect(&pairs),
        base_above_cap(&pairs),
        first_wait_beyond_limit(&pairs),
    ];
    found.into_iter().flatten().collect()
}

/// Options that another one leaves without effect.
fn without_effect(pairs: &Pairs<'_>) -> Option<Contradiction> {
    if matches!(pairs.word("jitter").as_deref(), Some("decorrelated")) {
        let others = ["strategy", "multiplier"].into_iter();
        let others: Vec<_> = others.filter(|key| pairs.has(key)).collect();
        if others.is_empty() {
            return None;
        }
        let why = "decorrelated jitter draws each delay from the one before";
        let key = pairs.in_file(&["jitter", "strategy", "multiplier"])?;
        let found = Contradiction::exclusive("jitter", &others, why);
        return Some(Contradiction { key, ..found });
    }
    let multiplies = !matches!(
        pairs.word("strategy").as_deref(),
        Some("linear" | "constant")
    );
    if multiplies || !pairs.has("multiplier") {
        return None;
    }
    let key = pairs.in_file(&["multiplier", "strategy"])?;
    let why = "only `strategy = exponential` multiplies";
    let found = Contradiction::exclusive("multiplier", &["strategy"], why);
    Some(Contradiction { key, ..found })
}

fn base_above_cap(pairs: &Pairs<'_>) -> Option<Contradiction> {
    let base = pairs.time("base_delay", |config| Some(config.get_base_delay()))?;
    let longest = pairs.time("max_delay", |config| Some(config.get_max_delay()))?;
    if base <= longest {
        return None;
    }
    let key = pairs.in_file(&["base_delay", "max_delay"])?;
    Some(Contradiction::new(
        key,
        format!(
            "`base_delay` ({base:?}) is above `max_delay` ({longest:?}), which caps every delay: raise `max_delay` or lower \
             `base_delay`"
        ),
    ))
}

/// The first wait does not fit into `max_elapsed`.
fn first_wait_beyond_limit(pairs: &Pairs<'_>) -> Option<Contradiction> {
    let base = pairs.time("base_delay", |config| Some(config.get_base_delay()))?;
    let limit = pairs.time("max_elapsed", RetryConfig::get_max_elapsed)?;
    let delay = shortest_first_wait(base, pairs.word("jitter").as_deref());
    if delay < limit {
        return None;
    }
    let key = pairs.in_file(&["base_delay", "max_elapsed", "jitter"])?;
    Some(Contradiction::new(
        key,
        format!(
            "nothing is ever retried: the first wait is at least {delay:?}, and `max_elapsed` ends the retries at {limit:?}; \
             lower `base_delay` or raise `max_elapsed`"
        ),
    ))
}

fn shortest_first_wait(base: Duration, jitter: Option<&str>) -> Duration {
    match jitter {
        Some("none" | "false" | "decorrelated") => base,
        Some("equal") => base / 2,
        _ => Duration::ZERO,
    }
}

/// The values of a section.
#[derive(Debug)]
pub struct RetryValues {
    settings: RetrySettings,
    span: Option<bool>,
}

impl FileSettings<RetryConfig> for RetryValues {
    fn set_on(&self, config: RetryConfig) -> RetryConfig {
        let config = self.settings.apply_to(config).unwrap_or(config);
        config.with_span(self.span)
    }

    fn disable(config: RetryConfig) -> RetryConfig {
        config.disabled()
    }
}

/// A retry with the values of its section.
pub(super) fn in_file(
    config: &RetryConfig,
    options: LayerOptions,
    operation: &'static str,
    values: &SectionValues,
) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
    let mut found = contradictions(values, Some((config, options)));
    found.extend(span_not_named(options, values));
    if !found.is_empty() {
        return Err(found);
    }
    let settings = settings(operation, values);
    // A multiplier of the configuration has no effect beside another strategy, and the rules of the
    // settings are those of values that stand together.
    settings
        .apply_to(*config)
        .map_err(|error| vec![Contradiction::new(error.setting(), error.to_string())])?;
    let settings = RetryValues {
        settings,
        span: values.flag("span"),
    };
    let in_file = ConfigInFile::new(*config, settings, values);
    Ok(Some(Box::new(in_file)))
}

/// A span has a place in the future of a function, so only an attribute that names it has one. The
/// section of all names applies to those that do.
fn span_not_named(options: LayerOptions, values: &SectionValues) -> Option<Contradiction> {
    let entry = values.entry("span")?;
    if options.has_apart("span") || entry.level.is_default() {
        return None;
    }
    let message = "`span` is switched here only where the attribute names it, because a span has a place in the function's \
                   future: write `#[retry(span = false)]`, or remove `span`";
    Some(Contradiction::new("span", message.to_owned()))
}

fn settings(operation: &'static str, values: &SectionValues) -> RetrySettings {
    RetrySettings {
        max_retries: values.count("max_retries"),
        max_attempts: values.count("max_attempts"),
        strategy: values.word("strategy").map(strategy),
        base_delay: values.time("base_delay"),
        max_delay: values.time("max_delay"),
        multiplier: values.number("multiplier"),
        jitter: values.word("jitter").map(jitter),
        max_elapsed: values.time("max_elapsed"),
        retry_refused: values.flag("retry_refused"),
        budget: budget_in_file("retry", operation, values),
    }
}

fn strategy(word: &str) -> Strategy {
    match word {
        "linear" => Strategy::Linear,
        "constant" => Strategy::Constant,
        _ => Strategy::Exponential,
    }
}

fn jitter(word: &str) -> Jitter {
    match word {
        "equal" => Jitter::Equal,
        "decorrelated" => Jitter::Decorrelated,
        "none" | "false" => Jitter::None,
        _ => Jitter::Full,
    }
}

/// The times that can contradict those of other layers, as far as the file or the attribute says
/// them.
pub(super) fn times(
    config: &RetryConfig,
    options: LayerOptions,
    values: &SectionValues,
) -> LayerTimes {
    let pairs = Pairs {
        values,
        function: Some((config, options)),
    };
    if config.is_disabled() {
        return LayerTimes::default();
    }
    let base = pairs.time("base_delay", |config| Some(config.get_base_delay()));
    let jitter = pairs.word("jitter");
    let wait = base.map(|base| shortest_first_wait(base, jitter.as_deref()));
    let limit = pairs.time("max_elapsed", RetryConfig::get_max_elapsed);
    LayerTimes {
        first_wait: wait.map(|wait| (wait, pairs.in_file(&["base_delay", "jitter"]))),
        longest_wait: limit.map(|limit| (limit, pairs.in_file(&["max_elapsed"]))),
        ..LayerTimes::default()
    }
}

impl InSlot for RetryConfig {
    #[inline]
    fn key() -> &'static TypeKey<Self> {
        static KEY: TypeKey<RetryConfig> = TypeKey::new();
        &KEY
    }
}

impl FileLayer for RetryConfig {
    type InFile = ConfigInFile<Self, RetryValues>;

    fn with(self, in_file: &Self::InFile) -> Self {
        in_file.apply_to(self)
    }
}
