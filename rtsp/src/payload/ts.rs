//! MPEG-2 transport streams: RFC 2250, section 2. The payload is whole transport packets.

use super::depacketizer::Fault;

/// Length of a transport packet. ISO/IEC 13818-1, section 2.4.3.2.
pub(super) const PACKET_LEN: usize = 188;
const SYNC_BYTE: u8 = 0x47;

/// Checks that a payload is whole transport packets.
pub(super) fn check(data: &[u8]) -> Result<(), Fault> {
    for (index, packet) in data.chunks(PACKET_LEN).enumerate() {
        if packet.first() != Some(&SYNC_BYTE) {
            return Err(Fault::Malformed(
                index * PACKET_LEN,
                "a sync byte is missing",
            ));
        }
        if packet.len() < PACKET_LEN {
            return Err(Fault::Malformed(
                index * PACKET_LEN,
                "a transport packet is cut short",
            ));
        }
    }
    Ok(())
}
