//! Each attempt behind the first is a DEBUG line with its reason.

use std::{cell::Cell, time::Duration};

use resilience::hedge;
use tracing::Level;

use crate::capture::{Capture, Logged};

#[tokio::test(start_paused = true)]
async fn each_hedge_is_logged_with_its_reason() {
    #[hedge(after = 10ms, max_hedges = 2, budget = 10, operation = "log_hedge.load")]
    async fn load(begun: &Cell<u32>) -> Result<u32, &'static str> {
        begun.set(begun.get() + 1);
        match begun.get() {
            1 => std::future::pending().await,
            2 => Err("busy"),
            number => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Ok(number)
            }
        }
    }
    let line = |attempt: u64, reason: &str, because: &str| {
        Logged::new(
            Level::DEBUG,
            &format!("attempt {attempt} starts, because another one {because}"),
            [
                ("operation", "log_hedge.load".into()),
                ("attempt", attempt.into()),
                ("reason", reason.into()),
            ],
        )
    };
    let capture = Capture::begin();
    assert_eq!(load(&Cell::new(0)).await, Ok(3));
    assert_eq!(
        capture.take(),
        [line(2, "slow", "is slow"), line(3, "failed", "failed")]
    );
}
