//! Chromium, driven through `WebDriver`, and a service with a dashboard for it.
//!
//! Without Chromium and its driver the tests fail and say so, unless `BROWSER_TESTS=skip`.

#![expect(
    clippy::missing_panics_doc,
    reason = "the test fails where the browser does not obey"
)]

mod browser;
mod chrome_command;
mod driver;
mod service;

pub use self::{
    browser::{Browser, Theme, Window},
    service::{serve, serve_at},
};
