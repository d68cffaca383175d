//! RTMPT: both ends of a tunnel, and the requests of real clients.

use bytes::{Buf, Bytes};
use weir_rtmp::TunnelError;
use weir_rtmp::tunnel::{ClientTunnel, HttpReader, ServerTunnel, TunnelRequest, http_response};

use crate::capture;

#[test]
fn recorded_requests_are_read_in_any_cut() {
    for file in [
        "ffmpeg_5.1.9_rtmpt_requests.bin",
        "librtmp_2.4_rtmpt_requests.bin",
    ] {
        let recorded = capture::read(file);
        for len in [1, 2, 3, 7, 100, 1460, 65536] {
            let mut reader = HttpReader::new(1537);
            let mut requests = Vec::new();
            for mut read in recorded.chunks(len) {
                while let Some(message) = reader.read(&mut read).unwrap() {
                    requests.push((message.path().unwrap().parse().unwrap(), message.body.len()));
                }
            }
            let id = "Qk3x".parse().unwrap();
            let expected = [
                (TunnelRequest::Open, 1),
                (TunnelRequest::Send { id, sequence: 0 }, 1537),
                (TunnelRequest::Idle { id, sequence: 1 }, 1),
            ];
            assert_eq!(requests, expected, "{file}, reads of {len}");
        }
    }
}

#[test]
fn a_chunked_answer_is_read() {
    let mut input: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nHTTP";
    let mut reader = HttpReader::new(100);
    let message = reader.read(&mut input).unwrap().unwrap();
    assert_eq!(message.status(), Some(200));
    assert_eq!(&message.body[..], b"abc0123456789");
    assert_eq!(input, b"HTTP");
}

#[test]
fn lengths_out_of_range_are_refused_before_the_body_comes() {
    let read = |head: &[u8]| HttpReader::new(10).read(&mut &head[..]).unwrap_err();
    let long = b"POST / HTTP/1.1\r\nContent-Length: 11\r\n";
    assert_eq!(read(long), TunnelError::Body { got: 11, limit: 10 });
    let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n";
    assert!(matches!(read(chunked), TunnelError::Body { limit: 10, .. }));
    for bad in ["-1", "+1", "1 1", "", "99999999999999999999"] {
        let head = format!("POST / HTTP/1.1\r\nContent-Length: {bad}\r\n");
        assert!(
            matches!(read(head.as_bytes()), TunnelError::Header),
            "{bad}"
        );
    }
    assert_eq!(read(&[b'a'; 9000]), TunnelError::Head { limit: 8192 });
}

#[test]
fn paths_name_what_is_asked() {
    let parse = |path: &str| path.parse::<TunnelRequest>();
    let id = "Qk3x".parse().unwrap();
    assert_eq!(parse("/fcs/ident2"), Ok(TunnelRequest::Ident));
    assert_eq!(parse("/open/1"), Ok(TunnelRequest::Open));
    assert_eq!(
        parse("/send/Qk3x/7"),
        Ok(TunnelRequest::Send { id, sequence: 7 })
    );
    assert_eq!(
        parse("/idle/Qk3x/8?x=1"),
        Ok(TunnelRequest::Idle { id, sequence: 8 })
    );
    assert_eq!(
        parse("/close/Qk3x/9"),
        Ok(TunnelRequest::Close { id, sequence: 9 })
    );
    for bad in [
        "",
        "/",
        "/live",
        "/send",
        "/send/Qk3x",
        "/send/Qk3x/x",
        "/send/Qk3x/-1",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    for bad in ["/send//1", "/send/a%20b/1"] {
        assert!(matches!(parse(bad), Err(TunnelError::Id { .. })), "{bad}");
    }
}

#[test]
fn a_repeated_request_gets_its_answer_again_and_a_reordered_one_is_refused() {
    let (mut tunnel, _) = ServerTunnel::open("a".parse().unwrap());
    let send = |n| format!("/send/a/{n}").parse::<TunnelRequest>().unwrap();
    let mut output = &b"abcdef"[..];
    assert_eq!(tunnel.accept(&send(1), "x".into()).unwrap().unwrap(), "x");
    assert_eq!(tunnel.respond(&mut output, 3), "\x01abc");
    assert_eq!(tunnel.accept(&send(1), "x".into()), Ok(None));
    assert_eq!(tunnel.respond(&mut output, 3), "\x01abc");
    let error = TunnelError::Sequence {
        got: 3,
        expected: 2,
    };
    assert_eq!(tunnel.accept(&send(3), "z".into()), Err(error));
    assert_eq!(tunnel.accept(&send(2), "y".into()).unwrap().unwrap(), "y");
    assert_eq!(tunnel.respond(&mut output, 9), "\x01def");
    let other = "/idle/b/3".parse().unwrap();
    assert_eq!(
        tunnel.accept(&other, Bytes::new()),
        Err(TunnelError::Id { len: 1 })
    );
    let close = "/close/a/3".parse().unwrap();
    assert_eq!(tunnel.accept(&close, "\0".into()), Ok(None));
    assert!(tunnel.is_closed());
    assert_eq!(
        tunnel.accept(&send(4), "z".into()),
        Err(TunnelError::Closed)
    );
}

#[test]
fn the_delay_grows_while_nothing_is_said() {
    let (mut tunnel, _) = ServerTunnel::open("a".parse().unwrap());
    let mut delays = Vec::new();
    for n in 0..70 {
        let idle = format!("/idle/a/{n}").parse().unwrap();
        tunnel.accept(&idle, "\0".into()).unwrap();
        delays.push(tunnel.respond(&mut &b""[..], 10)[0]);
    }
    delays.dedup();
    assert_eq!(delays, [1, 2, 4, 8, 16, 32]);
    tunnel
        .accept(&"/idle/a/70".parse().unwrap(), "\0".into())
        .unwrap();
    assert_eq!(tunnel.respond(&mut &b"x"[..], 10), "\x01x");
}

#[test]
fn both_ends_carry_both_directions_unchanged() {
    let upward: Vec<u8> = (0..5000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let downward: Vec<u8> = upward.iter().rev().copied().collect();
    let mut client = ClientTunnel::new("localhost:1935");
    let mut reader = HttpReader::new(1 << 20);
    let mut server = None;
    let (mut up, mut down) = (&upward[..], &downward[..]);
    let (mut arrived_up, mut arrived_down) = (Vec::new(), Vec::new());
    for round in 0.. {
        // The client has 700 bytes at a time, the server answers with up to 900.
        let mut part = Buf::take(&mut up, 700);
        let request = if round == 20 {
            client.close()
        } else {
            client.request(&mut part)
        };
        let Some(request) = request else { break };
        let request = reader.read(&mut &request[..]).unwrap().unwrap();
        let answer = match request.path().unwrap().parse().unwrap() {
            TunnelRequest::Open => {
                let (tunnel, body) = ServerTunnel::open("id-1".parse().unwrap());
                server = Some(tunnel);
                body
            }
            other => {
                let tunnel = server.as_mut().unwrap();
                arrived_up.extend(
                    tunnel
                        .accept(&other, request.body)
                        .unwrap()
                        .into_iter()
                        .flatten(),
                );
                tunnel.respond(&mut down, 900)
            }
        };
        let answer = http_response(200, &answer);
        for mut read in answer.chunks(7) {
            while let Some(bytes) = client.read(&mut read).unwrap() {
                arrived_down.extend(bytes);
            }
        }
    }
    assert!(client.is_closed() && server.unwrap().is_closed());
    assert_eq!(arrived_up, upward);
    assert_eq!(arrived_down, downward);
}

#[test]
fn a_server_that_refuses_ends_the_tunnel() {
    let mut client = ClientTunnel::new("localhost");
    client.request(&mut &b""[..]).unwrap();
    let mut answer = &http_response(404, b"")[..];
    assert_eq!(
        client.read(&mut answer),
        Err(TunnelError::Status { got: 404 })
    );
    assert_eq!(
        client.read(&mut &b""[..]),
        Err(TunnelError::Status { got: 404 })
    );

    let mut answer = &http_response(200, b"x\n")[..];
    assert_eq!(
        ClientTunnel::new("localhost").read(&mut answer),
        Err(TunnelError::Unasked)
    );
}
