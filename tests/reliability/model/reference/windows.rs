//! The windows of failures and slow calls, computed from all outcomes.

use std::time::Duration;

use super::{
    Reference,
    options::{OpensAt, Options, Window},
};

impl Reference {
    /// Takes other options for all decisions from now on.
    pub(crate) fn reconfigure(&mut self, options: Options) {
        if options.window_of_failures() == self.options.window_of_failures() {
            // A circuit keeps as many failures as its limit needs.
            self.keep_failures(self.options.limit());
        } else {
            self.history.clear();
        }
        if options.window_of_slow_calls() != self.options.window_of_slow_calls() {
            self.slow_history.clear();
        }
        self.options = options;
        self.keep_failures(options.limit());
    }

    pub(super) fn keep_failures(&mut self, limit: Option<u32>) {
        let Some(limit) = limit else { return };
        let failures = self.history.iter().rev();
        let kept: Vec<_> = match self.options.window_of_failures() {
            Window::Row => failures.take_while(|(_, failed)| *failed).collect(),
            _ => failures.filter(|(_, failed)| *failed).collect(),
        };
        self.history = kept
            .into_iter()
            .take(limit as usize)
            .rev()
            .copied()
            .collect();
    }

    pub(super) fn empty(&mut self) {
        self.history.clear();
        self.slow_history.clear();
        self.reopenings = 0;
    }

    /// The outcomes of `history` that lie in the window.
    pub(super) fn in_window<'h>(
        &self,
        window: Window,
        history: &'h [(Duration, bool)],
    ) -> &'h [(Duration, bool)] {
        let first = match window {
            Window::Moments(length) | Window::Time(length) => {
                history.partition_point(|(at, _)| self.now - *at >= length)
            }
            Window::Calls(calls) => history.len().saturating_sub(calls as usize),
            Window::Row => history
                .iter()
                .rposition(|(_, failed)| !failed)
                .map_or(0, |success| success + 1),
        };
        &history[first..]
    }

    pub(crate) fn failure_count(&self) -> u32 {
        let window = self.in_window(self.options.window_of_failures(), &self.history);
        let failures = marked(window);
        self.options
            .limit()
            .map_or(failures, |limit| failures.min(limit))
    }

    pub(crate) fn failure_rate(&self) -> Option<f64> {
        let OpensAt::Rate(_) = self.options.opens_at else {
            return None;
        };
        self.share(self.options.window_of_failures(), &self.history)
    }

    pub(crate) fn slow_rate(&self) -> Option<f64> {
        self.share(self.options.window_of_slow_calls()?, &self.slow_history)
    }

    pub(crate) fn has_error(&self) -> bool {
        self.has_error
    }

    pub(super) fn share(&self, window: Window, history: &[(Duration, bool)]) -> Option<f64> {
        let window = self.in_window(window, history);
        let calls = u32::try_from(window.len()).expect("a short history");
        (calls >= self.options.minimum()).then(|| f64::from(marked(window)) / f64::from(calls))
    }

    pub(super) fn is_over(&self) -> bool {
        match self.options.opens_at {
            OpensAt::Failures(limit) | OpensAt::Consecutive(limit) => self.failure_count() >= limit,
            OpensAt::Rate(rate) => self.failure_rate().is_some_and(|now| now >= rate),
        }
    }

    pub(super) fn is_too_slow(&self) -> bool {
        let limit = self.options.slow_rate;
        limit.is_some_and(|limit| self.slow_rate().is_some_and(|now| now >= limit))
    }
}

fn marked(outcomes: &[(Duration, bool)]) -> u32 {
    let marked = outcomes.iter().filter(|(_, is_marked)| *is_marked).count();
    u32::try_from(marked).expect("a short history")
}
