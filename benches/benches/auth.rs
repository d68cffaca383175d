//! What a login costs a server. `cargo bench -p weir-benches --bench auth`
#![expect(
    missing_docs,
    reason = "criterion's macro makes a function without docs"
)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use weir_auth::http::Authorization;
use weir_auth::{OpenedNonce, Secret, ServerKeys};
use weir_benches::auth::{self, NOW, Server};

fn nonces(c: &mut Criterion) {
    let mut group = c.benchmark_group("auth/nonce");
    group.throughput(Throughput::Elements(1));
    let keys = ServerKeys::new(&Secret::from_bytes(&[1; 32]));
    let seal = || {
        keys.seal(
            "adobe",
            &[b"alice"],
            NOW + std::time::Duration::from_secs(60),
            [7; 8],
        )
    };
    group.bench_function("seal", |b| b.iter(seal));
    let sealed = seal();
    let open = || -> Option<OpenedNonce> {
        keys.open(black_box(&sealed), "adobe", &[b"alice"], NOW)
            .ok()
    };
    group.bench_function("open", |b| b.iter(open));
    group.finish();
}

fn rtmp(c: &mut Criterion) {
    let mut group = c.benchmark_group("auth/rtmp");
    group.throughput(Throughput::Elements(1));
    let mut server = Server::default();
    group.bench_function("challenge/adobe", |b| b.iter(|| server.challenge()));
    group.bench_function("response/adobe", |b| {
        b.iter_batched(
            || {
                let mut server = Server::default();
                let app = server.answer();
                (server, app)
            },
            |(mut server, app)| assert!(server.accepts(&app)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn digest(c: &mut Criterion) {
    let mut group = c.benchmark_group("auth/digest");
    group.throughput(Throughput::Elements(1));
    group.bench_function("parse/ffmpeg", |b| {
        b.iter(|| Authorization::parse(black_box(auth::FFMPEG_DIGEST)).is_ok());
    });
    let mut server = Server::default();
    let mut client = server.digest_client();
    group.bench_function("verify/md5", |b| {
        b.iter_batched(
            || {
                client
                    .authorization("DESCRIBE", auth::URI, b"")
                    .expect("challenged")
            },
            |header| assert!(server.accepts_request(&header)),
            BatchSize::NumIterations(1),
        );
    });
    group.bench_function("respond/md5", |b| {
        b.iter(|| client.authorization("DESCRIBE", auth::URI, b"").is_some());
    });
    #[cfg(feature = "peers")]
    peers::respond(&mut group);
    group.finish();
}

fn tokens(c: &mut Criterion) {
    let mut group = c.benchmark_group("auth/token");
    group.throughput(Throughput::Elements(1));
    let (tokens, token) = auth::stream_token();
    group.bench_function("verify/own", |b| {
        b.iter(|| auth::permits(&tokens, black_box(&token)))
    });
    let (jwt, token) = auth::jwt();
    group.bench_function("verify/jwt", |b| {
        b.iter(|| jwt.verify(black_box(&token), NOW).is_ok());
    });
    group.finish();
}

/// Peers answer challenges; none of them verifies an answer.
#[cfg(feature = "peers")]
mod peers {
    use criterion::BenchmarkGroup;
    use criterion::measurement::WallTime;
    use digest_auth::{AuthContext, HttpMethod};
    use weir_benches::auth;

    pub(super) fn respond(group: &mut BenchmarkGroup<'_, WallTime>) {
        group.bench_function("respond/md5/digest_auth", |b| {
            let mut prompt = digest_auth::parse(auth::CHALLENGE).expect("a challenge");
            let method = HttpMethod(std::borrow::Cow::Borrowed("DESCRIBE"));
            let context =
                AuthContext::new_with_method("alice", "s3cr3t", auth::URI, None::<&[u8]>, method);
            b.iter(|| {
                prompt
                    .respond(&context)
                    .expect("an answer")
                    .to_header_string()
            });
        });
    }
}

criterion_group!(benches, nonces, rtmp, digest, tokens);
criterion_main!(benches);
