//! HTTP messages and both ends of a tunnel.

use weir_rtmp::TunnelError;
use weir_rtmp::tunnel::{ClientTunnel, HttpMessage, HttpReader, ServerTunnel, TunnelRequest};

const MAX_BODY_LEN: usize = 4096;

/// Laws: any cut of a connection gives the same messages and end; no body is longer than allowed
/// or than what came in; a server's tunnel carries each body once; a client's ends the same way
/// however its answers are cut.
pub fn rtmp_tunnel(data: &[u8]) {
    let [selector, cut, bytes @ ..] = data else {
        return;
    };
    if selector & 1 == 0 {
        let [whole, single, parts] = super::cuts(bytes, *cut).map(messages);
        assert_eq!(whole, single);
        assert_eq!(whole, parts);
        let total: usize = whole.0.iter().map(|message| message.body.len()).sum();
        assert!(total <= bytes.len());
        assert!(
            whole
                .0
                .iter()
                .all(|message| message.body.len() <= MAX_BODY_LEN)
        );
        serve(&whole.0);
    } else {
        let [whole, single, parts] = super::cuts(bytes, *cut).map(answers);
        assert_eq!(whole, single);
        assert_eq!(whole, parts);
    }
}

fn messages<'a>(reads: impl Iterator<Item = &'a [u8]>) -> (Vec<HttpMessage>, Option<TunnelError>) {
    let mut reader = HttpReader::new(MAX_BODY_LEN);
    let mut messages = Vec::new();
    for mut read in reads {
        loop {
            match reader.read(&mut read) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
    }
    (messages, None)
}

fn serve(messages: &[HttpMessage]) {
    let Ok(id) = "Qk3x".parse() else { return };
    let (mut tunnel, _) = ServerTunnel::open(id);
    let mut output = &[7; 100][..];
    let mut last = None;
    for message in messages {
        let Some(Ok(request)) = message.path().map(str::parse::<TunnelRequest>) else {
            continue;
        };
        let Ok(carried) = tunnel.accept(&request, message.body.clone()) else {
            continue;
        };
        if let Some(carried) = &carried {
            assert_eq!(*carried, message.body);
        }
        let before = output.len();
        let response = tunnel.respond(&mut output, 3);
        let repeated = last
            .as_ref()
            .is_some_and(|(known, _)| *known == request.id());
        if repeated {
            assert!(carried.is_none() && before == output.len());
            assert_eq!(last.as_ref().map(|(_, body)| body), Some(&response));
        }
        assert_eq!(
            response.len(),
            1 + if repeated {
                response.len() - 1
            } else {
                before - output.len()
            }
        );
        last = Some((request.id(), response));
    }
}

fn answers<'a>(reads: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, Option<TunnelError>) {
    let mut client = ClientTunnel::new("localhost");
    let mut carried = Vec::new();
    client.request(&mut &b""[..]);
    for mut read in reads {
        loop {
            match client.read(&mut read) {
                Ok(Some(bytes)) => carried.extend_from_slice(&bytes),
                Ok(None) => break,
                Err(error) => return (carried, Some(error)),
            }
            client.request(&mut &b"x"[..]);
        }
    }
    (carried, None)
}
