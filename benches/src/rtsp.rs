//! Messages and descriptions as cameras and their clients send them.

/// `OPTIONS` with two headers: 73 bytes.
pub const OPTIONS: &[u8] = include_bytes!("../data/rtsp/options_73.txt");

/// `SETUP` with five headers, `Authorization` among them: 427 bytes.
pub const SETUP: &[u8] = include_bytes!("../data/rtsp/setup_427.txt");

/// The description of a camera with H.264, AAC and metadata: 705 bytes, laid out as Dahua's are.
pub const CAMERA: &[u8] = include_bytes!("../data/rtsp/camera_705.sdp");
