//! FLV files at their own speed.

use std::{
    error::Error,
    fs,
    io::Write,
    thread,
    time::{Duration, Instant},
};

use weir_flv::Tag;
use weir_flv::file::{Demuxer, Event, Framed, Mode};

use crate::Inbox;

/// The tags of a file.
///
/// # Errors
/// If it cannot be read.
pub fn read_tags(path: &str) -> Result<Vec<Tag>, Box<dyn Error>> {
    let mut demuxer = Demuxer::new(Mode::Tolerant);
    demuxer.push(fs::read(path)?.into());
    demuxer.finish();
    let mut tags = Vec::new();
    while let Some(event) = demuxer.poll_event()? {
        if let Event::Tag(found) = event {
            tags.push(found.tag);
        }
    }
    Ok(tags)
}

/// Appends a tag to a file.
///
/// # Errors
/// If the tag is too long or the file cannot be written.
pub fn write_tag(file: &mut impl Write, tag: &Tag) -> Result<(), Box<dyn Error>> {
    let framed = Framed::new(tag)?;
    file.write_all(framed.head())?;
    file.write_all(framed.body())?;
    Ok(file.write_all(&framed.tail())?)
}

/// Gives each tag to a connection when its time has come, and `None` at the end.
pub fn feed(tags: Vec<Tag>, inbox: &Inbox<Option<Tag>>) {
    let begin = Instant::now();
    for tag in tags {
        let due = begin + Duration::from_millis(tag.timestamp.as_millis().into());
        thread::sleep(due.saturating_duration_since(Instant::now()));
        inbox.send(Some(tag));
    }
    inbox.send(None);
}
