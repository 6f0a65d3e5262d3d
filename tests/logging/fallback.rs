//! Each answer of a fallback is an INFO, and once a minute there is a WARN with their number.

use std::{slice, time::Duration};

use resilience::fallback;
use tracing::Level;

use crate::capture::{Capture, Logged, shown};

#[tokio::test(start_paused = true)]
async fn each_answer_is_logged_and_a_warning_once_a_minute_has_their_number() {
    #[fallback(|_| Ok(7), when = |error| *error != "fatal", operation = "log_fallback.load")]
    async fn load(result: Result<u8, &'static str>) -> Result<u8, &'static str> {
        result
    }
    let answers = Logged::new(
        Level::INFO,
        "the call failed, and a fallback answers",
        [
            ("operation", "log_fallback.load".into()),
            ("error", shown(r"down\nERROR forged")),
        ],
    );
    let warning = |number: u64, elapsed: Option<f64>| {
        let mut warning = Logged::new(
            Level::WARN,
            &format!("fallbacks answer failed calls: {number} since the last warning"),
            [
                ("operation", "log_fallback.load".into()),
                ("fallbacks", number.into()),
            ],
        );
        if let Some(elapsed) = elapsed {
            warning.fields.insert("elapsed_ms", elapsed.into());
        }
        warning
    };
    let capture = Capture::begin();
    assert_eq!(load(Ok(1)).await, Ok(1));
    assert_eq!(load(Err("fatal")).await, Err("fatal"));
    assert_eq!(capture.take(), []);
    let down = || load(Err("down\nERROR forged"));
    assert_eq!(down().await, Ok(7));
    assert_eq!(capture.take(), [answers.clone(), warning(1, None)]);
    for _ in 0..2 {
        tokio::time::advance(Duration::from_secs(29)).await;
        assert_eq!(down().await, Ok(7));
        assert_eq!(capture.take(), slice::from_ref(&answers));
    }
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(down().await, Ok(7));
    assert_eq!(capture.take(), [answers, warning(3, Some(60_000.0))]);
}

#[test]
fn operations_have_warnings_of_their_own() {
    #[fallback(|()| Ok(()), operation = "log_fallback.first")]
    fn first() -> Result<(), ()> {
        Err(())
    }
    #[fallback(|()| Ok(()), operation = "log_fallback.second")]
    fn second() -> Result<(), ()> {
        Err(())
    }
    let capture = Capture::begin();
    for call in [first, second, first] {
        assert_eq!(call(), Ok(()));
    }
    let levels: Vec<_> = capture.take().iter().map(|line| line.level).collect();
    assert_eq!(
        levels,
        [
            Level::INFO,
            Level::WARN,
            Level::INFO,
            Level::WARN,
            Level::INFO
        ]
    );
}
