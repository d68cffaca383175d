#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::flv::tag_and_body(data));
