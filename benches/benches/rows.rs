//! `cargo bench -p weir-benches`, with the peers by `--features peers`; behind `--` a part of the
//! names, as `rtmp/` or `weir`. The binary `times` makes tables of it.
#![expect(
    missing_docs,
    reason = "criterion's macros make a function without docs"
)]

mod measure;

use criterion::{Criterion, criterion_group, criterion_main};

criterion_main!(benches);
criterion_group!(name = benches; config = measure::config(); targets = all);

fn all(criterion: &mut Criterion) {
    measure::rows(criterion, &weir_benches::rows::all());
}
