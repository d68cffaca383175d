//! The TCP segments of a capture file.

use std::io::{Cursor, Read};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};

use crate::failure::Failure;
use crate::source::Pieces;

/// One TCP segment.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    /// Since 1970.
    pub(super) time: Duration,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) payload: &'a [u8],
}

impl Segment<'_> {
    /// Whether it is the first of a connection.
    pub(super) const fn opens(&self) -> bool {
        self.syn && !self.ack
    }
}

/// What a capture held besides its segments.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) packets: u64,
    /// Packets that are no TCP over IP.
    pub(super) skipped: u64,
    /// The capture ends within a packet.
    pub(super) torn: bool,
}

/// How the packets of one interface are to be read.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: Linktype,
    units_in_second: u64,
    offset_seconds: u64,
}

/// Reads a capture block by block and hands out its segments.
pub(super) fn read(pieces: Pieces, mut each: impl FnMut(&Segment<'_>)) -> Result<Summary, Failure> {
    let mut pieces = pieces;
    let start = Cursor::new(start(&mut pieces)?);
    let mut reader =
        create_reader(BUFFER_LEN, start.chain(pieces)).map_err(|error| failure(&error))?;
    let mut summary = Summary::default();
    let mut interfaces: Vec<Interface> = Vec::new();
    loop {
        let trouble = match reader.next() {
            Ok((len, block)) => {
                if let Some((interface, ticks, data)) = packet(&block, &mut interfaces) {
                    summary.packets += 1;
                    match segment(interface, ticks, data) {
                        Some(segment) => each(&segment),
                        None => summary.skipped += 1,
                    }
                }
                reader.consume(len);
                continue;
            }
            Err(PcapError::Eof) => return Ok(summary),
            Err(PcapError::Incomplete(_) | PcapError::UnexpectedEof) => None,
            Err(error) => Some(failure(&error)),
        };
        match trouble {
            Some(failure) => {
                let offset = Some(reader.consumed() as u64);
                return Err(Failure { offset, ..failure });
            }
            None if reader.reader_exhausted() => {
                summary.torn = true;
                return Ok(summary);
            }
            None => reader.refill().map_err(|error| failure(&error))?,
        }
    }
}

/// The beginning of a capture, as much as tells its format: that is decided by the first read alone.
fn start(pieces: &mut Pieces) -> Result<Vec<u8>, Failure> {
    let mut start = Vec::new();
    let mut len = FIRST_LEN;
    loop {
        let missing = len.saturating_sub(start.len() as u64);
        pieces.take(missing).read_to_end(&mut start)?;
        let is_known = create_reader(MAX_START_LEN, &*start).is_ok();
        let is_all = (start.len() as u64) < len;
        if is_known || is_all || start.len() >= MAX_START_LEN {
            return Ok(start);
        }
        len *= 2;
    }
}

/// The packet of a block, or what the block says about those that follow.
fn packet<'a>(
    block: &'a PcapBlockOwned<'_>,
    interfaces: &mut Vec<Interface>,
) -> Option<(Interface, u64, &'a [u8])> {
    let of = |interfaces: &[Interface], index: u32| {
        let index = usize::try_from(index).ok()?;
        interfaces.get(index).copied()
    };
    match block {
        PcapBlockOwned::LegacyHeader(header) => {
            let nanoseconds = header.is_nanosecond_precision();
            interfaces.push(Interface {
                link: header.network,
                units_in_second: if nanoseconds {
                    1_000_000_000
                } else {
                    1_000_000
                },
                offset_seconds: 0,
            });
        }
        PcapBlockOwned::Legacy(packet) => {
            let interface = of(interfaces, 0)?;
            let ticks = u64::from(packet.ts_sec) * interface.units_in_second;
            return Some((interface, ticks + u64::from(packet.ts_usec), packet.data));
        }
        PcapBlockOwned::NG(Block::SectionHeader(_)) => interfaces.clear(),
        PcapBlockOwned::NG(Block::InterfaceDescription(description)) => {
            if interfaces.len() < MAX_INTERFACES {
                interfaces.push(Interface {
                    link: description.linktype,
                    units_in_second: description.ts_resolution().unwrap_or(1_000_000),
                    offset_seconds: u64::try_from(description.ts_offset()).unwrap_or(0),
                });
            }
        }
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
            let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
            return Some((of(interfaces, packet.if_id)?, ticks, packet.packet_data()));
        }
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
            return Some((of(interfaces, 0)?, 0, packet.packet_data()));
        }
        PcapBlockOwned::NG(_) => {}
    }
    None
}

fn segment(interface: Interface, ticks: u64, data: &[u8]) -> Option<Segment<'_>> {
    let packet = below_link(interface.link, data)?;
    let Some(TransportSlice::Tcp(tcp)) = packet.transport else {
        return None;
    };
    let (from, to): (IpAddr, IpAddr) = match packet.net? {
        LaxNetSlice::Ipv4(ip) => (
            ip.header().source_addr().into(),
            ip.header().destination_addr().into(),
        ),
        LaxNetSlice::Ipv6(ip) => (
            ip.header().source_addr().into(),
            ip.header().destination_addr().into(),
        ),
        LaxNetSlice::Arp(_) => return None,
    };
    let units = interface.units_in_second.max(1);
    let nanos = u128::from(ticks % units) * 1_000_000_000 / u128::from(units);
    let seconds = Duration::from_secs((ticks / units).saturating_add(interface.offset_seconds));
    Some(Segment {
        time: seconds + Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)),
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        syn: tcp.syn(),
        ack: tcp.ack(),
        fin: tcp.fin(),
        rst: tcp.rst(),
        payload: tcp.payload(),
    })
}

/// What stands behind the header of the link. <https://www.tcpdump.org/linktypes.html>
fn below_link(link: Linktype, data: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    let ether_type = |at: usize| {
        let bytes = data.get(at..)?.first_chunk()?;
        Some(EtherType(u16::from_be_bytes(*bytes)))
    };
    match link {
        Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(data).ok(),
        // The address family in the byte order of the capturing machine, in four bytes.
        Linktype::NULL | Linktype::LOOP => LaxSlicedPacket::from_ip(data.get(4..)?).ok(),
        Linktype::RAW | Linktype::IPV4 | Linktype::IPV6 => LaxSlicedPacket::from_ip(data).ok(),
        Linktype::LINUX_SLL => Some(LaxSlicedPacket::from_ether_type(
            ether_type(14)?,
            data.get(16..)?,
        )),
        Linktype::LINUX_SLL2 => Some(LaxSlicedPacket::from_ether_type(
            ether_type(0)?,
            data.get(20..)?,
        )),
        _ => None,
    }
}

fn failure(error: &PcapError<&[u8]>) -> Failure {
    match error {
        PcapError::HeaderNotRecognized | PcapError::NomError(..) | PcapError::OwnedNomError(..) => {
            Failure::new("malformed", "not a pcap or pcapng file")
        }
        PcapError::Eof | PcapError::Incomplete(_) => {
            Failure::new("eof", "the capture ends in its header")
        }
        PcapError::ReadError => Failure::new("io", "the capture cannot be read"),
        PcapError::BufferTooSmall => Failure::new("limit", "a packet of over 1 MiB"),
        error => Failure::new("malformed", format!("{error:?}")),
    }
}

/// Room for the largest packet: tcpdump's snapshot length is 256 KiB.
const BUFFER_LEN: usize = 1 << 20;
/// Longer than the header of a pcap file.
const FIRST_LEN: u64 = 32;
/// Longer than the section header of any pcapng file.
const MAX_START_LEN: usize = 64 << 10;
const MAX_INTERFACES: usize = 256;
