//! The minimal drivers and real programs over loopback.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails is told by its panic"
)]

#[path = "../../../live/tests/real/claim.rs"]
mod claim;
#[path = "../../../live/tests/real/ffmpeg.rs"]
mod ffmpeg;
#[path = "../../../live/tests/real/ffprobe.rs"]
mod ffprobe;
#[path = "../../../live/tests/real/nginx.rs"]
mod nginx;
#[path = "../../../live/tests/real/program.rs"]
mod program;
mod rtsp;

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, ExitCode, Stdio},
};

use claim::Claim;
use ffmpeg::{Player, assert_same, clip, payloads, publish};
use nginx::Nginx;
use program::{PATIENCE, Program, eventually};

const CLAIMS: &[Claim] = &[
    Claim("threads_relay_between_ffmpegs", FFMPEG, || {
        relays(RTMP_SERVER)
    }),
    Claim("smol_relays_between_ffmpegs", FFMPEG, || {
        relays(RTMP_SERVER_SMOL)
    }),
    Claim("mio_relays_between_ffmpegs", FFMPEG, || {
        relays(RTMP_SERVER_MIO)
    }),
    Claim("our_client_publishes_to_ffmpeg", FFMPEG, client_publishes),
    Claim("our_client_plays_from_ffmpeg", FFMPEG, client_plays),
    Claim("our_client_and_nginx", NGINX, client_and_nginx),
];

fn main() -> ExitCode {
    claim::run(&[CLAIMS, rtsp::CLAIMS])
}

fn relays(server: &str) {
    let mut server = Server::start(server);
    let player = Player::start(&server.url);
    server.wait_for("live/test is played");
    publish(&server.url).succeed(PATIENCE);
    assert_same(&player.packets(), &payloads(clip()), 0);
}

fn client_publishes() {
    let mut server = Server::start(RTMP_SERVER);
    let player = Player::start(&server.url);
    server.wait_for("live/test is played");
    client_publish(&server.url);
    assert_same(&player.packets(), &payloads(clip()), 0);
}

fn client_plays() {
    let mut server = Server::start(RTMP_SERVER);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("played.flv");
    let client = Program::start(
        "{} play {} {}",
        &[&RTMP_CLIENT, &server.url, &file.display()],
    );
    server.wait_for("live/test is played");
    publish(&server.url).succeed(PATIENCE);
    client.succeed(PATIENCE);
    assert_same(&payloads(file), &payloads(clip()), 0);
}

fn client_and_nginx() {
    let nginx = Nginx::start("");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("played.flv");
    let line = "{} play {} {}";
    let mut client = Program::start(line, &[&RTMP_CLIENT, &nginx.url(), &file.display()]);
    eventually("the client has a file", PATIENCE, || {
        file.exists().then_some(())
    });
    client_publish(&nginx.url());
    // nginx does not tell a player that the publisher is gone.
    client.kill();
    let got = payloads(file);
    assert!(got.len() > 100, "{} packets", got.len());
    assert_same(&got, &payloads(clip())[..got.len()], 0);
}

fn client_publish(url: &str) {
    let line = "{} publish {} {} live";
    Program::start(line, &[&RTMP_CLIENT, &clip().display(), &url]).succeed(PATIENCE);
}

/// One of the example servers on a free port; ended when dropped.
struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    fn start(program: &str) -> Self {
        let mut child = Command::new(program)
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self {
            child,
            stdout,
            url: String::new(),
        };
        server.url = server.wait_for("://").replace("NAME", "test");
        server
    }

    /// Waits until the server says something.
    fn wait_for(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.stdout.read_line(&mut line).unwrap(),
                0,
                "the server ended"
            );
            if line.contains(text) {
                return line.trim().to_owned();
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const RTMP_SERVER: &str = env!("CARGO_BIN_EXE_rtmp_server");
const RTMP_SERVER_MIO: &str = env!("CARGO_BIN_EXE_rtmp_server_mio");
const RTMP_SERVER_SMOL: &str = env!("CARGO_BIN_EXE_rtmp_server_smol");
const RTMP_CLIENT: &str = env!("CARGO_BIN_EXE_rtmp_client");
const FFMPEG: &[&str] = &["ffmpeg"];
const NGINX: &[&str] = &["ffmpeg", "nginx"];
