//! Who publishes and who plays: what a relay has besides sessions.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use weir_flv::{
    Tag,
    live::{GopCache, GopLimits, JoinPolicy, TimeBase, Viewer},
};

/// The streams of a relay, by application and name.
#[derive(Debug, Default)]
pub struct Streams(Mutex<HashMap<String, Stream>>);

/// Gets each tag, and `None` when the publisher is gone.
pub struct Listener(Box<dyn Fn(Option<Tag>) + Send>);

#[derive(Debug)]
struct Stream {
    cache: GopCache,
    is_live: bool,
    listeners: BTreeMap<u64, Listener>,
    next_id: u64,
}

impl Streams {
    /// Takes a name, if it is free, until the return value is dropped.
    pub fn publish(self: &Arc<Self>, name: String) -> Option<Published> {
        let was_live = self.with(&name, |stream| std::mem::replace(&mut stream.is_live, true));
        (!was_live).then(|| {
            say(&format!("{name} is published"));
            Published {
                streams: Arc::clone(self),
                name,
            }
        })
    }

    /// Gives a listener all tags from now on, until the return value is dropped.
    ///
    /// The tags returned come first: those that a player needs to begin with.
    pub fn play(self: &Arc<Self>, name: String, listener: Listener) -> (Played, Vec<Tag>) {
        let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Zero);
        let (id, start) = self.with(&name, |stream| {
            stream.next_id += 1;
            stream.listeners.insert(stream.next_id, listener);
            (stream.next_id, viewer.start(&stream.cache))
        });
        say(&format!("{name} is played"));
        (
            Played {
                viewer,
                streams: Arc::clone(self),
                name,
                id,
            },
            start,
        )
    }

    /// Runs `action` on a stream, which is there as long as somebody publishes or plays it.
    fn with<T>(&self, name: &str, action: impl FnOnce(&mut Stream) -> T) -> T {
        // Nothing under this lock can panic half-way.
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stream = streams.entry(name.to_owned()).or_insert_with(|| Stream {
            cache: GopCache::new(GopLimits::default()),
            is_live: false,
            listeners: BTreeMap::new(),
            next_id: 0,
        });
        let result = action(stream);
        if !stream.is_live && stream.listeners.is_empty() {
            streams.remove(name);
        }
        result
    }
}

/// A name that is taken by a publisher.
#[derive(Debug)]
pub struct Published {
    streams: Arc<Streams>,
    name: String,
}

impl Published {
    /// Gives a tag to all who play.
    pub fn send(&self, tag: &Tag) {
        self.streams.with(&self.name, |stream| {
            stream.cache.push(tag);
            stream
                .listeners
                .values()
                .for_each(|Listener(listener)| listener(Some(tag.clone())));
        });
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        self.streams.with(&self.name, |stream| {
            stream.is_live = false;
            stream.cache.clear();
            stream
                .listeners
                .values()
                .for_each(|Listener(listener)| listener(None));
        });
    }
}

/// A listener's place in a stream.
#[derive(Debug)]
pub struct Played {
    /// What this player can use, and when.
    pub viewer: Viewer,
    streams: Arc<Streams>,
    name: String,
    id: u64,
}

impl Drop for Played {
    fn drop(&mut self) {
        self.streams
            .with(&self.name, |stream| stream.listeners.remove(&self.id));
    }
}

/// Tells whoever watches the program.
pub fn say(text: &str) {
    // Whoever closed stdout does not want to know.
    let _ = writeln!(io::stdout(), "{text}");
}

impl Listener {
    /// Makes a listener; it must not wait for anything.
    pub fn new(listener: impl Fn(Option<Tag>) + Send + 'static) -> Self {
        Self(Box::new(listener))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
