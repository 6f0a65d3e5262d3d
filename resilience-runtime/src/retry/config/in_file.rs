//! The values that a configuration has from the configuration file alone.

use super::RetryConfig;

impl RetryConfig {
    /// True if the configuration file takes the retry away.
    #[cfg(feature = "config")]
    pub(crate) const fn is_disabled(&self) -> bool {
        self.is_disabled
    }

    /// True if the configuration file takes the retry away: there is no file.
    #[cfg(not(feature = "config"))]
    #[expect(clippy::unused_self, reason = "the feature `config` has a file")]
    pub(crate) const fn is_disabled(&self) -> bool {
        false
    }

    /// Says if each attempt is a span.
    #[cfg(feature = "config")]
    pub(crate) const fn with_span(mut self, span: Option<bool>) -> Self {
        self.span = span;
        self
    }

    /// True if each attempt is a span, for an attribute that says so or not.
    #[cfg(feature = "config")]
    pub(crate) fn has_span(&self, attribute: bool) -> bool {
        !self.is_disabled && self.span.unwrap_or(attribute)
    }

    /// Takes the retry away.
    #[cfg(feature = "config")]
    pub(crate) const fn disabled(mut self) -> Self {
        self.is_disabled = true;
        self.max_retries = 0;
        self.budget = None;
        self
    }
}
