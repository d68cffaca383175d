//! AMF0 and AMF3 without I/O: every marker, both ways, bounded on hostile input.
#![no_std]
