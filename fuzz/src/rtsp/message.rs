//! The reader of messages: any cut gives the same items, and what it read is written and read again.

use bytes::Bytes;
use weir_rtsp::{
    Limits, ReadError,
    message::{Head, Interleaved, Item, Reader, Resync},
};

use super::selector;

/// Reads the data whole, byte by byte and cut in two; the first byte is the place of the cut.
pub fn rtsp_message(data: &[u8]) {
    let Some((cut, bytes)) = selector(data) else {
        return;
    };
    let whole = read(&[bytes], &limits());
    assert_eq!(
        read(&bytes.chunks(1).collect::<Vec<_>>(), &limits()),
        whole,
        "byte by byte"
    );
    let (first, second) = bytes.split_at(usize::from(cut).min(bytes.len()));
    assert_eq!(read(&[first, second], &limits()), whole, "cut at {cut}");
    assert!(whole.0.iter().map(size).sum::<usize>() <= 4 * bytes.len() + 64 * whole.0.len());
    for item in whole.0 {
        let encoded = match &item {
            Item::Request(request) => request.encode(),
            Item::Response(response) => response.encode(),
            _ => continue,
        };
        let (again, error) = read(&[&encoded], &Limits::default());
        assert_eq!(
            (again.len(), error),
            (1, None),
            "{item:?} written as {encoded:?}"
        );
        let twice = match &again[0] {
            Item::Request(request) => request.encode(),
            Item::Response(response) => response.encode(),
            other => panic!("{item:?} read again as {other:?}"),
        };
        assert_eq!(twice, encoded);
    }
    let _ = Head::parse(bytes, &limits());
    if let Some((channel, payload, rest)) = Interleaved::split(bytes) {
        let header = Interleaved::header(channel, u16::try_from(payload.len()).expect("a length"));
        assert_eq!([&header[..], payload, rest].concat(), bytes);
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.max_head_len, limits.max_body_len, limits.max_skipped) = (1024, 512, 256);
    limits
}

fn read(parts: &[&[u8]], limits: &Limits) -> (Vec<Item>, Option<ReadError>) {
    let mut reader = Reader::new(limits.clone(), Resync::Skip);
    let mut items = Vec::new();
    for part in parts {
        reader.push(Bytes::copy_from_slice(part));
        loop {
            match reader.read() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Some(error)),
            }
        }
    }
    (items, None)
}

/// Bytes an item took from the input, at least.
fn size(item: &Item) -> usize {
    match item {
        Item::Request(request) => request.uri.len() + request.body.len(),
        Item::Response(response) => response.reason.len() + response.body.len(),
        Item::Data(frame) => frame.payload.len(),
        _ => 0,
    }
}
