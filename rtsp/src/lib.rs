//! RTSP without I/O: messages, SDP, RTP, RTCP, payload formats, server and client sessions.
#![no_std]
