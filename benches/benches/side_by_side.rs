//! Runs every scenario in criterion: `cargo bench -p resilience-benches [-- FILTER]`.

use std::time::Duration;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for mut scenario in resilience_benches::scenarios() {
        let mut group = criterion.benchmark_group(scenario.name);
        for contender in &mut scenario.contenders {
            group.bench_function(contender.name(), |bencher| {
                bencher.iter_custom(|times| contender.run(times));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
