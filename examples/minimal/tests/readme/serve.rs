use std::io::{Read, Write};
use std::time::Instant;

use bytes::{Buf, Bytes};
use weir_rtmp::{ServerConfig, ServerEvent, ServerSession};

/// Lets an encoder publish and returns how many bytes of audio and video came.
fn serve(mut socket: impl Read + Write) -> Result<usize, Box<dyn std::error::Error>> {
    let mut session = ServerSession::new(ServerConfig::default(), [7; 32], Instant::now());
    let (mut block, mut media) = (vec![0; 65536], 0);
    loop {
        let now = Instant::now();
        while let Some(event) = session.poll_event()? {
            match event {
                ServerEvent::ConnectRequested { id, .. } => session.accept_connect(id, now)?,
                ServerEvent::PublishRequested { id, .. } => session.accept_publish(id, now)?,
                ServerEvent::Media { packet, .. } => media += packet.payload.len(),
                ServerEvent::Closed => return Ok(media),
                _ => {}
            }
        }
        let output = session.output();
        while output.has_remaining() {
            let written = socket.write(output.chunk())?;
            output.advance(written);
        }
        match socket.read(&mut block)? {
            0 => session.handle_eof(now),
            len => session.handle_input(Bytes::copy_from_slice(&block[..len]), now),
        }
    }
}
