//! Logins of real clients: the right password publishes, the wrong one stops in as many connections as the
//! protocol has steps.

use std::{fs, net::TcpStream, time::Instant};

use weir_auth::rtmp::RtmpClient;
use weir_minimal::{Connection, Next, seed};
use weir_rtmp::{ClientConfig, ClientEvent, ClientSession, ConnectOptions, RtmpUrl, UrlStyle};

use crate::{
    claim::Claim,
    ffmpeg::clip,
    program::{Finished, PATIENCE, Program},
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim("ffmpeg_logs_in_with_adobe", &["ffmpeg"], || {
        ffmpeg_logs_in("adobe,red5")
    }),
    Claim("ffmpeg_logs_in_with_llnw", &["ffmpeg"], || {
        ffmpeg_logs_in("llnw,adobe")
    }),
    Claim(
        "ffmpeg_stops_at_a_wrong_password_in_adobe",
        &["ffmpeg"],
        || ffmpeg_stops("adobe"),
    ),
    Claim(
        "ffmpeg_stops_at_a_wrong_password_in_llnw",
        &["ffmpeg"],
        || ffmpeg_stops("llnw"),
    ),
    Claim(
        "ffmpeg_stops_at_an_unknown_user",
        &["ffmpeg"],
        ffmpeg_stops_at_an_unknown_user,
    ),
    Claim(
        "ffmpeg_does_not_loop_when_the_application_has_a_query",
        &["ffmpeg"],
        ffmpeg_with_a_query,
    ),
    Claim(
        "ffmpeg_may_not_publish_without_the_role",
        &["ffmpeg"],
        ffmpeg_without_the_role,
    ),
    Claim(
        "gstreamer_rtmp2sink_logs_in_with_adobe",
        GSTREAMER,
        rtmp2sink_logs_in,
    ),
    Claim(
        "gstreamer_rtmp2sink_stops_at_a_wrong_password",
        GSTREAMER,
        rtmp2sink_stops,
    ),
    Claim("librtmp_logs_in_with_llnw", GSTREAMER, librtmp_logs_in),
    Claim(
        "librtmp_stops_at_a_wrong_password",
        GSTREAMER,
        librtmp_stops,
    ),
    Claim(
        "rtmpdump_logs_in_with_connect_arguments",
        &["ffmpeg", "rtmpdump"],
        rtmpdump_logs_in,
    ),
    Claim(
        "rtmpdump_is_refused_with_a_wrong_password",
        &["rtmpdump"],
        rtmpdump_is_refused,
    ),
    Claim(
        "an_answer_is_good_once_and_for_one_user",
        &[],
        answer_is_good_once,
    ),
    Claim(
        "curl_needs_a_login_to_watch_over_http",
        &["ffmpeg", "curl"],
        curl_logs_in,
    ),
];

const GSTREAMER: &[&str] = &["ffmpeg", "gst-launch-1.0"];

/// A server with a publisher, a viewer and somebody without a usable role.
fn server(offer: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let users = "alice=s3cr3t,ROLE_USER\nviewer=s3cr3t,ROLE_PLAY\nguest=s3cr3t,ROLE_NONE\n";
    fs::write(folder.path().join("users"), users).unwrap();
    Server::start_in(folder, &["--users", "users", "--auth", offer])
}

fn connections(server: &Server) -> u64 {
    server.metric("weir_connections_total")
}

fn ffmpeg(server: &Server, login: &str, options: &str) -> Finished {
    let url = format!("rtmp://{login}@127.0.0.1:{}/live/test", server.rtmp_port);
    let line = format!("ffmpeg -v error -i {{}} -t 1 -c copy -f flv{options} {{}}");
    Program::start(&line, &[&clip().display(), &url]).finish(PATIENCE)
}

fn ffmpeg_logs_in(offer: &str) {
    let server = server(offer);
    let finished = ffmpeg(&server, "alice:s3cr3t", "");
    assert!(finished.status.success(), "{}", finished.stderr);
    server.wait_for_log("published");
    assert_eq!(connections(&server), 3);
}

fn ffmpeg_stops(offer: &str) {
    let server = server(offer);
    let finished = ffmpeg(&server, "alice:wrong", "");
    assert!(!finished.status.success());
    assert_eq!(connections(&server), 3);
    server.wait_for_log("login refused: wrong password");
    assert_eq!(server.log_lines("published").len(), 0);
}

fn ffmpeg_stops_at_an_unknown_user() {
    let server = server("adobe");
    assert!(!ffmpeg(&server, "nobody:s3cr3t", "").status.success());
    assert_eq!(connections(&server), 3);
    server.wait_for_log("login refused: unknown user");
}

fn ffmpeg_with_a_query() {
    let server = server("adobe");
    let finished = ffmpeg(&server, "alice:s3cr3t", " -rtmp_app live?k=v");
    assert!(finished.status.success(), "{}", finished.stderr);
    assert_eq!(connections(&server), 3);
    let wrong = ffmpeg(&server, "alice:wrong", " -rtmp_app live?k=v");
    assert!(!wrong.status.success());
    assert_eq!(connections(&server), 6);
}

fn ffmpeg_without_the_role() {
    let server = server("adobe");
    assert!(!ffmpeg(&server, "viewer:s3cr3t", "").status.success());
    server.wait_for_log("not allowed to publish");
    assert_eq!(connections(&server), 3);
}

fn gstreamer(server: &Server, sink: &str) -> Finished {
    let line = format!(
        "gst-launch-1.0 -q videotestsrc num-buffers=30 ! video/x-raw,width=320,height=180 ! \
         x264enc speed-preset=ultrafast ! h264parse ! flvmux streamable=true ! {sink}"
    );
    Program::start(&line, &[&server.rtmp_port]).finish(PATIENCE)
}

fn rtmp2sink_logs_in() {
    let server = server("adobe");
    let sink = "rtmp2sink location=rtmp://127.0.0.1:{}/live/test username=alice password=s3cr3t";
    let finished = gstreamer(&server, sink);
    assert!(finished.status.success(), "{}", finished.stderr);
    server.wait_for_log("published");
    assert_eq!(connections(&server), 3);
}

fn rtmp2sink_stops() {
    let server = server("adobe");
    let sink = "rtmp2sink location=rtmp://127.0.0.1:{}/live/test username=alice password=wrong";
    assert!(!gstreamer(&server, sink).status.success());
    server.wait_for_log("login refused: wrong password");
    assert_eq!(connections(&server), 3);
}

/// librtmp 2.4, through GStreamer's `rtmpsink`. Debian's build of it crashes in the adobe step, so it gets the other.
fn librtmp(server: &Server, password: &str) -> Finished {
    let url = format!(
        "rtmp://127.0.0.1:{}/live/test live=1 pubUser=alice pubPasswd={password}",
        server.rtmp_port
    );
    let line = "gst-launch-1.0 -q videotestsrc num-buffers=30 ! video/x-raw,width=320,height=180 ! \
                x264enc speed-preset=ultrafast ! h264parse ! flvmux streamable=true ! rtmpsink location={}";
    Program::start(line, &[&url]).finish(PATIENCE)
}

fn librtmp_logs_in() {
    let server = server("llnw");
    let finished = librtmp(&server, "s3cr3t");
    assert!(finished.status.success(), "{}", finished.stderr);
    server.wait_for_log("published");
    assert_eq!(connections(&server), 3);
}

fn librtmp_stops() {
    let server = server("llnw");
    assert!(!librtmp(&server, "wrong").status.success());
    server.wait_for_log("login refused: wrong password");
    assert_eq!(connections(&server), 3);
    assert_eq!(server.log_lines("published").len(), 0);
}

/// rtmpdump can only play, and knows no challenge; over loopback a password may come in clear.
fn rtmpdump(server: &Server, password: &str) -> Program {
    let line = "rtmpdump --live -r {} -C S:alice -C S:{} -o {}";
    let file = server.folder.path().join("played.flv");
    Program::start(
        line,
        &[&server.rtmp("live/test"), &password, &file.display()],
    )
}

fn rtmpdump_logs_in() {
    let server = server("adobe,basic");
    let player = rtmpdump(&server, "s3cr3t");
    server.wait_for_metric("weir_players", 1);
    assert!(ffmpeg(&server, "alice:s3cr3t", "").status.success());
    player.finish(PATIENCE);
    let played = fs::metadata(server.folder.path().join("played.flv"))
        .unwrap()
        .len();
    assert!(played > 10_000, "{played} bytes");
}

fn rtmpdump_is_refused() {
    let server = server("adobe,basic");
    assert!(!rtmpdump(&server, "wrong").finish(PATIENCE).status.success());
    server.wait_for_log("login refused: wrong password");
    assert_eq!(connections(&server), 1);
}

fn curl_logs_in() {
    let server = server("adobe,digest");
    let line =
        "ffmpeg -v error -re -i {} -c copy -f flv rtmp://alice:s3cr3t@127.0.0.1:{}/live/test";
    let publisher = Program::start(line, &[&clip().display(), &server.rtmp_port]);
    server.wait_for_log("published");
    let url = server.http("live/test.flv");
    let curl = |login: &str| {
        let line = "curl -s -o {} -w %{http_code} --digest -u {} {}";
        let line = line.replace("%{http_code}", "{}");
        let file = server.folder.path().join(login);
        let status = Program::start(&line, &[&file.display(), &"%{http_code}", &login, &url]);
        String::from_utf8(status.finish(PATIENCE).stdout).unwrap()
    };
    assert_eq!(curl("viewer:wrong"), "401");
    assert_eq!(curl("guest:s3cr3t"), "403");
    assert_eq!(curl("viewer:s3cr3t"), "200");
    publisher.succeed(PATIENCE);
}

/// What the server says to a `connect` with this `app`: nothing when it lets in.
fn refusal(server: &Server, app: &str) -> Option<String> {
    let url: RtmpUrl = server.rtmp("live/test").parse().unwrap();
    let mut target = url.target(UrlStyle::Ffmpeg);
    target.app = app.to_owned();
    let now = Instant::now();
    let mut session = ClientSession::new(ClientConfig::default(), seed().unwrap(), now);
    session.connect(ConnectOptions::new(&target), now).unwrap();
    let socket = TcpStream::connect((url.host(), url.port())).unwrap();
    let mut client: Connection<ClientSession, ()> = Connection::new(socket, session).unwrap();
    loop {
        match client.wait().unwrap() {
            Next::Event(ClientEvent::Connected { .. }) => return None,
            Next::Event(ClientEvent::ConnectRejected { status, .. }) => {
                return Some(status.description().to_owned());
            }
            _ => {}
        }
    }
}

/// A client of the user, who has named `adobe`, and the challenge that came.
fn challenged(server: &Server, user: &str) -> (RtmpClient, String) {
    let mut login = RtmpClient::new("live", user, &"s3cr3t".into(), seed().unwrap());
    let wanted = refusal(server, &login.app()).unwrap();
    login.handle_reject(&wanted).unwrap();
    let challenge = refusal(server, &login.app()).unwrap();
    (login, challenge)
}

fn answer_is_good_once() {
    let server = server("adobe");
    let (mut alice, challenge) = challenged(&server, "alice");
    let (mut viewer, _) = challenged(&server, "viewer");
    // The viewer answers the challenge that alice was sent, before she does.
    viewer.handle_reject(&challenge).unwrap();
    assert!(refusal(&server, &viewer.app()).is_some());
    alice.handle_reject(&challenge).unwrap();
    assert_eq!(refusal(&server, &alice.app()), None);
    assert!(refusal(&server, &alice.app()).is_some());
}
