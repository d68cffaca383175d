//! Walking the packets of a body of any form.

use core::mem;

use super::enhanced::{self, Tracks};
use super::packet::{MediaKind, Packet};
use super::{audio, video};
use crate::cursor::Cursor;
use crate::{Malformed, TagKind, Timestamp};

/// Walks the packets of an audio or video body.
///
/// An empty body yields none: as audio it means silence, as video nothing.
/// Script bodies yield none either.
///
/// ```
/// use weir_flv::body::{self, PacketType};
/// use weir_flv::{TagKind, Timestamp};
///
/// // Two tracks in one enhanced body: video, key frame, Multitrack; ManyTracks of avc1.
/// let mut bytes = vec![0x96, 0x13];
/// bytes.extend(b"avc1");
/// bytes.extend([0, 0, 0, 2, 0xaa, 0xab]);
/// bytes.extend([1, 0, 0, 1, 0xba]);
/// let tracks: Vec<_> = body::packets(TagKind::VIDEO, Timestamp::ZERO, &bytes)
///     .map(|packet| packet.map(|packet| (packet.track.as_u8(), packet.payload)))
///     .collect::<Result<_, _>>()?;
/// assert_eq!(tracks, [(0, &[0xaa, 0xab][..]), (1, &[0xba][..])]);
/// # Ok::<(), weir_flv::Malformed>(())
/// ```
#[must_use]
#[inline]
pub fn packets(kind: TagKind, dts: Timestamp, body: &[u8]) -> Packets<'_> {
    Packets {
        kind,
        dts,
        unread: body,
        tracks: None,
    }
}

/// Iterator over the packets of one body; made by [`packets`]. It ends after an error.
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    /// What the body is; nothing from its second track on.
    kind: TagKind,
    dts: Timestamp,
    /// Empty when all is read.
    unread: &'a [u8],
    /// Tracks that are left of a body with several.
    tracks: Option<Tracks<'a>>,
}

// How this works: a caller that looks at three fields of a simple body pays for these three, because
// all that it takes to read one is inlined into its loop and stays in registers. What breaks that:
// a call that borrows `self` or the packet, an error made on this path (so faulty bodies are read
// once more by `decode`, which makes it), and state that lives on behind the first packet (so it is
// taken out of `self` first).
impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, Malformed>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let kind = mem::replace(&mut self.kind, TagKind::NONE);
        let dts = mem::take(&mut self.dts);
        let unread = mem::take(&mut self.unread);
        if unread.is_empty() {
            return None;
        }
        if let Some(packet) = simple(kind, dts, unread) {
            return Some(Ok(packet));
        }
        let (packet, left) = match self.tracks.take() {
            Some(tracks) => tracks.next(),
            None => decode(kind, dts, unread)?,
        };
        if let Some(tracks) = left {
            self.unread = tracks.unread();
            self.tracks = Some(tracks);
        }
        Some(packet)
    }
}

impl core::iter::FusedIterator for Packets<'_> {}

/// Reads a body of the forms that nearly all have: legacy, or enhanced without modifiers and
/// tracks. `None` for other forms and for faulty bodies.
#[inline(always)]
fn simple(kind: TagKind, dts: Timestamp, body: &[u8]) -> Option<Packet<'_>> {
    use MediaKind::{Audio, Video};
    let mut cursor = Cursor::new(body);
    let first = cursor.u8("first byte").ok()?;
    match kind {
        TagKind::AUDIO if !enhanced::is_audio(first) => {
            audio::decode::<Faulty>(first, cursor, dts).ok()
        }
        TagKind::VIDEO if !enhanced::is_video(first) => {
            video::decode::<Faulty>(first, cursor, dts).ok()
        }
        TagKind::AUDIO => enhanced::decode_plain(Audio, first, cursor, dts),
        TagKind::VIDEO => enhanced::decode_plain(Video, first, cursor, dts),
        _ => None,
    }
}

/// A fault that is not told.
struct Faulty;

impl From<Malformed> for Faulty {
    #[inline]
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// Reads the first packet of any body, and tells which tracks are left; `None` when it has none.
#[inline(never)]
fn decode(
    kind: TagKind,
    dts: Timestamp,
    body: &[u8],
) -> Option<(Result<Packet<'_>, Malformed>, Option<Tracks<'_>>)> {
    let mut cursor = Cursor::new(body);
    let first = cursor.u8("first byte").ok()?;
    Some(match kind {
        TagKind::AUDIO if !enhanced::is_audio(first) => (audio::decode(first, cursor, dts), None),
        TagKind::VIDEO if !enhanced::is_video(first) => (video::decode(first, cursor, dts), None),
        TagKind::AUDIO => enhanced::decode(MediaKind::Audio, first, cursor, dts),
        TagKind::VIDEO => enhanced::decode(MediaKind::Video, first, cursor, dts),
        _ => return None,
    })
}
