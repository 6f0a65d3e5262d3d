//! Each test is named after a fault that once was there.

mod busy_retries;
mod futures;
mod options;
mod refusals;
mod workers;
