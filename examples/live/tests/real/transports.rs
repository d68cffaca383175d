//! RTMP in TLS and in HTTP, RTSP in TLS.

use crate::{
    Claim,
    ffmpeg::{Player, assert_same, clip, payloads, publish},
    program::{PATIENCE, Program},
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim(
        "rtmps_carries_a_stream_both_ways",
        &["ffmpeg", "openssl"],
        rtmps,
    ),
    Claim(
        "rtsps_carries_a_stream_both_ways",
        &["ffmpeg", "openssl"],
        rtsps,
    ),
    Claim("rtmpt_carries_a_stream_both_ways", &["ffmpeg"], rtmpt),
];

fn rtmps() {
    let server = with_tls();
    let url = format!("rtmps://127.0.0.1:{}/live/test", server.rtmps_port.unwrap());
    passes(&server, &url, 0);
}

fn rtsps() {
    let server = with_tls();
    let url = format!("rtsps://127.0.0.1:{}/live/test", server.rtsps_port.unwrap());
    let line = "ffmpeg -v error -re -i {} -c copy -f rtsp -rtsp_transport tcp {}";
    let publisher = Program::start(line, &[&clip().display(), &url]);
    server.wait_for_log("published");
    let line = "ffmpeg -v error -xerror -rtsp_transport tcp -i {} -t 2 -f null -";
    Program::start(line, &[&url]).succeed(PATIENCE);
    publisher.succeed(PATIENCE);
}

fn with_tls() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let [key, cert] = ["key.pem", "cert.pem"].map(|name| folder.path().join(name));
    let line =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -keyout {} -out {}";
    Program::start(line, &[&key.display(), &cert.display()]).succeed(PATIENCE);
    let [key, cert] = [&key, &cert].map(|path| path.to_str().unwrap());
    Server::start(&["--tls-cert", cert, "--tls-key", key])
}

fn rtmpt() {
    let server = Server::start(&[]);
    // FFmpeg 5.1 drops what it has not sent when it closes a tunnel.
    let url = format!("rtmpt://127.0.0.1:{}/live/test", server.http_port);
    passes(&server, &url, 16);
}

/// Publishes to the URL, plays from it and by plain RTMP, and compares the payloads.
fn passes(server: &Server, url: &str, lost: usize) {
    let players = [Player::start(url), Player::start(server.rtmp("live/test"))];
    server.wait_for_metric("weir_players", 2);
    publish(url).succeed(PATIENCE);
    for player in players {
        assert_same(&player.packets(), &payloads(clip()), lost);
    }
}
