//! `Prompts`: the use cases of prompts. Each asks the actor first, then makes one transaction that
//! holds the state and the event together.

mod catalog;
mod change;
mod labels;
mod lifespan;
mod prompts;
mod publish;
mod read;
mod resolution;
mod usage;

use change::{Change, require_unreferenced};
pub use prompts::Prompts;
use resolution::resolve_version;
