//! RTMP without I/O: handshakes, chunks, messages, shared objects, server and client sessions.
#![no_std]
