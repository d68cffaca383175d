//! The UDP ports of one track: RTP on an even one, RTCP on the next.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::{Bytes, BytesMut};
use tokio::{net::UdpSocket, sync::mpsc, task::JoinSet};
use weir_rtsp::{Channel, ChannelKind, TrackId};

/// A datagram on its way to the session.
pub(crate) type Datagram = (Channel, SocketAddr, Bytes);

/// Two bound sockets. Dropping them ends the tasks that read them.
#[derive(Debug)]
pub(crate) struct Ports {
    rtp: Arc<UdpSocket>,
    rtcp: Arc<UdpSocket>,
    readers: JoinSet<()>,
}

impl Ports {
    /// Binds two neighbouring ports of an address, the lower one even.
    pub(crate) async fn bind(ip: IpAddr) -> io::Result<Self> {
        let mut last = io::ErrorKind::AddrInUse.into();
        for _ in 0..ATTEMPTS {
            let first = UdpSocket::bind((ip, 0)).await?;
            let port = first.local_addr()?.port();
            match UdpSocket::bind((ip, port ^ 1)).await {
                Ok(second) => {
                    let (rtp, rtcp) = match port % 2 {
                        0 => (first, second),
                        _ => (second, first),
                    };
                    return Ok(Self {
                        rtp: Arc::new(rtp),
                        rtcp: Arc::new(rtcp),
                        readers: JoinSet::new(),
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The numbers of the ports: RTP and RTCP.
    pub(crate) fn numbers(&self) -> io::Result<(u16, u16)> {
        Ok((
            self.rtp.local_addr()?.port(),
            self.rtcp.local_addr()?.port(),
        ))
    }

    /// Passes on what comes, as datagrams of this track.
    pub(crate) fn read(&mut self, track: TrackId, datagrams: &mpsc::Sender<Datagram>) {
        let sockets = [
            (ChannelKind::Rtp, &self.rtp),
            (ChannelKind::Rtcp, &self.rtcp),
        ];
        for (kind, socket) in sockets {
            let (socket, datagrams) = (Arc::clone(socket), datagrams.clone());
            let channel = Channel { track, kind };
            self.readers.spawn(async move {
                let mut buffer = BytesMut::new();
                loop {
                    buffer.reserve(MAX_DATAGRAM);
                    // An error is an earlier packet that nobody took: the next may find its way.
                    let Ok((_, from)) = socket.recv_buf_from(&mut buffer).await else {
                        continue;
                    };
                    let datagram = (channel, from, buffer.split().freeze());
                    if datagrams.send(datagram).await.is_err() {
                        return;
                    }
                }
            });
        }
    }

    /// Sends a datagram, or loses it where the system has no room: as a network would.
    pub(crate) fn send(&self, kind: ChannelKind, to: SocketAddr, datagram: &[u8]) -> bool {
        let socket = match kind {
            ChannelKind::Rtp => &self.rtp,
            ChannelKind::Rtcp => &self.rtcp,
        };
        socket.try_send_to(datagram, to).is_ok()
    }
}

/// How many neighbours are tried.
const ATTEMPTS: usize = 64;
/// No datagram is longer.
const MAX_DATAGRAM: usize = 65_536;
