//! The live tail: which traces change, told to whoever watches, as they change.
//!
//! Every process hears what it writes itself. Over Redis it tells the others, by a stream that is cut
//! to a bound; without Redis it is the only one. What was heard lately stays in a [`Window`], by
//! position, and each tail reads on in it at its own pace: nothing is queued for a reader. One that
//! is too slow, or comes back too late, is told that it missed something.
//!
//! [`Window`]: window::Window

mod carrier;
mod hub;
mod position;
mod tail;
mod window;

pub use carrier::{carry, publish};
pub use hub::LiveTraces;
pub use position::Position;
pub use tail::{Seen, Tail};
