//! `Documents`: the use cases of documents. Each asks the actor first, then makes one transaction that holds the
//! state and the event together.

mod add;
mod change;
mod documents;
mod files;
mod pictures;
mod read;
mod reading;
mod removal;
mod upload;
mod watch;

pub use add::{Added, Reading};
pub use documents::Documents;
pub(in crate::document) use documents::{Milestone, announce, existing, version_of};
pub use files::{FilePart, WantedPart};
pub use pictures::PagePicture;
pub(in crate::document) use pictures::folder as pictures_of;
pub use read::{DocumentDetails, VersionDetails};
pub use upload::ReceivedFile;
pub use watch::Watch;
