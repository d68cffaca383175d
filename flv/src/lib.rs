//! FLV and Enhanced RTMP media without I/O: tags, bodies, codec records, recordings.
#![no_std]
