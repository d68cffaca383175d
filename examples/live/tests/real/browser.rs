//! Chromium with mpegts.js plays HTTP-FLV, from a page of another origin.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use crate::{
    Claim, ffmpeg,
    program::{self, Program},
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[Claim(
    "chromium_plays_http_flv",
    &["ffmpeg", "chromium", "mpegts.js"],
    chromium_plays_http_flv,
)];

fn chromium_plays_http_flv() {
    let server = Server::start(&[]);
    let _publisher = ffmpeg::publish(&server.rtmp("live/test"));
    server.wait_for_log("published");
    let site = TcpListener::bind("127.0.0.1:0").unwrap();
    let profile = tempfile::tempdir().unwrap();
    let _chromium = Program::start(
        "chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --mute-audio \
         --no-first-run --autoplay-policy=no-user-gesture-required --user-data-dir={} http://{}/",
        &[&profile.path().display(), &site.local_addr().unwrap()],
    );
    let page = PAGE.replace("URL", &server.http("live/test.flv"));
    let script = fs::read(program::find("mpegts.js").unwrap()).unwrap();
    let said = serve_until_told(&site, page.as_bytes(), &script);
    assert_eq!(said, "played");
}

/// Serves the page and the player until the page posts how it went.
fn serve_until_told(site: &TcpListener, page: &[u8], script: &[u8]) -> String {
    loop {
        let (mut socket, _) = site.accept().unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut reader = BufReader::new(&mut socket);
        let (mut request, mut line, mut len) = (String::new(), String::new(), 0);
        if reader.read_line(&mut request).is_err() {
            continue;
        }
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                len = value.trim().parse().unwrap();
            }
            line.clear();
        }
        match request.split(' ').collect::<Vec<_>>()[..] {
            ["POST", ..] => {
                let mut said = vec![0; len];
                reader.read_exact(&mut said).unwrap();
                answer(socket, "text/plain", b"");
                return String::from_utf8(said).unwrap();
            }
            [_, "/", _] => answer(socket, "text/html", page),
            [_, "/mpegts.js", _] => answer(socket, "text/javascript", script),
            _ => answer(socket, "text/plain", b""),
        }
    }
}

fn answer(mut socket: TcpStream, kind: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A browser may give up a connection that it opened in advance.
    let _ = socket
        .write_all(head.as_bytes())
        .and_then(|()| socket.write_all(body));
}

/// Tells `played` once a second of pictures and sound was decoded, or what went wrong.
const PAGE: &str = r#"<!doctype html>
<video muted></video>
<script src="/mpegts.js"></script>
<script>
  const tell = text => fetch("/told", { method: "POST", body: text });
  const video = document.querySelector("video");
  const player = mpegts.createPlayer({ type: "flv", isLive: true, url: "URL" });
  player.on(mpegts.Events.ERROR, (...what) => tell("mpegts.js: " + what.join(" ")));
  player.attachMediaElement(video);
  player.load();
  video.play().catch(error => tell("play: " + error));
  const watch = setInterval(() => {
    const pictures = video.getVideoPlaybackQuality().totalVideoFrames;
    if (pictures >= 30 && video.webkitAudioDecodedByteCount > 0) {
      clearInterval(watch);
      tell("played");
    }
  }, 100);
  setTimeout(() => tell("only " + video.getVideoPlaybackQuality().totalVideoFrames + " pictures"), 20000);
</script>
"#;
