//! The time of rows, by criterion.

use std::time::Duration;

use criterion::{Criterion, Throughput};
use weir_benches::rows::{Amount, Row};

/// All rows and peers in less than ten minutes.
pub(crate) fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
        .nresamples(1000)
        .without_plots()
}

/// A group for each row, in it a function for each candidate.
pub(crate) fn rows(criterion: &mut Criterion, rows: &[Row]) {
    for row in rows {
        let mut group = criterion.benchmark_group(&row.name);
        group.throughput(match (row.amount)() {
            Amount::Bytes(bytes) => Throughput::Bytes(bytes),
            Amount::Elements(elements, _) => Throughput::Elements(elements),
        });
        for candidate in &row.candidates {
            // Prepared when it runs, so that a filter spares it.
            let mut run = None;
            group.bench_function(candidate.who, |bencher| {
                bencher.iter_custom(run.get_or_insert_with(|| (candidate.prepare)()));
            });
        }
        group.finish();
    }
}
