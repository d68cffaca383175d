//! The mechanisms by their `authmod` names.

use core::fmt;

/// A way to authenticate an RTMP `connect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RtmpMechanism {
    /// `authmod=adobe`: FFmpeg, GStreamer's `rtmp2sink`, OBS, librtmp, FMLE, Larix.
    Adobe,
    /// `authmod=llnw` (Limelight): FFmpeg, OBS, librtmp, Larix.
    Llnw,
    /// `authmod=red5`: Flash clients of Red5's plugin. Needs plain passwords in the store.
    Red5,
    /// `authmod=cram-md5`: our own client. Needs plain passwords in the store.
    CramMd5,
    /// `authmod=cram-sha256`: our own client; the store may keep `{sha256}`.
    CramSha256,
    /// `authmod=scram-sha-256`: our own client; the store may keep `{scram}`.
    ScramSha256,
    /// The password itself, as connect arguments (`user`, `password`) or in the query (`user` or
    /// `username`, `pass` or `password`): rtmpdump's `-C`, FFmpeg's `-rtmp_conn`, players with a token URL.
    Plain,
}

impl RtmpMechanism {
    /// Every mechanism with the value of its `authmod`; [`RtmpMechanism::Plain`] has none.
    const NAMES: [(Self, &'static str); 6] = [
        (Self::Adobe, "adobe"),
        (Self::Llnw, "llnw"),
        (Self::Red5, "red5"),
        (Self::CramMd5, "cram-md5"),
        (Self::CramSha256, "cram-sha256"),
        (Self::ScramSha256, "scram-sha-256"),
    ];

    /// The value of `authmod`; `None` for [`RtmpMechanism::Plain`], which has no challenge.
    pub fn authmod(self) -> Option<&'static str> {
        Self::NAMES
            .iter()
            .find(|(mechanism, _)| *mechanism == self)
            .map(|(_, name)| *name)
    }

    /// The mechanism of an `authmod` value.
    pub fn from_authmod(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(mechanism, _)| *mechanism)
    }
}

impl fmt::Display for RtmpMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.authmod().unwrap_or("plain"))
    }
}
