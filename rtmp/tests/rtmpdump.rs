//! The encrypted handshake and SWF verification, against rtmpdump.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_types,
    reason = "a test with a socket"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use libtest_mimic::{Arguments, Failed, Trial};
use weir_rtmp::chunk::{
    ChunkReader, ChunkStreamId, ChunkWriter, Message, MessageStreamId, MessageType, Timestamp,
};
use weir_rtmp::handshake::{Ciphers, Handshake, Handshaken, SwfIdentity};
use weir_rtmp::{Limits, Quirks};

const HASH: [u8; 32] = [0xA5; 32];
const SIZE: u32 = 4242;

fn main() {
    let missing = Command::new("rtmpdump")
        .arg("--help")
        .stderr(Stdio::null())
        .status()
        .is_err();
    let trials = [
        ("rtmpdump_connects_encrypted", "rtmpe", false),
        (
            "rtmpdump_connects_encrypted_and_names_its_swf",
            "rtmpe",
            true,
        ),
        ("rtmpdump_names_its_swf", "rtmp", true),
    ];
    let trials = trials.map(|(name, scheme, swf)| {
        let name = if missing {
            format!("{name} (rtmpdump is not installed)")
        } else {
            name.into()
        };
        Trial::test(name, move || run(scheme, swf)).with_ignored_flag(missing)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit();
}

fn run(scheme: &str, swf: bool) -> Result<(), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("{scheme}://{}/live/stream", listener.local_addr()?);
    let mut command = Command::new("rtmpdump");
    command.args(["--live", "--rtmp", &url, "--flv", "/dev/null"]);
    if swf {
        let hash: String = HASH.iter().map(|byte| format!("{byte:02x}")).collect();
        command.args(["--swfhash", &hash, "--swfsize", &SIZE.to_string()]);
    }
    let rtmpdump = Killed(
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let (socket, _) = listener.accept()?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut peer = Peer::shake_hands(socket)?;
    if peer.ciphers.is_some() != (scheme == "rtmpe") {
        return Err("encrypted otherwise than the URL says".into());
    }
    let connect = peer.next_message()?;
    if connect.message_type != MessageType::COMMAND_AMF0
        || !connect.payload.starts_with(b"\x02\x00\x07connect")
    {
        return Err(format!("no connect command: {connect:?}").into());
    }
    if swf {
        peer.send_user_control(&[0, 26])?;
        let response = loop {
            let message = peer.next_message()?;
            if message.message_type == MessageType::USER_CONTROL {
                break message.payload;
            }
        };
        let named = response.strip_prefix(&[0, 27]).is_some_and(|response| {
            SwfIdentity::new(HASH, SIZE).is_named_by(response, &peer.handshaken.swf_key)
        });
        if !named {
            return Err(format!("the answer names another file: {response:02x?}").into());
        }
    }
    drop(rtmpdump);
    Ok(())
}

struct Peer {
    socket: TcpStream,
    handshaken: Handshaken,
    ciphers: Option<Ciphers>,
    reader: ChunkReader,
    writer: ChunkWriter,
    input: Bytes,
}

impl Peer {
    fn shake_hands(mut socket: TcpStream) -> Result<Self, Failed> {
        let mut handshake = Handshake::server(&Quirks::default(), [3; 32]);
        loop {
            let read = read(&mut socket)?;
            let mut rest = &read[..];
            let handshaken = handshake.read(&mut rest)?;
            while let Some(output) = handshake.poll_output() {
                socket.write_all(&output)?;
            }
            let Some(handshaken) = handshaken else {
                continue;
            };
            if !handshaken.answered {
                return Err("C2 does not answer S1".into());
            }
            let mut ciphers = handshake.take_ciphers();
            let rest = Bytes::copy_from_slice(rest);
            let input = match &mut ciphers {
                Some(ciphers) => ciphers.input.apply(rest),
                None => rest,
            };
            let reader = ChunkReader::new(&Limits::default(), &Quirks::default());
            return Ok(Self {
                socket,
                handshaken,
                ciphers,
                reader,
                writer: ChunkWriter::new(),
                input,
            });
        }
    }

    fn next_message(&mut self) -> Result<Message, Failed> {
        loop {
            let mut rest = &self.input[..];
            let message = self.reader.read(&mut rest)?;
            self.input = self.input.slice_ref(rest);
            if let Some(message) = message {
                return Ok(message);
            }
            let read = Bytes::from(read(&mut self.socket)?);
            self.input = match &mut self.ciphers {
                Some(ciphers) => ciphers.input.apply(read),
                None => read,
            };
        }
    }

    fn send_user_control(&mut self, payload: &'static [u8]) -> Result<(), Failed> {
        let message = Message::new(
            MessageType::USER_CONTROL,
            Bytes::from_static(payload),
            ChunkStreamId::CONTROL,
            MessageStreamId::CONNECTION,
            Timestamp::ZERO,
        );
        let mut bytes = Vec::new();
        self.writer.encode(&message, &mut bytes)?;
        let bytes = match &mut self.ciphers {
            Some(ciphers) => ciphers.output.apply(bytes.into()),
            None => bytes.into(),
        };
        Ok(self.socket.write_all(&bytes)?)
    }
}

fn read(socket: &mut TcpStream) -> Result<Vec<u8>, Failed> {
    let mut buffer = vec![0; 4096];
    match socket.read(&mut buffer)? {
        0 => Err("rtmpdump hung up".into()),
        len => {
            buffer.truncate(len);
            Ok(buffer)
        }
    }
}

/// A program that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
