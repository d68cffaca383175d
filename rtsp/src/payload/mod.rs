//! Payload formats: a packetizer and a depacketizer for each codec.
