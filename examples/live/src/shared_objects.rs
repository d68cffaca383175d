//! Shared objects: who uses which, and the files of the persistent ones.
//!
//! Every application has objects of its own. A transient object ends with its last user. A
//! persistent one is in a file, read when the server starts and written soon after each change:
//! the shared object message that sets all its slots.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use tokio::{sync::Notify, task::spawn_blocking, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use weir_rtmp::{
    StatusCode,
    message::{Persistence, SharedObjectEvent, SharedObjectMessage},
    shared_object::{Owner, Snapshot, UserId},
};

use crate::record::file_name;

/// All shared objects.
#[derive(Debug)]
pub(crate) struct SharedObjects {
    folder: PathBuf,
    objects: Mutex<HashMap<Key, Object>>,
    next_user: AtomicU64,
    /// Rings when something has to be written.
    changed: Notify,
}

/// An application and a name in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    app: Arc<str>,
    name: String,
}

#[derive(Debug)]
struct Object {
    owner: Owner,
    bells: HashMap<UserId, Arc<Notify>>,
    /// Whether the file is not what the object is.
    unsaved: bool,
}

impl SharedObjects {
    /// Reads the persistent objects of `folder`, which need not exist.
    pub(crate) fn open(folder: PathBuf) -> Arc<Self> {
        let objects = stored(&folder);
        Arc::new(Self {
            folder,
            objects: Mutex::new(objects),
            next_user: AtomicU64::new(0),
            changed: Notify::new(),
        })
    }

    /// Writes what changed, until `stop`.
    pub(crate) async fn keep(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.changed.notified() => {}
                () = stop.cancelled() => return,
            }
            Arc::clone(&self).save().await;
            // An object that changes all the time is not written all the time.
            sleep(SAVE_PAUSE).await;
        }
    }

    /// Writes what changed. What cannot be written is tried again with the next change.
    pub(crate) async fn save(self: Arc<Self>) {
        let saved = spawn_blocking(move || {
            for (key, message) in self.take_unsaved() {
                let path = path(&self.folder, &key);
                if let Err(error) = replace(&path, &message.encode()) {
                    error!(file = %path.display(), "shared object not written: {error}");
                    if let Some(object) = self.lock().get_mut(&key) {
                        object.unsaved = true;
                    }
                }
            }
        });
        if let Err(panic) = saved.await {
            error!("shared objects not written: {panic}");
        }
    }

    fn take_unsaved(&self) -> Vec<(Key, SharedObjectMessage)> {
        let mut unsaved = Vec::new();
        for (key, object) in self.lock().iter_mut() {
            if std::mem::take(&mut object.unsaved) {
                unsaved.push((key.clone(), file(&object.owner)));
            }
        }
        unsaved
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Object>> {
        // An owner is whole after each call, so a panic elsewhere does not spoil it.
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one connection uses; it gives all of it up when it is dropped.
#[derive(Debug)]
pub(crate) struct Membership {
    id: UserId,
    objects: Arc<SharedObjects>,
    used: Vec<Key>,
    bell: Arc<Notify>,
}

impl Membership {
    /// Begins with no object.
    pub(crate) fn new(objects: &Arc<SharedObjects>) -> Self {
        Self {
            id: UserId::new(objects.next_user.fetch_add(1, Ordering::Relaxed)),
            objects: Arc::clone(objects),
            used: Vec::new(),
            bell: Arc::new(Notify::new()),
        }
    }

    /// Takes a message of the client; returns what is wrong with it.
    pub(crate) fn handle(
        &mut self,
        app: &str,
        message: &SharedObjectMessage,
    ) -> Result<(), StatusCode> {
        let key = Key {
            app: app.into(),
            name: message.name.clone(),
        };
        let mut objects = self.objects.lock();
        if !self.used.contains(&key) {
            if !message.events.contains(&SharedObjectEvent::Use) {
                return Ok(());
            }
            let is_full = self.used.len() >= MAX_USED
                || objects.len() >= MAX_OBJECTS && !objects.contains_key(&key);
            if is_full || !has_file_name(&key) {
                return Err(StatusCode::SHARED_OBJECT_CREATION_FAILED);
            }
            self.used.push(key.clone());
        }
        let object = objects
            .entry(key.clone())
            .or_insert_with(|| Object::new(Owner::new(&*key.name, message.persistence())));
        object.bells.insert(self.id, Arc::clone(&self.bell));
        object.owner.handle(self.id, message);
        if object.owner.take_changed() && object.owner.persistence() == Persistence::Persistent {
            object.unsaved = true;
            self.objects.changed.notify_one();
        }
        let waiting = object.owner.waiting();
        for bell in waiting.filter_map(|user| object.bells.get(&user)) {
            bell.notify_one();
        }
        let releases = |event: &&_| **event == SharedObjectEvent::Release;
        if message.events.last().filter(releases).is_some() {
            self.used.retain(|used| *used != key);
            leave(&mut objects, &key, self.id);
        }
        Ok(())
    }

    /// Waits until there is something to poll. Cancelling loses nothing.
    pub(crate) async fn ready(&self) {
        self.bell.notified().await;
    }

    /// What the client has to be told next.
    pub(crate) fn poll(&self) -> Option<SharedObjectMessage> {
        let mut objects = self.objects.lock();
        self.used
            .iter()
            .find_map(|key| objects.get_mut(key)?.owner.poll_message_for(self.id))
    }

    /// Makes [`Self::ready`] return once more.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut objects = self.objects.lock();
        for key in &self.used {
            leave(&mut objects, key, self.id);
        }
    }
}

fn leave(objects: &mut HashMap<Key, Object>, key: &Key, user: UserId) {
    if let Some(object) = objects.get_mut(key) {
        object.owner.leave(user);
        object.bells.remove(&user);
        if object.is_over() {
            objects.remove(key);
        }
    }
}

impl Object {
    fn new(owner: Owner) -> Self {
        Self {
            owner,
            bells: HashMap::new(),
            unsaved: false,
        }
    }

    /// Whether nobody would miss it.
    fn is_over(&self) -> bool {
        let is_kept =
            self.owner.persistence() == Persistence::Persistent && self.owner.version() > 0;
        self.bells.is_empty() && !is_kept
    }
}

/// Reads what the files hold; one that cannot be read is put aside.
fn stored(folder: &Path) -> HashMap<Key, Object> {
    let mut objects = HashMap::new();
    let apps = fs::read_dir(folder).into_iter().flatten().flatten();
    for app in apps.map(|entry| entry.path()) {
        let files = fs::read_dir(&app).into_iter().flatten().flatten();
        for path in files.map(|entry| entry.path()) {
            if path.extension().is_none_or(|found| found != EXTENSION) {
                continue;
            }
            match read(&path) {
                Ok((name, owner)) => {
                    let app = app.file_name().unwrap_or_default().to_string_lossy();
                    let app = percent_decode_str(&app).decode_utf8_lossy().into();
                    objects.insert(Key { app, name }, Object::new(owner));
                }
                Err(error) => {
                    let aside = path.with_extension("unreadable");
                    warn!(file = %path.display(), "shared object put aside: {error}");
                    // An error means that the file stays, and is written over by the next change.
                    let _ = fs::rename(&path, aside);
                }
            }
        }
    }
    if !objects.is_empty() {
        info!(objects = objects.len(), "shared objects read");
    }
    objects
}

fn read(path: &Path) -> io::Result<(String, Owner)> {
    let message = SharedObjectMessage::decode(&Bytes::from(fs::read(path)?))
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let slots = message.events.into_iter().find_map(|event| match event {
        SharedObjectEvent::Change(slots) => Some(slots),
        _ => None,
    });
    let mut owner = Owner::new(&*message.name, Persistence::Persistent);
    owner
        .restore(&Snapshot::new(message.version, slots.unwrap_or_default()))
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok((message.name, owner))
}

/// An object as it stands in its file.
fn file(owner: &Owner) -> SharedObjectMessage {
    let snapshot = owner.snapshot();
    let mut message = SharedObjectMessage::new(owner.name(), owner.persistence());
    message.version = snapshot.version;
    message
        .events
        .push(SharedObjectEvent::Change(snapshot.properties));
    message
}

/// Writes a file so that there is the old one or the new one at any time.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(new, path)
}

fn path(folder: &Path, key: &Key) -> PathBuf {
    let mut path = folder.join(file_name(&key.app));
    path.push(format!("{}.{EXTENSION}", file_name(&key.name)));
    path
}

fn has_file_name(key: &Key) -> bool {
    [&*key.app, &key.name]
        .map(file_name)
        .iter()
        .all(|name| (1..=MAX_FILE_NAME).contains(&name.len()))
}

/// Objects at one time; each holds some 350 KiB at most, beside what waits for its users.
const MAX_OBJECTS: usize = 256;
/// Objects that one connection may use.
const MAX_USED: usize = 8;
/// Bytes of a name without extension; file systems allow 255 with it.
const MAX_FILE_NAME: usize = 240;
const EXTENSION: &str = "shared";
/// How long to wait between two rounds of writing.
const SAVE_PAUSE: Duration = Duration::from_millis(100);
