//! The example of the README, compiled and run.
#![cfg(test)]

include!("serve.rs");

/// A socket at whose other end FFmpeg 5.1.9 once published H.264 and AAC.
struct Recorded(std::fs::File);

impl Read for Recorded {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_readme_shows_this_code() {
    let readme = include_str!("../../../../README.md");
    assert!(readme.contains(include_str!("serve.rs")));
}

#[test]
fn the_code_receives_all_that_an_encoder_published() {
    let session = "../../rtmp/tests/data/ff5_pub_avc_aac_cs4096.c2s.bin";
    let socket = Recorded(std::fs::File::open(session).expect("a recorded session"));
    assert_eq!(serve(socket).expect("it is clean"), 149_146);
}
