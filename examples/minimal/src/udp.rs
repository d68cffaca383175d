//! The sockets of RTSP tracks over UDP.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::{io, sync::Arc, thread, time::Instant};

use bytes::Bytes;
use weir_rtsp::{Channel, ChannelKind, ClientSession, TrackId};

use crate::Inbox;

/// A datagram, and the channel whose port it came to.
#[derive(Clone, Debug)]
pub struct Datagram {
    channel: Channel,
    from: SocketAddr,
    bytes: Bytes,
}

impl Datagram {
    /// Gives it to the session.
    pub fn deliver(self, session: &mut ClientSession) {
        session.handle_datagram(self.channel, self.from, self.bytes, Instant::now());
    }
}

/// The ports of one track: an even one for media, the next one for reports.
#[derive(Debug)]
pub struct UdpTrack {
    rtp: Arc<UdpSocket>,
    rtcp: Arc<UdpSocket>,
}

impl UdpTrack {
    /// Takes two free ports.
    ///
    /// # Errors
    /// If the system has none.
    pub fn bind(address: IpAddr) -> io::Result<Self> {
        let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..ATTEMPTS {
            let rtp = UdpSocket::bind((address, 0))?;
            let port = rtp.local_addr()?.port();
            match UdpSocket::bind((address, port | 1)) {
                Ok(rtcp) if port % 2 == 0 => {
                    let (rtp, rtcp) = (Arc::new(rtp), Arc::new(rtcp));
                    return Ok(Self { rtp, rtcp });
                }
                Ok(_) => {}
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// The ports of RTP and RTCP.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn ports(&self) -> io::Result<(u16, u16)> {
        Ok((
            self.rtp.local_addr()?.port(),
            self.rtcp.local_addr()?.port(),
        ))
    }

    /// Puts what comes into the inbox of a connection, for as long as the program runs.
    pub fn receive(&self, track: TrackId, inbox: impl Fn() -> Inbox<Datagram>) {
        let channels = [
            (&self.rtp, ChannelKind::Rtp),
            (&self.rtcp, ChannelKind::Rtcp),
        ];
        for (socket, kind) in channels {
            let (socket, inbox) = (Arc::clone(socket), inbox());
            let channel = Channel { track, kind };
            thread::spawn(move || {
                let mut buffer = vec![0; MAX_DATAGRAM];
                while let Ok((len, from)) = socket.recv_from(&mut buffer) {
                    let bytes = Bytes::copy_from_slice(buffer.get(..len).unwrap_or_default());
                    // What does not fit is lost, as datagrams are.
                    let _ = inbox.try_send(Datagram {
                        channel,
                        from,
                        bytes,
                    });
                }
            });
        }
    }
}

/// Sends what a session has to say over UDP, from the ports of its tracks.
///
/// # Errors
/// If the system does not take it.
pub fn send_datagrams(session: &mut ClientSession, tracks: &[UdpTrack]) -> io::Result<()> {
    while let Some((channel, to, bytes)) = session.poll_datagram() {
        if let Some(track) = tracks.get(channel.track.index()) {
            let socket = match channel.kind {
                ChannelKind::Rtp => &track.rtp,
                ChannelKind::Rtcp => &track.rtcp,
            };
            socket.send_to(&bytes, to)?;
        }
    }
    Ok(())
}

/// Every second free port is even, and most have a free one behind them.
const ATTEMPTS: usize = 64;
const MAX_DATAGRAM: usize = 65_535;
