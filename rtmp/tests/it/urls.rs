//! RTMP addresses: strict, loose and bad ones, and where clients split them.

use weir_rtmp::{RtmpUrl, Scheme, StreamName, UrlError, UrlStyle};

fn url(text: &str) -> RtmpUrl {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn parts_are_found() {
    for (text, scheme, user, host, port, path) in [
        ("rtmp://h/live/a", Scheme::Rtmp, None, "h", 1935, "live/a"),
        ("rtmps://h/live", Scheme::Rtmps, None, "h", 443, "live"),
        (
            "rtmpt://h:8080/live",
            Scheme::Rtmpt,
            None,
            "h",
            8080,
            "live",
        ),
        ("rtmpts://h/live", Scheme::Rtmpts, None, "h", 443, "live"),
        ("rtmpe://h/live", Scheme::Rtmpe, None, "h", 1935, "live"),
        ("rtmpte://h/live", Scheme::Rtmpte, None, "h", 80, "live"),
        (
            "rtmp://u:p@h:1/a?b=c&d",
            Scheme::Rtmp,
            Some("u:p"),
            "h",
            1,
            "a?b=c&d",
        ),
        (
            "rtmp://[::1]:1936/live/a",
            Scheme::Rtmp,
            None,
            "::1",
            1936,
            "live/a",
        ),
        (
            "rtmp://[fe80::1]/live",
            Scheme::Rtmp,
            None,
            "fe80::1",
            1935,
            "live",
        ),
        ("RTMP://h/live", Scheme::Rtmp, None, "h", 1935, "live"),
        ("rtmp://h", Scheme::Rtmp, None, "h", 1935, ""),
        ("rtmp://h/", Scheme::Rtmp, None, "h", 1935, ""),
        ("rtmp://h:/live", Scheme::Rtmp, None, "h", 1935, "live"),
        (
            "rtmp://u@x:p@h/live",
            Scheme::Rtmp,
            Some("u@x:p"),
            "h",
            1935,
            "live",
        ),
        ("rtmp://h?a=b", Scheme::Rtmp, None, "h", 1935, "?a=b"),
        ("rtmp://h//live", Scheme::Rtmp, None, "h", 1935, "/live"),
    ] {
        let url = url(text);
        let parts = (
            url.scheme(),
            url.user_info(),
            url.host(),
            url.port(),
            url.path(),
        );
        assert_eq!(parts, (scheme, user, host, port, path), "{text}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for (text, error) in [
        ("", UrlError::Scheme),
        ("h/live/a", UrlError::Scheme),
        ("http://h/live", UrlError::Scheme),
        ("rtmp:/h/live", UrlError::Scheme),
        ("rtmpx://h/live", UrlError::Scheme),
        ("rtmp://", UrlError::Host { offset: 7 }),
        ("rtmp:///live", UrlError::Host { offset: 7 }),
        ("rtmp://u@/live", UrlError::Host { offset: 9 }),
        ("rtmp://[::1/live", UrlError::Host { offset: 7 }),
        ("rtmp://h:x/live", UrlError::Port { offset: 8 }),
        ("rtmp://h:0/live", UrlError::Port { offset: 8 }),
        ("rtmp://h:65536/live", UrlError::Port { offset: 8 }),
        ("rtmp://h:1935x/live", UrlError::Port { offset: 8 }),
        ("rtmp://[::1]x/live", UrlError::Port { offset: 12 }),
    ] {
        assert_eq!(text.parse::<RtmpUrl>(), Err(error), "{text}");
    }
    let long = format!("rtmp://h/{}", "a".repeat(1 << 14));
    assert_eq!(
        long.parse::<RtmpUrl>(),
        Err(UrlError::TooLong { len: long.len() })
    );
}

#[test]
fn ffmpeg_splits_at_the_second_slash() {
    for (path, app, stream) in [
        ("live/a", "live", "a"),
        ("live", "live", ""),
        ("live/room/a", "live/room", "a"),
        ("live/room/a/b", "live/room", "a/b"),
        ("live/mp4:dir/a", "live", "mp4:dir/a"),
        ("live/room/mp4:a", "live/room", "mp4:a"),
        ("ondemand/a/b", "ondemand", "a/b"),
        ("live/a.flv", "live", "a"),
        ("vod/a.mp4", "vod", "mp4:a.mp4"),
        ("vod/a.f4v", "vod", "mp4:a.f4v"),
        ("vod/mp4:a.mp4", "vod", "mp4:a.mp4"),
        ("live/a?k=1", "live", "a?k=1"),
        ("app?slist=mp4:a&x", "app", "mp4:a"),
    ] {
        let target = url(&format!("rtmp://h/{path}")).target(UrlStyle::Ffmpeg);
        assert_eq!((&*target.app, &*target.stream), (app, stream), "{path}");
        assert_eq!(target.tc_url, format!("rtmp://h/{app}"));
    }
    let with_port = url("rtmp://h:1936/live/a").target(UrlStyle::Ffmpeg);
    assert_eq!(with_port.tc_url, "rtmp://h:1936/live");
}

#[test]
fn librtmp_takes_up_to_three_segments_and_makes_prefixes() {
    for (path, app, stream) in [
        ("live/a", "live", "a"),
        ("live", "live", ""),
        ("live/room/a", "live/room", "a"),
        ("live/room/x/a", "live/room/x", "a"),
        ("live/room/x/y/a", "live/room/x", "y/a"),
        ("ondemand/a/b", "ondemand", "a/b"),
        ("live/a.flv", "live", "a"),
        ("vod/a.mp4", "vod", "mp4:a"),
        ("vod/a.mp3?x", "vod", "mp3:a?x"),
        ("live/a%20b", "live", "a b"),
        ("live/a%zz", "live", "a%zz"),
        ("live/a%2", "live", "a%2"),
    ] {
        let target = url(&format!("rtmp://h/{path}")).target(UrlStyle::Librtmp);
        assert_eq!((&*target.app, &*target.stream), (app, stream), "{path}");
        assert_eq!(target.tc_url, format!("rtmp://h:1935/{app}"));
    }
}

#[test]
fn obs_takes_the_whole_path_and_a_key() {
    let target = url("rtmps://live.example.com:443/app/room/").target_with_key("sk_1?bw=true");
    assert_eq!(
        (&*target.app, &*target.stream),
        ("app/room", "sk_1?bw=true")
    );
    assert_eq!(target.tc_url, "rtmps://live.example.com:443/app/room");
}

#[test]
fn an_address_prints_as_it_was_and_hides_its_password_from_logs() {
    let text = "rtmp://user:secret@[::1]:99/live/a?b";
    assert_eq!(url(text).to_string(), text);
    assert!(!format!("{:?}", url(text)).contains("secret"));
}

#[test]
fn stream_names_have_prefix_path_and_query() {
    for (text, prefix, path, query) in [
        ("a", None, "a", None),
        ("mp4:d/a?x=1?y", Some("mp4"), "d/a", Some("x=1?y")),
        ("id3:a", Some("id3"), "a", None),
        ("other:a", None, "other:a", None),
        ("a?mp4:b", None, "a", Some("mp4:b")),
        ("", None, "", None),
        ("mp4:", Some("mp4"), "", None),
    ] {
        let name = StreamName::from(text);
        assert_eq!(
            (name.prefix(), name.path(), name.query()),
            (prefix, path, query),
            "{text}"
        );
    }
}
