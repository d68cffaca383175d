//! As the bench `rows` of weir-benches.

#[path = "../../benches/measure/mod.rs"]
mod measure;

use criterion::{Criterion, criterion_group, criterion_main};

criterion_main!(benches);
criterion_group!(name = benches; config = measure::config(); targets = all);

fn all(criterion: &mut Criterion) {
    measure::rows(criterion, &weir_benches_xiu::rows());
}
