//! Shared objects: what the server keeps and what each client sees of it.
//!
//! A shared object is a set of named slots that a server owns and its clients change. The two state
//! machines here exchange [`SharedObjectMessage`](crate::message::SharedObjectMessage)s and hold no
//! more than [`SharedObjectLimits`] allows; where a persistent object is stored is the driver's
//! business.
//!
//! | client asks | changer gets | the others get | version |
//! | --- | --- | --- | --- |
//! | `Use` | `UseSuccess`, and `Clear`, `Change` of all slots if its copy is old | | |
//! | `RequestChange` | `Success` | `Change` | + 1 |
//! | `RequestRemove` | `Remove` | `Remove` | + 1 |
//! | `SendMessage` | `SendMessage` | `SendMessage` | |
//! | `Release` | | | |
//!
//! The owner's order is everybody's order: of two concurrent changes of one slot the one that comes
//! second stays, on every client.
//!
//! ```
//! use weir_rtmp::message::{Persistence, Values};
//! use weir_rtmp::shared_object::{Owner, Replica, Update, UserId};
//!
//! let mut owner = Owner::new("board", Persistence::Transient);
//! let mut anna = Replica::new("board", Persistence::Transient);
//! let user = UserId::new(1);
//! anna.connect();
//! anna.set("title", Values::from_amf0(b"\x02\0\x02hi"[..].into()))?;
//!
//! while let Some(message) = anna.poll_message() {
//!     owner.handle(user, &message);
//! }
//! while let Some((to, message)) = owner.poll_message() {
//!     assert_eq!(to, user);
//!     anna.handle(&message);
//! }
//! assert_eq!(owner.get("title"), anna.get("title"));
//! # Ok::<(), weir_rtmp::shared_object::SharedObjectError>(())
//! ```

mod owner;
mod replica;
mod slots;

pub use owner::{Owner, UserId};
pub use replica::{Replica, Update};
pub use slots::{SharedObjectError, SharedObjectLimits, Snapshot};
