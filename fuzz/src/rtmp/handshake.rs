//! Both roles of the handshake.

use weir_rtmp::handshake::{Handshake, HandshakeKind, PART_LEN};
use weir_rtmp::{Error, Quirks, Warning};

/// Law: any cut gives the same output and end; at most 3,073 bytes are taken in.
pub fn rtmp_handshake(data: &[u8]) {
    let [selector, cut, bytes @ ..] = data else {
        return;
    };
    let outcomes = super::cuts(bytes, *cut).map(|cut| run(*selector, cut));
    assert!(outcomes[0].taken <= 1 + 2 * PART_LEN);
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(outcomes[0], outcomes[2]);
}

#[derive(Debug, PartialEq)]
struct Outcome {
    end: Result<Option<String>, Error>,
    output: Vec<u8>,
    taken: usize,
    warnings: Vec<Warning>,
}

fn run<'a>(selector: u8, reads: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let quirks = if selector & 4 == 0 {
        Quirks::tolerant()
    } else {
        Quirks::strict()
    };
    let mut handshake = match selector & 3 {
        0 => Handshake::client(HandshakeKind::Plain, &quirks, [1; 32]),
        1 => Handshake::client(HandshakeKind::Digest, &quirks, [1; 32]),
        _ => Handshake::server(&quirks, [1; 32]),
    };
    let mut outcome = Outcome {
        end: Ok(None),
        output: Vec::new(),
        taken: 0,
        warnings: Vec::new(),
    };
    for read in reads {
        let mut rest = read;
        let result = handshake.read(&mut rest);
        while let Some(output) = handshake.poll_output() {
            outcome.output.extend_from_slice(&output);
        }
        outcome
            .warnings
            .extend(std::iter::from_fn(|| handshake.poll_warning()));
        match result {
            Ok(None) => {
                assert!(rest.is_empty());
                outcome.taken += read.len();
            }
            Ok(Some(handshaken)) => {
                outcome.taken += read.len() - rest.len();
                outcome.end = Ok(Some(format!("{handshaken:?}")));
                return outcome;
            }
            Err(error) => {
                assert_eq!(handshake.read(&mut &[0][..]), Err(error.clone()));
                outcome.end = Err(error);
                outcome.taken = 0;
                return outcome;
            }
        }
    }
    outcome
}
