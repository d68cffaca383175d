//! Vectors: headers, messages and streams of the specifications and of this project.

use crate::{message_vectors, vectors};

#[test]
fn every_message_vector_is_read_as_it_says() {
    let entries = vectors::load("messages.json");
    let ours: Vec<_> = entries
        .iter()
        .filter(|entry| message_vectors::is_ours(entry["kind"].as_str().unwrap()))
        .collect();
    let failures: Vec<_> = ours
        .iter()
        .filter_map(|entry| message_vectors::check(entry).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(ours.len(), 23);
}
