//! Looking for what must not pass in a text that comes piece by piece.
//!
//! A [`Scanner`] knows what it looks for, a [`Window`] holds back what could still be the beginning
//! of it. However a text is cut into pieces, what the window lets out is the same as for the whole.

mod alphabet;
mod fold;
mod pii;
mod scanner;
mod window;

pub use pii::PiiKind;
pub use scanner::Scanner;
pub use window::{HeldTooMuch, Window};
