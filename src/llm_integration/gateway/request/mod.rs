//! A call as it came: what is read of its body, and how its bytes are changed where they must be.

mod asking;
mod edit;
mod fields;
mod read;
mod shape;

pub(super) use asking::Asking;
pub(super) use edit::{Edited, edited};
pub(super) use fields::Key;
pub(super) use read::{CallRequest, Kept};
