//! Challenge-response, digests, signed URLs and users for streaming servers, without I/O.
#![no_std]
