//! The metrics: an update of all of them. The recorder that it installs stays for all scenarios, so
//! that they are measured with the feature on. The circuits are those of the scenario of the
//! statistics.

use metrics_exporter_prometheus::PrometheusBuilder;
use resilience::{metrics, registry};

use crate::{Contender, Scenario};

pub(crate) fn scenarios() -> Vec<Scenario> {
    // A second call in the process finds the recorder of the first.
    let _ = PrometheusBuilder::new().install_recorder();
    vec![Scenario::new(
        "metrics, update of 1,000 circuits",
        [
            Contender::sync("ours", metrics::update),
            Contender::sync("the statistics alone", registry::all_stats),
        ],
        [],
    )]
}
