//! Children that can do nothing but read what they were given: no other file, no network, no program, bounded memory
//! and time.
//!
//! A child is this binary again (`app doc-sandbox`). It takes its rights away from itself before it looks at the file
//! ([`Confinement`]), then parses ([`Profile::Reader`]), or becomes a program of somebody else ([`Profile::Program`]).

mod child;
mod confinement;
mod probe;
mod program;
mod spawner;
mod syscalls;

pub use child::{Child, Process, Stdio};
pub use confinement::{Confinement, Enforced, Level, Profile};
pub use probe::{SandboxState, attempt_everything, probe};
pub use program::{ProgramOrder, become_program};
