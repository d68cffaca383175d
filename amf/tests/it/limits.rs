//! Hostile input costs no more than `Limits` say. Allocations are counted.

use weir_amf::{Config, Document, Format, Limits, Reader, amf0, amf3};

/// Bytes that were allocated at the same time while decoding, at most.
fn peak(input: &[u8], format: Format, config: &Config) -> u64 {
    let measured = allocation_counter::measure(|| {
        let _ = Document::decode(input, format, config);
    });
    measured.bytes_max
}

/// The bound for any input, from the docs of `Limits`.
fn bound(input: &[u8]) -> u64 {
    input.len() as u64 * 80 + 4096
}

#[test]
fn announced_counts_cost_nothing() {
    let hostile: [(&[u8], Format); 8] = [
        (b"\x0a\xff\xff\xff\xff", Format::Amf0),
        (b"\x0a\x00\x0f\xff\xff\x05\x05", Format::Amf0),
        (b"\x08\xff\xff\xff\xff", Format::Amf0),
        (b"\x0c\xff\xff\xff\xffabc", Format::Amf0),
        (b"\x09\xff\xff\xff\xff\x01", Format::Amf3),
        (b"\x0a\xff\xff\xff\xff\x01", Format::Amf3),
        (b"\x0f\xff\xff\xff\xff\x00\x00", Format::Amf3),
        (b"\x11\xff\xff\xff\xff\x00", Format::Amf3),
    ];
    for (input, format) in hostile {
        assert!(
            Document::decode(input, format, &Config::default()).is_err(),
            "{input:02x?}"
        );
        let peak = peak(input, format, &Config::default());
        assert!(peak <= bound(input), "{peak} bytes for {input:02x?}");
    }
}

#[test]
fn smallest_values_stay_under_the_formula() {
    let mut nulls = b"\x0a\x00\x01\x00\x00".to_vec();
    nulls.extend([5; 0x10000]);
    let mut arrays = vec![0x09, 0x87, 0x81, 0x01, 0x01];
    arrays.extend([0x09, 0x01, 0x01].repeat(1 << 14));
    // Traits with 100 members whose names are references, and their values.
    let mut traits = vec![0x09, 0x83, 0x49, 0x01, 0x06, 0x03, b'a'];
    for _ in 0..201 {
        traits.extend([0x0a, 0x8c, 0x43, 0x01]);
        traits.extend([0x00; 100]);
        traits.extend([0x01; 100]);
    }
    for (input, format) in [
        (nulls, Format::Amf0),
        (arrays, Format::Amf3),
        (traits, Format::Amf3),
    ] {
        let peak = peak(&input, format, &Config::default());
        assert!(
            peak <= bound(&input),
            "{peak} bytes for {} bytes of input",
            input.len()
        );
    }
}

/// The bound for any limits, from their docs.
fn formula(limits: &Limits) -> u64 {
    let parts = [
        24 * u64::from(limits.max_nodes),
        64 * u64::from(limits.max_references),
        3 * u64::from(limits.max_bytes),
    ];
    parts.iter().sum::<u64>() + 2 * parts.iter().max().unwrap()
}

#[test]
fn no_input_costs_more_than_the_formula_of_its_limits() {
    // Two thousand of what takes an entry in each table: nulls, texts, objects of new classes.
    let many = |value: &[u8]| [b"\x09\x9f\x21\x01", &*value.repeat(2000)].concat();
    for input in [many(b"\x01"), many(b"\x06\x03a"), many(b"\x0a\x03\x01")] {
        let mut config = Config::default();
        config.limits.max_bytes = u32::try_from(input.len()).unwrap();
        for most in [10, 100, 1000, 5000] {
            config.limits.max_nodes = most;
            config.limits.max_references = most;
            let peak = peak(&input, Format::Amf3, &config);
            let bound = formula(&config.limits);
            assert!(peak <= bound, "{peak} of {bound} bytes with {most} entries");
        }
    }
}

#[test]
fn reader_of_amf0_allocates_nothing() {
    let mut input = Vec::new();
    for _ in 0..64 {
        input.extend(b"\x03\0\x01n");
    }
    input.extend(b"\x02\0\x04deep");
    input.extend(b"\0\0\x09".repeat(64));
    let measured = allocation_counter::measure(|| {
        let mut reader = Reader::amf0(&input);
        while reader.next_event().unwrap().is_some() {}
    });
    assert_eq!(measured.count_total, 0);
}

#[test]
fn document_of_metadata_is_two_allocations() {
    let document = Document::ecma_array()
        .with("width", 1920)
        .with("encoder", "weir");
    let input = amf0::encode(&document).unwrap();
    let measured = allocation_counter::measure(|| {
        amf0::decode(&input).unwrap();
    });
    assert_eq!(measured.count_total, 2);
}

#[test]
fn each_limit_is_an_error_of_its_own() {
    let mut config = Config::default();
    config.limits.max_nodes = 2;
    let kind = |input: &[u8], format| {
        let error = Document::decode(input, format, &config).unwrap_err();
        (error.kind(), error.offset())
    };
    assert_eq!(kind(b"\x0a\0\0\0\x02\x05\x05", Format::Amf0), ("limit", 6));

    let mut config = Config::default();
    config.limits.max_bytes = 3;
    let error = amf0::decode_with(&[5; 4], &config).unwrap_err();
    assert_eq!(error.to_string(), "input of 4 bytes, the limit is 3");

    let mut config = Config::default();
    config.limits.max_references = 1;
    let error = amf3::decode_with(b"\x06\x03a\x06\x03b", &config).unwrap_err();
    assert_eq!((error.kind(), error.offset()), ("limit", 5));

    let mut config = Config::default();
    config.limits.max_depth = 1;
    assert!(amf0::decode_with(b"\x0a\0\0\0\x01\x05", &config).is_ok());
    let error = amf0::decode_with(b"\x0a\0\0\0\x01\x0a\0\0\0\0", &config).unwrap_err();
    assert_eq!((error.kind(), error.offset()), ("depth", 5));

    let mut config = Config::default();
    config.limits.max_elements = 1;
    let error = amf0::decode_with(b"\x0a\0\0\0\x02\x05\x05", &config).unwrap_err();
    assert_eq!((error.kind(), error.offset()), ("len", 0));
}
